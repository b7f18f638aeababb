// Text of Windows, which is UTF-16, as the bytes that the rest speaks. Pure: bytes in, bytes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../bytes.h"

namespace procseek {

// Units of UTF-16, little endian, wherever they stand.
struct WideText {
  const char* bytes = nullptr;
  size_t count = 0;

  char16_t operator[](size_t index) const {
    char16_t unit;
    std::memcpy(&unit, bytes + 2 * index, sizeof unit);
    return unit;
  }
  WideText from(size_t index) const { return {bytes + 2 * index, count - index}; }
};

// Appends it as UTF-8; half of a surrogate pair, which file names may have, as U+FFFD.
[[nodiscard]] bool append_utf8(WideText text, Bytes& ret_bytes);

// What stands behind the last backslash.
WideText base_name(WideText path);

}  // namespace procseek
