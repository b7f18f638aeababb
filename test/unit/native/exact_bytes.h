// Bytes on the heap without a byte to spare, so that the address sanitizer sees who reads on.
#pragma once

#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>

// How doctest shows what it compares: with everything that is not printable escaped.
inline std::string shown(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char c : bytes) {
    if (c >= ' ' && c < 0x7f) {
      text += static_cast<char>(c);
    } else {
      text.append("\\x").append(1, kDigits[c >> 4]).append(1, kDigits[c & 15]);
    }
  }
  return text;
}

class ExactBytes {
 public:
  explicit ExactBytes(std::string_view bytes)
      : bytes_(new char[bytes.size()]), size_(bytes.size()) {
    if (size_ != 0) std::memcpy(bytes_.get(), bytes.data(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }
  bool encloses(std::string_view part) const {
    return part.empty() ||
           (part.data() >= bytes_.get() && part.data() + part.size() <= bytes_.get() + size_);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};
