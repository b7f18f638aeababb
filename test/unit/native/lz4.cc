#include "linux/lz4.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "exact_bytes.h"
#include "linux/bpf/processes.skel.h"
#include "linux/bpf/tasks.skel.h"
#include "random.h"

using namespace procseek;

namespace {

// Into memory of exactly that size. "refused" when that is the answer.
std::string unpack(std::string_view block, size_t size) {
  ExactBytes exact(block);
  std::unique_ptr<char[]> bytes(new char[size]);
  bool is_whole = unpack_lz4(exact.view().data(), block.size(), bytes.get(), size);
  return is_whole ? std::string(bytes.get(), size) : "refused";
}

std::string_view packed(const BpfSkeleton& skeleton) {
  return {skeleton.packed, skeleton.packed_size};
}

size_t size_of(const BpfSkeleton& skeleton) { return skeleton.data_size + skeleton.code_size; }

using namespace std::string_view_literals;

}  // namespace

TEST_CASE("lz4: literals, and matches behind them") {
  CHECK(unpack("\x50hello"sv, 5) == "hello");
  // "abc", 9 bytes from 3 back, and the last sequence.
  CHECK(unpack("\x35"
               "abc\x03\x00\x10x"sv,
               13) == "abcabcabcabcx");
  // A length of 15 goes on in the next byte, and behind 255 in one more.
  CHECK(unpack("\xf0\x02"
               "0123456789abcdefg"sv,
               17) == "0123456789abcdefg");
  CHECK(unpack("\x1f"
               "a\x01\x00\xff\x01\x00"sv,
               1 + 15 + 255 + 1 + 4) == std::string(276, 'a'));
  CHECK(unpack("\x00"sv, 0) == "");
}

TEST_CASE("lz4: what does not come out even is refused") {
  CHECK(unpack("\x50hello"sv, 4) == "refused");
  CHECK(unpack("\x50hello"sv, 6) == "refused");
  CHECK(unpack("\x50hell"sv, 5) == "refused");
  CHECK(unpack(""sv, 0) == "refused");
  CHECK(unpack("\xf0\xff"sv, 500) == "refused");
  // Matches before the first byte, or none back; half a distance.
  CHECK(unpack("\x10"
               "a\x02\x00\x00"sv,
               5) == "refused");
  CHECK(unpack("\x10"
               "a\x00\x00\x00"sv,
               5) == "refused");
  CHECK(unpack("\x10"
               "a\x01"sv,
               5) == "refused");
}

TEST_CASE("lz4: the programs for the kernel come out whole") {
  for (const BpfSkeleton& skeleton : {kProcessesSkeleton, kTasksSkeleton}) {
    std::string bytes = unpack(packed(skeleton), size_of(skeleton));
    REQUIRE(bytes.size() == size_of(skeleton));
    // Its types, by their magic number, and its licence.
    CHECK(bytes.find("\x9f\xeb\x01\x00"sv) != std::string::npos);
    CHECK(bytes.find("Dual"sv) != std::string::npos);
    CHECK(skeleton.code_size % 8 == 0);
  }
}

TEST_CASE("lz4: damaged blocks do no damage") {
  Random random(4711);
  std::string whole(packed(kTasksSkeleton));
  for (int i = 0; i < 2000; i++) {
    (void)unpack(random.mutated(whole), size_of(kTasksSkeleton));
    (void)unpack(random.bytes(60), random.below(200));
  }
  for (size_t length = 0; length < whole.size(); length++) {
    CHECK(unpack(whole.substr(0, length), size_of(kTasksSkeleton)) == "refused");
  }
}
