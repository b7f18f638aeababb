// Records packed for the way to JavaScript. Pure: no system calls.
//
// A row is a run of 8-byte lanes for doubles, then of 4-byte lanes: first the flags (bit n: field n
// is withheld; kMatched), then the integers. A text takes one lane: where it ends in the batch's
// run of text; it begins where the previous one ended. Lanes follow the order of fields.def.
#pragma once

#include <cstdint>

#include "bytes.h"
#include "process.h"
#include "status.h"

namespace procseek {

class Batch {
 public:
  // Set in a row's flags, above every field's bit: one of the query's own names matched; there was
  // more of `cmdline`, or of `environ`, than is told.
  static constexpr uint32_t kMatched = uint32_t{1} << 31;
  static constexpr uint32_t kCutCmdline = uint32_t{1} << 30;
  static constexpr uint32_t kCutEnviron = uint32_t{1} << 29;

  // `text_limit` is how many bytes of `cmdline` and of `environ` a row holds at most, each.
  explicit Batch(FieldMask fields, uint32_t text_limit = Record::kUsualTextLimit);

  FieldMask fields() const { return fields_; }

  // Grows by one row, whatever its size; all of `fields` must be present.
  Status append(const Record& record, bool matched);
  void clear();
  // Drops the rows, and frees their memory.
  void release();
  size_t memory() const { return lanes_.capacity() + text_.capacity(); }

  uint32_t rows() const { return rows_; }
  size_t bytes() const { return lanes_.size() + text_.size(); }

  bool is_ascii() const;
  const Bytes& lanes() const { return lanes_; }
  const Bytes& text() const { return text_; }

 private:
  Span told(const Record& record, Field field, Span list) const;
  uint32_t flags_of(const Record& record, bool matched) const;

  FieldMask fields_;
  uint32_t text_limit_;
  size_t double_lanes_ = 0;
  size_t row_size_ = 0;
  uint32_t rows_ = 0;
  Bytes lanes_;
  Bytes text_;
};

// Several batches in one run of bytes: an i32 head (1 if no more will come, number of batches); an
// i32 header per batch (query, rows, whether its text is ASCII, byte offsets of lanes and text,
// byte length of text); and the batches, on 8-byte boundaries. Empty batches are left out. All
// batches are measured before the first one is written.
class Packet {
 public:
  void measure(const Batch& batch);
  bool empty() const { return batches_ == 0; }
  size_t size() const { return head_size() + body_size_; }
  // Whether offsets of 32 bits can address every byte of the packet.
  bool fits() const { return size() <= INT32_MAX; }

  void begin(char* bytes, bool has_ended);
  void write(int32_t query, const Batch& batch);

 private:
  static constexpr size_t kHeadLanes = 2;
  static constexpr size_t kHeaderLanes = 6;
  size_t head_size() const;

  size_t batches_ = 0;
  size_t body_size_ = 0;
  char* bytes_ = nullptr;
  char* header_ = nullptr;
  size_t offset_ = 0;
};

}  // namespace procseek
