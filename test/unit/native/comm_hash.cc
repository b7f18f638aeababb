// By what comms are sorted, and what a set of names asks for.
#include "comm_hash.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "exact_bytes.h"
#include "name.h"
#include "random.h"

using namespace procseek;

namespace {

constexpr uint64_t kSeed = 0x0123456789abcdef;

std::set<uint32_t> hashes_of(const std::vector<std::string>& names, bool ignore_case) {
  NameSet set;
  std::string list;
  for (const std::string& name : names) list.append(name).push_back('\0');
  REQUIRE(set.assign(list, ignore_case) == kOk);
  Bytes bytes;
  REQUIRE(set.append_hashes(bytes, kSeed) == kOk);
  Values<uint32_t> hashes = values_of<uint32_t>(bytes);
  return {hashes.begin(), hashes.end()};
}

uint32_t hash_of(std::string_view comm) { return comm_hash(ExactBytes(comm).view(), kSeed); }

// As a program in the kernel has it: 16 bytes in two words, whatever the host's byte order.
uint32_t hash_of_buffer(std::string_view comm) {
  unsigned char buffer[16] = {};
  std::memcpy(buffer, comm.data(), comm.size());
  unsigned long long words[2] = {};
  for (size_t i = 0; i < 16; i++) {
    words[i / 8] |= static_cast<unsigned long long>(buffer[i]) << (i % 8 * 8);
  }
  return comm_hash_of(words[0], words[1], kSeed);
}

std::string with_random_case(Random& random, std::string text) {
  for (char& c : text) {
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_letter && random.below(2) == 0) c = static_cast<char>(c ^ 0x20);
  }
  return text;
}

// All that a kernel may hold as the comm of what is shown as `comm`.
std::vector<std::string> held_as(const std::string& comm) {
  std::vector<std::string> held = {comm.substr(0, kCommLength)};
  for (size_t i = 1; i < comm.size() && i < kCommLength; i++) {
    if (comm[i] == '-' || comm[i] == '+') held.push_back(comm.substr(0, i));
  }
  return held;
}

}  // namespace

// But for labels, which the programs there let pass by their first bytes.
TEST_CASE("a comm's hash is that of its bytes in the kernel") {
  Random random(1);
  for (int i = 0; i < 5000; i++) {
    std::string comm = random.bytes(kCommLength);
    if (is_label(comm)) continue;
    REQUIRE(hash_of(comm) == hash_of_buffer(comm));
  }
  CHECK(hash_of("") == hash_of_buffer(""));
  CHECK(hash_of(std::string(15, '\xff')) == hash_of_buffer(std::string(15, '\xff')));
}

TEST_CASE("of a long comm the first 15 bytes count") {
  CHECK(hash_of("0123456789abcdefgh") == hash_of("0123456789abcde"));
  CHECK(hash_of("0123456789abcde") != hash_of("0123456789abcd"));
}

TEST_CASE("comms that differ in case alone have one hash") {
  CHECK(hash_of("ABC") == hash_of("abc"));
  Random random(2);
  for (int i = 0; i < 2000; i++) {
    std::string comm = random.bytes_of("abcXYZ0-_\xc3\xa9", 20);
    REQUIRE(hash_of(comm) == hash_of(with_random_case(random, comm)));
  }
}

TEST_CASE("a thousand comms have as many hashes, in the lower bits and in the upper ones") {
  std::set<uint32_t> all;
  std::set<uint32_t> upper;
  for (int i = 0; i < 1000; i++) {
    uint32_t hash = hash_of("worker-" + std::to_string(i));
    all.insert(hash);
    upper.insert(hash >> 16);
  }
  CHECK(all.size() > 990);
  CHECK(upper.size() > 950);
}

TEST_CASE("comms that collide by one seed do not by another one") {
  // The hash was once linear, without a seed: these had the hash of `postgres`.
  const std::string known[] = {"f9lnu2zagmou", "postgres"};
  CHECK(comm_hash(known[0], 0) != comm_hash(known[1], 0));
  CHECK(comm_hash(known[0], kSeed) != comm_hash(known[1], kSeed));

  // Of many comms, those that share the upper bits with one of them by one seed.
  auto is_like = [](const std::string& comm, uint64_t seed) {
    return comm_hash(comm, seed) >> 20 == comm_hash("postgres", seed) >> 20;
  };
  std::vector<std::string> likes;
  for (int i = 0; likes.size() < 100; i++) {
    std::string comm = "w" + std::to_string(i);
    if (is_like(comm, kSeed)) likes.push_back(comm);
  }
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, kSeed + 1, kSeed ^ uint64_t{1} << 63, ~kSeed}) {
    CAPTURE(seed);
    auto still = std::count_if(likes.begin(), likes.end(),
                               [&](const std::string& comm) { return is_like(comm, seed); });
    CHECK(still <= 3);
  }
}

TEST_CASE("each bit of a comm and of the seed changes half of the bits of a hash") {
  Random random(9);
  constexpr uint64_t kCase = 0x2020202020202020;
  for (int word = 0; word < 3; word++) {
    for (int bit = 0; bit < 64; bit++) {
      uint64_t flip = uint64_t{1} << bit;
      if (word < 2 && (kCase & flip) != 0) continue;
      int changed = 0;
      for (int i = 0; i < 200; i++) {
        uint64_t words[] = {random.next(), random.next(), random.next()};
        uint32_t before = comm_hash_of(words[0], words[1], words[2]);
        words[word] ^= flip;
        uint32_t after = comm_hash_of(words[0], words[1], words[2]);
        changed += __builtin_popcount(before ^ after);
      }
      CAPTURE(word);
      CAPTURE(bit);
      CHECK(changed > 200 * 12);
      CHECK(changed < 200 * 20);
    }
  }
}

TEST_CASE("a name's own comm is among the hashes of a set") {
  Random random(3);
  for (int i = 0; i < 1000; i++) {
    std::vector<std::string> names;
    for (size_t count = 1 + random.below(5); count > 0; count--) {
      names.push_back("n" + random.bytes_of("aA-+x ", 20));
    }
    for (bool ignore_case : {false, true}) {
      std::set<uint32_t> hashes = hashes_of(names, ignore_case);
      for (const std::string& name : names) {
        REQUIRE(hashes.count(hash_of(name)) == 1);
      }
    }
  }
}

TEST_CASE("every comm that may have a name is found by a hash of the set") {
  Random random(4);
  int matches = 0;
  for (int i = 0; i < 3000; i++) {
    std::vector<std::string> names;
    for (size_t count = 1 + random.below(3); count > 0; count--) {
      names.push_back(random.bytes_of("aAbB1", 1) + "n" + random.bytes_of("aAb-+_", 30));
    }
    bool ignore_case = random.below(2) == 0;
    NameSet set;
    std::string list;
    for (const std::string& name : names) list.append(name).push_back('\0');
    REQUIRE(set.assign(list, ignore_case) == kOk);
    std::set<uint32_t> hashes = hashes_of(names, ignore_case);
    for (int each = 0; each < 20; each++) {
      std::string comm = random.one_of(names);
      if (random.below(3) == 0) comm.resize(random.below(comm.size() + 1));
      if (random.below(3) == 0) comm = with_random_case(random, comm);
      if (random.below(4) == 0) comm = random.mutated(comm);
      if (is_label(comm) || comm.empty() || !set.may_contain(comm)) continue;
      CAPTURE(shown(comm));
      matches++;
      for (const std::string& held : held_as(comm)) REQUIRE(hashes.count(hash_of(held)) == 1);
    }
  }
  CHECK(matches > 10000);
}

TEST_CASE("a name is asked for by itself and by what stands before its signs") {
  CHECK(hashes_of({"cat"}, false) == std::set<uint32_t>{hash_of("cat")});
  CHECK(hashes_of({"kworker/0:1-events"}, false) ==
        std::set<uint32_t>{hash_of("kworker/0:1"), hash_of("kworker/0:1-eve")});
  CHECK(hashes_of({"a+b-c"}, false) ==
        std::set<uint32_t>{hash_of("a"), hash_of("a+b"), hash_of("a+b-c")});
  // A sign behind the 15th byte makes no difference.
  CHECK(hashes_of({"0123456789abcde-f"}, false) == std::set<uint32_t>{hash_of("0123456789abcde")});
  CHECK(hashes_of({}, false).empty());
}

TEST_CASE("the hashes of labels are those of the labels") {
  Bytes bytes;
  REQUIRE(append_label_hashes(bytes, kSeed) == kOk);
  Values<uint32_t> hashes = values_of<uint32_t>(bytes);
  CHECK(std::set<uint32_t>(hashes.begin(), hashes.end()) ==
        std::set<uint32_t>{hash_of("MainThread"), hash_of("node-MainThread"), hash_of("memfd:x")});
}
