// The same random numbers each time, so that what they find is found again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  // xorshift64*
  uint64_t next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1d;
  }
  size_t below(size_t limit) { return limit == 0 ? 0 : (next() >> 32) % limit; }

  template <typename T>
  const T& one_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  std::string bytes_of(std::string_view alphabet, size_t longest) {
    std::string bytes(below(longest + 1), '\0');
    for (char& byte : bytes) byte = alphabet[below(alphabet.size())];
    return bytes;
  }

  std::string bytes(size_t longest) {
    std::string bytes(below(longest + 1), '\0');
    for (char& byte : bytes) byte = static_cast<char>(next() >> 40);
    return bytes;
  }

  // The same text with a few bytes changed, cut, repeated or put in.
  std::string mutated(std::string text) {
    for (size_t edits = 1 + below(4); edits > 0; edits--) {
      size_t at = below(text.size() + 1);
      size_t length = below(text.size() - at + 1);
      switch (below(5)) {
        case 0:
          text.resize(at);
          break;
        case 1:
          if (at < text.size()) text[at] = static_cast<char>(next() >> 40);
          break;
        case 2:
          text.insert(at, text.substr(at, length));
          break;
        case 3:
          text.insert(at, bytes_of("()\n\t :-09 Uaz/", 20));
          break;
        default:
          text.erase(at, length);
      }
    }
    return text;
  }

 private:
  uint64_t state_;
};
