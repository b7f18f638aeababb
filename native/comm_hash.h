/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What comms are sorted by, in the addon and in programs that run in the kernel. C, for both. */
#pragma once

/* Of a comm's 16 bytes, little endian, with NULs behind its end. Upper and lower case are alike, as
 * are some other bytes: whatever is found by its hash is to be compared. */
static inline __attribute__((always_inline)) unsigned int comm_hash_of(unsigned long long first,
                                                                       unsigned long long second) {
  const unsigned long long without_case = 0xdfdfdfdfdfdfdfdfull;
  unsigned long long mixed = (first & without_case) * 0x9e3779b97f4a7c15ull +
                             (second & without_case) * 0xd6e8feb86659fd93ull;
  return (unsigned int)(mixed >> 32);
}
