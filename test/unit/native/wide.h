// Text and structures of Windows, as tests build them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "windows/text.h"

inline std::string wide_bytes(const std::u16string& text) {
  return {reinterpret_cast<const char*>(text.data()), 2 * text.size()};
}

inline procseek::WideText wide(std::string_view bytes) { return {bytes.data(), bytes.size() / 2}; }

template <class Number>
void put(std::string& bytes, size_t offset, Number number) {
  if (bytes.size() < offset + sizeof number) bytes.resize(offset + sizeof number);
  std::memcpy(bytes.data() + offset, &number, sizeof number);
}
