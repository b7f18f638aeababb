// The offset of a time namespace's clock.
#include "linux/time_namespace.h"

#include <doctest/doctest.h>

#include <string_view>

using namespace procseek;

namespace {

int64_t offset(std::string_view text) {
  int64_t milliseconds = 4711;
  CHECK(parse_monotonic_offset(text, milliseconds));
  return milliseconds;
}

}  // namespace

TEST_CASE("the offset of the monotonic clock is read of its line") {
  CHECK(offset("monotonic           0         0\nboottime            0         0\n") == 0);
  CHECK(offset("monotonic      100000         0\nboottime            7         0\n") == 100000000);
  CHECK(offset("monotonic        -200         0\n") == -200000);
  CHECK(offset("monotonic          -3 250000000\n") == -2750);
  CHECK(offset("boottime  5 0\nmonotonic 1 999999999\n") == 1999);
}

TEST_CASE("what tells no offset is none") {
  int64_t milliseconds = 0;
  for (std::string_view text : {"", "monotonic", "monotonic 1", "monotonic x 0", "boottime 1 0\n",
                                "monotonic - 0", "monotonic\n"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_monotonic_offset(text, milliseconds));
  }
}

TEST_CASE("an offset of hostile length does not overflow") {
  int64_t milliseconds = 0;
  CHECK_FALSE(parse_monotonic_offset(
      "monotonic 99999999999999999999999999999999 99999999999999999999\n", milliseconds));
}
