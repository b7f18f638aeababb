#include "process_parameters.h"

#include <cstring>

namespace procseek {

namespace {

struct Offsets {
  size_t parameters;  // in the block
  size_t cwd;
  size_t command_line;
  size_t environment;
  size_t environment_size;
};
constexpr Offsets kOffsets32 = {0x10, 0x24, 0x40, 0x48, 0x290};
constexpr Offsets kOffsets64 = {0x20, 0x38, 0x70, 0x80, 0x3f0};

const Offsets& offsets_of(Bitness bitness) {
  return bitness == Bitness::bits32 ? kOffsets32 : kOffsets64;
}

// 0 where there is nothing.
template <class Number>
Number number_at(std::string_view bytes, size_t offset) {
  Number number = 0;
  if (offset + sizeof number <= bytes.size())
    std::memcpy(&number, bytes.data() + offset, sizeof number);
  return number;
}

uint64_t pointer_at(Bitness bitness, std::string_view bytes, size_t offset) {
  return bitness == Bitness::bits32 ? number_at<uint32_t>(bytes, offset)
                                    : number_at<uint64_t>(bytes, offset);
}

// A UNICODE_STRING: its size, its capacity and, aligned, its address.
MemoryRange string_at(Bitness bitness, std::string_view bytes, size_t offset) {
  size_t address = offset + (bitness == Bitness::bits32 ? 4 : 8);
  return {pointer_at(bitness, bytes, address), number_at<uint16_t>(bytes, offset)};
}

}  // namespace

uint64_t parameters_address(Bitness bitness, std::string_view block) {
  return pointer_at(bitness, block, offsets_of(bitness).parameters);
}

ProcessParameters parse_parameters(Bitness bitness, std::string_view parameters) {
  const Offsets& offsets = offsets_of(bitness);
  ProcessParameters parsed;
  parsed.cwd = string_at(bitness, parameters, offsets.cwd);
  parsed.command_line = string_at(bitness, parameters, offsets.command_line);
  parsed.environment = {pointer_at(bitness, parameters, offsets.environment),
                        pointer_at(bitness, parameters, offsets.environment_size)};
  return parsed;
}

}  // namespace procseek
