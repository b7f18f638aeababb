#include "lz4.h"

#include <cstdint>
#include <cstring>

namespace procseek {

namespace {

// A position in a block.
struct Reader {
  const uint8_t* at;
  const uint8_t* end;

  bool byte(size_t& ret_byte) {
    if (at == end) return false;
    ret_byte = *at++;
    return true;
  }
  // Continues the four bits of a token: by bytes, of which the last one is not 255.
  bool length(size_t& length) {
    if (length != 15) return true;
    size_t more;
    do {
      if (!byte(more)) return false;
      length += more;
    } while (more == 255);
    return true;
  }
};

constexpr size_t kShortestMatch = 4;

}  // namespace

bool unpack_lz4(const char* block, size_t block_size, char* ret_bytes, size_t size) {
  auto* first = reinterpret_cast<const uint8_t*>(block);
  Reader reader{first, first + block_size};
  size_t done = 0;
  size_t token;
  while (reader.byte(token)) {
    size_t literals = token >> 4;
    if (!reader.length(literals)) return false;
    if (literals > size - done || literals > static_cast<size_t>(reader.end - reader.at)) {
      return false;
    }
    std::memcpy(ret_bytes + done, reader.at, literals);
    reader.at += literals;
    done += literals;
    if (reader.at == reader.end) return done == size;  // the last sequence has no match
    size_t low;
    size_t high;
    if (!reader.byte(low) || !reader.byte(high)) return false;
    size_t distance = low | high << 8;
    size_t match = token & 15;
    if (!reader.length(match)) return false;
    match += kShortestMatch;
    if (distance == 0 || distance > done || match > size - done) return false;
    // Byte by byte: what is copied may reach into what it is copied to.
    for (; match != 0; match--, done++) ret_bytes[done] = ret_bytes[done - distance];
  }
  return false;
}

}  // namespace procseek
