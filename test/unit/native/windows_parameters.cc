// What a process of Windows keeps of what it was started with.
#include "windows/process_parameters.h"

#include <doctest/doctest.h>

#include <string>

#include "exact_bytes.h"
#include "random.h"
#include "wide.h"

using namespace procseek;

namespace {

void check(const MemoryRange& range, uint64_t address, uint64_t size) {
  CHECK(range.address == address);
  CHECK(range.size == size);
}

}  // namespace

TEST_CASE("parameters of a 64-bit program are found") {
  std::string block(kBlockSize, '\0');
  put<uint64_t>(block, 0x20, 0x1d0f2a61be0);
  CHECK(parameters_address(Bitness::bits64, ExactBytes(block).view()) == 0x1d0f2a61be0);

  std::string bytes(kParametersSize, '\xee');
  put<uint16_t>(bytes, 0x38, 26);
  put<uint16_t>(bytes, 0x3a, 520);
  put<uint64_t>(bytes, 0x40, 0x1d0f2a62000);
  put<uint16_t>(bytes, 0x70, 82);
  put<uint64_t>(bytes, 0x78, 0x1d0f2a62400);
  put<uint64_t>(bytes, 0x80, 0x1d0f2a60fe0);
  put<uint64_t>(bytes, 0x3f0, 0x1234);
  ProcessParameters parsed = parse_parameters(Bitness::bits64, ExactBytes(bytes).view());
  check(parsed.cwd, 0x1d0f2a62000, 26);
  check(parsed.command_line, 0x1d0f2a62400, 82);
  check(parsed.environment, 0x1d0f2a60fe0, 0x1234);
}

TEST_CASE("parameters of a 32-bit program are found") {
  std::string block(kBlockSize, '\0');
  put<uint32_t>(block, 0x10, 0x00d31a08);
  CHECK(parameters_address(Bitness::bits32, ExactBytes(block).view()) == 0x00d31a08);

  std::string bytes(kParametersSize, '\xee');
  put<uint16_t>(bytes, 0x24, 6);
  put<uint32_t>(bytes, 0x28, 0x00d32000);
  put<uint16_t>(bytes, 0x40, 12);
  put<uint32_t>(bytes, 0x44, 0xfffe0000);
  put<uint32_t>(bytes, 0x48, 0x00d30f00);
  put<uint32_t>(bytes, 0x290, 0x800);
  ProcessParameters parsed = parse_parameters(Bitness::bits32, ExactBytes(bytes).view());
  check(parsed.cwd, 0x00d32000, 6);
  check(parsed.command_line, 0xfffe0000, 12);
  check(parsed.environment, 0x00d30f00, 0x800);
}

TEST_CASE("parameters that break off tell what there is of them") {
  std::string bytes(kParametersSize, '\x11');
  for (size_t length = 0; length <= bytes.size(); length++) {
    ExactBytes part(std::string_view(bytes).substr(0, length));
    for (Bitness bitness : {Bitness::bits32, Bitness::bits64}) {
      (void)parameters_address(bitness, part.view());
      ProcessParameters parsed = parse_parameters(bitness, part.view());
      CHECK((parsed.environment.size == 0) ==
            (length < (bitness == Bitness::bits32 ? 0x294 : 0x3f8)));
    }
  }
}
