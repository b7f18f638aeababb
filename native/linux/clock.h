// The clocks of the kernel; clock_gettime(2).
#pragma once

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace procseek {

// In nanoseconds.
inline int64_t read_clock(clockid_t clock) {
  constexpr int64_t kNsPerSecond = 1000000000;
#ifdef SYS_clock_gettime64
  // On 32-bit hosts, of which the libc's own call may count seconds up to 2038; Linux 5.1.
  struct {
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
  } exact;
  if (::syscall(SYS_clock_gettime64, clock, &exact) == 0) {
    return exact.seconds * kNsPerSecond + exact.nanoseconds;
  }
#endif
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * kNsPerSecond + time.tv_nsec;
}

}  // namespace procseek
