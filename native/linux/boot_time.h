// When the host started, as the wall clock stands now: what the starts of processes, which /proc
// tells in ticks since then, are told by.
#pragma once

#include <cstdint>

namespace procseek {

// One answer for one setting of the clocks, to whichever process asks, and however often: it is
// made of readings that have no error where the kernel allows for that. Never later than the truth,
// so that no process starts in the future.
class BootTime {
 public:
  // Milliseconds since 1970.
  double get();

 private:
  struct Reading {
    int64_t wall_ahead = 0;  // of CLOCK_REALTIME to CLOCK_MONOTONIC, in nanoseconds
    bool is_exact = false;
  };
  static Reading read_clocks();
  static int64_t time_asleep();

  // Of the last answer, which holds as long as the first one is what it was.
  int64_t wall_ahead_ = 0;
  int64_t boot_ = 0;
  bool is_known_ = false;
};

}  // namespace procseek
