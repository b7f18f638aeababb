#include "text.h"

namespace procseek {

namespace {

bool is_high(char16_t unit) { return (unit & 0xfc00) == 0xd800; }
bool is_low(char16_t unit) { return (unit & 0xfc00) == 0xdc00; }

// How many bytes it took; there is room for four.
size_t encode(uint32_t code, char* ret_bytes) {
  auto tail = [](uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
  if (code < 0x80) {
    ret_bytes[0] = static_cast<char>(code);
    return 1;
  }
  if (code < 0x800) {
    ret_bytes[0] = static_cast<char>(0xc0 | code >> 6);
    ret_bytes[1] = tail(code);
    return 2;
  }
  if (code < 0x10000) {
    ret_bytes[0] = static_cast<char>(0xe0 | code >> 12);
    ret_bytes[1] = tail(code >> 6);
    ret_bytes[2] = tail(code);
    return 3;
  }
  ret_bytes[0] = static_cast<char>(0xf0 | code >> 18);
  ret_bytes[1] = tail(code >> 12);
  ret_bytes[2] = tail(code >> 6);
  ret_bytes[3] = tail(code);
  return 4;
}

}  // namespace

bool append_utf8(WideText text, Bytes& ret_bytes) {
  // A unit never takes more than three bytes, nor a pair more than four.
  if (!ret_bytes.reserve(3 * text.count)) return false;
  for (size_t i = 0; i < text.count; i++) {
    uint32_t code = text[i];
    if (is_high(text[i]) && i + 1 < text.count && is_low(text[i + 1])) {
      code = 0x10000 + ((code & 0x3ff) << 10) + (text[i + 1] & 0x3ff);
      i++;
    } else if (is_high(text[i]) || is_low(text[i])) {
      code = 0xfffd;
    }
    ret_bytes.commit(encode(code, ret_bytes.data() + ret_bytes.size()));
  }
  return true;
}

WideText base_name(WideText path) {
  size_t from = path.count;
  while (from > 0 && path[from - 1] != u'\\') from--;
  return path.from(from);
}

}  // namespace procseek
