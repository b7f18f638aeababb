#include "clock.h"

#include "../platform.h"

namespace procseek {

namespace {

double milliseconds(clockid_t clock) { return static_cast<double>(read_clock(clock)) / 1e6; }

}  // namespace

void pause_thread(int64_t milliseconds) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(milliseconds / 1000);
  time.tv_nsec = static_cast<long>(milliseconds % 1000 * 1000000);
  (void)nanosleep(&time, nullptr);
}

int64_t steady_clock() { return static_cast<int64_t>(milliseconds(CLOCK_MONOTONIC)); }

double wall_clock() { return milliseconds(CLOCK_REALTIME); }

double thread_cpu_time() { return milliseconds(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace procseek
