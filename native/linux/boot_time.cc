#include "boot_time.h"

#include <algorithm>

#include "clock.h"

namespace procseek {

namespace {

constexpr int64_t kNsPerMs = 1000000;
constexpr int kAttempts = 8;

// Towards negative infinity, as all that is told is to be early rather than late.
int64_t floor_to_ms(int64_t ns) {
  int64_t ms = ns / kNsPerMs;
  return (ms * kNsPerMs > ns ? ms - 1 : ms) * kNsPerMs;
}

// By how much the first clock is ahead of the second one, which is read before and after it: at
// least by the one result, at most by the other one.
void compare(clockid_t clock, clockid_t other, int64_t& ret_least, int64_t& ret_most) {
  ret_least = INT64_MIN;
  ret_most = INT64_MAX;
  int64_t best = INT64_MAX;
  constexpr int64_t kSmall = kNsPerMs / 20;
  // The smallest of a few gaps: between two readings, others may have had their turn.
  for (int i = 0; i < 3 || (i < kAttempts && best > kSmall); i++) {
    int64_t before = read_clock(other);
    int64_t read = read_clock(clock);
    int64_t after = read_clock(other);
    if (after < before || after - before >= best) continue;
    best = after - before;
    ret_least = read - after;
    ret_most = read - before;
  }
}

}  // namespace

// The coarse clocks show what the finer ones did at the last tick of the kernel's. At one and the
// same tick, they differ by exactly what the kernel adds to the one to get the other.
BootTime::Reading BootTime::read_clocks() {
  Reading reading;
  for (int i = 0; i < kAttempts; i++) {
    int64_t before = read_clock(CLOCK_MONOTONIC_COARSE);
    int64_t wall = read_clock(CLOCK_REALTIME_COARSE);
    reading.is_exact = before == read_clock(CLOCK_MONOTONIC_COARSE);
    reading.wall_ahead = wall - before;
    if (reading.is_exact) return reading;
  }
  // They are not coarse here.
  int64_t most;
  compare(CLOCK_REALTIME, CLOCK_MONOTONIC, reading.wall_ahead, most);
  return reading;
}

// How long the host has been suspended, which is by how much CLOCK_BOOTTIME is ahead of
// CLOCK_MONOTONIC, in whole milliseconds and rounded up. It has no coarse form, and so the
// difference is known up to the time that a reading takes. None, as on most hosts, comes out as 0.
int64_t BootTime::time_asleep() {
  int64_t least;
  int64_t most;
  compare(CLOCK_BOOTTIME, CLOCK_MONOTONIC, least, most);
  return floor_to_ms(least + kNsPerMs - 1);
}

double BootTime::get() {
  Reading reading = read_clocks();
  // Of an inexact one, the difference may be the error's.
  constexpr int64_t kError = kNsPerMs / 10;
  int64_t change = reading.wall_ahead - wall_ahead_;
  bool is_as_before = reading.is_exact ? change == 0 : std::max(change, -change) < kError;
  if (!is_known_ || !is_as_before) {
    wall_ahead_ = reading.wall_ahead;
    boot_ = floor_to_ms(wall_ahead_ - time_asleep());
    is_known_ = true;
  }
  return static_cast<double>(boot_ / kNsPerMs);
}

}  // namespace procseek
