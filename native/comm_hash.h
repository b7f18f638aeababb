/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What comms are sorted by, in the addon and in programs that run in the kernel. C, for both. */
#pragma once

/* Upper to lower case in each of eight bytes, of ASCII alone. */
static inline __attribute__((always_inline)) unsigned long long comm_fold(unsigned long long word) {
  const unsigned long long ones = 0x0101010101010101ull;
  unsigned long long low_bits = word & (0x7f * ones);
  unsigned long long reaches_a = low_bits + (0x80 - 'A') * ones;
  unsigned long long exceeds_z = low_bits + (0x7f - 'Z') * ones;
  unsigned long long is_upper = reaches_a & ~exceeds_z & ~word & (0x80 * ones);
  return word | (is_upper >> 2);
}

/* Of a comm's 16 bytes, little endian, with NULs behind its end. Upper and lower case are alike:
 * whatever is found by its hash is to be compared. */
static inline __attribute__((always_inline)) unsigned int comm_hash_of(unsigned long long first,
                                                                       unsigned long long second) {
  unsigned long long mixed = comm_fold(first) * 0x9e3779b97f4a7c15ull;
  mixed ^= mixed >> 32;
  mixed = (mixed + comm_fold(second)) * 0xd6e8feb86659fd93ull;
  mixed ^= mixed >> 32;
  return (unsigned int)(mixed * 0xd6e8feb86659fd93ull >> 32);
}
