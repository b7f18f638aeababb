// Where a process keeps what it was started with: the process environment block, and the parameters
// it leads to. Pure: the offsets of RTL_USER_PROCESS_PARAMETERS, which are those of all versions of
// Windows that Node.js runs on.
#pragma once

#include <cstdint>
#include <string_view>

namespace procseek {

// Bytes in the memory of the process.
struct MemoryRange {
  uint64_t address = 0;
  uint64_t size = 0;
};

// Of which programs: WOW64 keeps blocks of 32 bits.
enum class Bitness : uint8_t { bits32, bits64 };

// How much of the block, and of the parameters, the next ones look at.
constexpr size_t kBlockSize = 0x28;
constexpr size_t kParametersSize = 0x3f8;

// Where the parameters are; 0 when there are none.
uint64_t parameters_address(Bitness bitness, std::string_view block);

struct ProcessParameters {
  MemoryRange cwd;
  MemoryRange command_line;
  MemoryRange environment;
};

ProcessParameters parse_parameters(Bitness bitness, std::string_view parameters);

}  // namespace procseek
