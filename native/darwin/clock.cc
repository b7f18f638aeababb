#include <sys/sysctl.h>
#include <time.h>

#include "../platform.h"

namespace procseek {

namespace {

double milliseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

}  // namespace

void pause_thread(int64_t milliseconds) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(milliseconds / 1000);
  time.tv_nsec = static_cast<long>(milliseconds % 1000 * 1000000);
  (void)nanosleep(&time, nullptr);
}

// Not CLOCK_MONOTONIC, which follows the wall clock's adjustments.
int64_t steady_clock() { return static_cast<int64_t>(milliseconds(CLOCK_MONOTONIC_RAW)); }

double wall_clock() { return milliseconds(CLOCK_REALTIME); }

double thread_cpu_time() { return milliseconds(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace procseek
