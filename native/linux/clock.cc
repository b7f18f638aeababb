#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../platform.h"

namespace procseek {

namespace {

double milliseconds(int64_t seconds, int64_t nanoseconds) {
  return static_cast<double>(seconds) * 1e3 + static_cast<double>(nanoseconds) / 1e6;
}

double milliseconds(clockid_t clock) {
#ifdef SYS_clock_gettime64
  // On 32-bit hosts, of which the libc's own call may count seconds up to 2038; Linux 5.1.
  struct {
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
  } exact;
  if (::syscall(SYS_clock_gettime64, clock, &exact) == 0) {
    return milliseconds(exact.seconds, exact.nanoseconds);
  }
#endif
  timespec time{};
  clock_gettime(clock, &time);
  return milliseconds(time.tv_sec, time.tv_nsec);
}

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
