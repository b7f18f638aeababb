/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* What comms are sorted by, in the addon and in programs that run in the kernel. C, for both. */
#pragma once

/* Mixes 64 bits so that each of them changes each other one in half of all cases: the finalizer of
 * SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators"). */
static inline __attribute__((always_inline)) unsigned long long mix_bits(unsigned long long bits) {
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ull;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebull;
  return bits ^ bits >> 31;
}

/* Of a comm's 16 bytes, little endian, with NULs behind its end. Upper and lower case are alike, as
 * are some other bytes: whatever is found by its hash is to be compared. Every
 * user chooses the comms of their processes, and without knowing the seed cannot choose them so
 * that their hashes collide. */
static inline __attribute__((always_inline)) unsigned int comm_hash_of(unsigned long long first,
                                                                       unsigned long long second,
                                                                       unsigned long long seed) {
  const unsigned long long without_case = 0xdfdfdfdfdfdfdfdfull;
  unsigned long long mixed = mix_bits((first & without_case) ^ seed);
  return (unsigned int)(mix_bits(mixed ^ (second & without_case)) >> 32);
}
