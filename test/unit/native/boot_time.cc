// When the host started.
#include "linux/boot_time.h"

#include <doctest/doctest.h>
#include <time.h>

using namespace procseek;

namespace {

double read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

}  // namespace

TEST_CASE("whoever asks is told the same time of the host's start, to the millisecond") {
  BootTime first;
  double told = first.get();
  for (int i = 0; i < 20000; i++) {
    BootTime other;
    REQUIRE(other.get() == told);
    REQUIRE(first.get() == told);
  }
}

TEST_CASE("the host has not started later than the clocks say, nor much earlier") {
  for (int i = 0; i < 1000; i++) {
    // Read in this order, the difference is too large, if anything.
    double running = read_clock(CLOCK_BOOTTIME);
    double now = read_clock(CLOCK_REALTIME);
    REQUIRE(BootTime().get() <= now - running);
  }
  double now = read_clock(CLOCK_REALTIME);
  double running = read_clock(CLOCK_BOOTTIME);
  CHECK(BootTime().get() > now - running - 3);
}
