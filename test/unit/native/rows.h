// Reads packed rows as batch.h describes them, independently of the code that writes them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "batch.h"

struct Row {
  uint32_t flags = 0;
  std::vector<double> doubles;
  std::vector<int32_t> ints;  // behind the flags; the ends of texts among them
};

// Rows of `doubles` 8-byte lanes and `ints` 4-byte lanes, without the flags.
inline std::vector<Row> rows_of(std::string_view lanes, uint32_t count, size_t doubles,
                                size_t ints) {
  size_t stride = (doubles * 8 + (1 + ints) * 4 + 7) / 8 * 8;
  std::vector<Row> rows(count);
  for (uint32_t i = 0; i < count; i++) {
    const char* row = lanes.data() + i * stride;
    rows[i].doubles.resize(doubles);
    rows[i].ints.resize(ints);
    if (doubles != 0) std::memcpy(rows[i].doubles.data(), row, doubles * 8);
    std::memcpy(&rows[i].flags, row + doubles * 8, 4);
    if (ints != 0) std::memcpy(rows[i].ints.data(), row + doubles * 8 + 4, ints * 4);
  }
  return rows;
}

inline std::string_view all_of(const procseek::Bytes& bytes) {
  return {bytes.data(), bytes.size()};
}

inline std::vector<Row> rows_of(const procseek::Batch& batch, size_t doubles, size_t ints) {
  return rows_of(all_of(batch.lanes()), batch.rows(), doubles, ints);
}
