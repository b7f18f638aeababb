// A number that nobody can guess, for hashes of what others choose; getrandom(2).
#pragma once

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "../comm_hash.h"

namespace procseek {

inline uint64_t random_seed() {
  uint64_t seed = 0;
#ifdef SYS_getrandom
  constexpr unsigned kNonBlocking = 1;  // GRND_NONBLOCK
  if (::syscall(SYS_getrandom, &seed, sizeof seed, kNonBlocking) == sizeof seed) return seed;
#endif
  // Before Linux 3.17, and while the host starts: where the stack is, and when this is.
  timespec now = {};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  seed = static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
  return mix_bits(mix_bits(reinterpret_cast<uintptr_t>(&now)) ^ seed);
}

}  // namespace procseek
