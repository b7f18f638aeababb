#include "known_processes.h"

#include <doctest/doctest.h>

#include <climits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "comm_hash.h"
#include "exact_bytes.h"
#include "random.h"

using namespace procseek;

namespace {

struct Known {
  uint32_t stamp = 0;
  std::string comm;
  uint8_t flags = 0;

  bool operator==(const Known& other) const {
    return std::tie(stamp, comm, flags) == std::tie(other.stamp, other.comm, other.flags);
  }
};

// Of all tables here.
constexpr uint64_t kSeed = 0x5eed5eed12345678;

using Model = std::map<int32_t, Known>;

std::ostream& operator<<(std::ostream& stream, const Model& model) {
  for (auto& [pid, known] : model) {
    stream << pid << " " << known.stamp << " " << shown(known.comm) << " " << int{known.flags}
           << "\n";
  }
  return stream;
}

// What is kept of a comm: a NUL ends it, as it does the kernel's.
std::string kept_of(std::string_view comm) {
  return std::string(comm.substr(0, std::min(comm.find('\0'), kCommLength)));
}

Known known_of(const KnownProcess& process) {
  return {process.stamp, std::string(process.comm()), process.flags};
}

Model all_of(const KnownProcesses& known) {
  Model all;
  known.for_each([&](const KnownProcess& process) {
    REQUIRE(all.emplace(process.pid, known_of(process)).second);  // visited once
  });
  return all;
}

// All of the model that have this hash are visited, and whoever is visited is in the model.
void compare_likes(KnownProcesses& known, const Model& model, uint32_t hash) {
  Model visited;
  known.for_each_like(hash, [&](const KnownProcess& process) {
    REQUIRE(visited.emplace(process.pid, known_of(process)).second);
  });
  for (auto& [pid, process] : visited) REQUIRE(model.at(pid) == process);
  for (auto& [pid, process] : model) {
    if (comm_hash(process.comm, kSeed) == hash) REQUIRE(visited.count(pid) == 1);
  }
}

struct Step {
  KnownProcesses& known;
  Model& model;

  void insert(int32_t pid, uint32_t stamp, const std::string& comm, uint8_t flags) {
    ExactBytes bytes(comm);
    REQUIRE(known.insert(pid, stamp, bytes.view(), flags));
    model[pid] = {stamp, kept_of(comm), flags};
  }
  void erase(int32_t pid) {
    known.erase(pid);
    model.erase(pid);
  }
  template <class Keep>
  void retain(Keep keep) {
    known.retain([&](const KnownProcess& process) { return keep(process.pid); });
    for (auto at = model.begin(); at != model.end();) {
      at = keep(at->first) ? std::next(at) : model.erase(at);
    }
  }
  void compare(int32_t pid) {
    const KnownProcess* found = known.find(pid);
    auto expected = model.find(pid);
    REQUIRE((found != nullptr) == (expected != model.end()));
    if (found == nullptr) return;
    REQUIRE(found->pid == pid);
    REQUIRE(known_of(*found) == expected->second);
  }
};

// In a table of any size and this seed these want its last places, and so go round to its first
// ones.
std::vector<int32_t> clashing(size_t count) {
  std::vector<int32_t> pids;
  for (int32_t pid = 1; pids.size() < count; pid++) {
    uint64_t mixed = mix_bits(static_cast<uint32_t>(pid) ^ kSeed) >> 32;
    if (mixed >= 0xfff00000u) pids.push_back(pid);
  }
  return pids;
}

std::string random_comm(Random& random, int kind) {
  switch (kind == 3 ? random.below(3) : static_cast<size_t>(kind)) {
    case 0:
      return random.bytes_of("ab", 2);  // many of one comm, and the empty one
    case 1:
      return std::to_string(random.below(100000));
    default: {
      std::string bytes = random.bytes(20);
      if (random.below(2) == 0) bytes.resize(kCommLength, '\xff');
      return bytes;
    }
  }
}

// Beyond what any number of processes needs.
constexpr size_t kConstant = 1024;

}  // namespace

TEST_CASE("known processes agree with an ordinary map whatever happens to them") {
  Random random(1);
  const std::vector<int32_t> clashes = clashing(40);
  for (int kind = 0; kind < 4; kind++) {
    CAPTURE(kind);
    KnownProcesses known(kSeed);
    Model model;
    Step step{known, model};
    for (int i = 1; i <= 12000; i++) {
      int32_t pid = kind == 0   ? static_cast<int32_t>(random.below(30)) + 1
                    : kind == 1 ? static_cast<int32_t>(random.below(3000)) + 1
                    : kind == 2 ? random.one_of(clashes)
                                : static_cast<int32_t>(random.next() >> 33 | 1);
      if (random.below(50) == 0) pid = random.below(2) == 0 ? 1 : INT32_MAX;
      if (kind == 3 && random.below(2) == 0 && !model.empty()) {
        auto known_one = model.lower_bound(pid);
        if (known_one != model.end()) pid = known_one->first;
      }
      // Grows and shrinks by turns.
      if (random.below(10) < (i / 2000 % 2 == 0 ? 7u : 3u)) {
        step.insert(pid, static_cast<uint32_t>(i), random_comm(random, kind),
                    static_cast<uint8_t>(random.below(8)));
      } else {
        step.erase(pid);
      }
      step.compare(pid);
      step.compare(pid ^ 1);
      REQUIRE(known.size() == model.size());
      if (i % 100 == 0) compare_likes(known, model, comm_hash(random_comm(random, kind), kSeed));
      if (i % 100 == 50 && !model.empty()) {
        auto one = model.lower_bound(pid);
        if (one == model.end()) one = model.begin();
        compare_likes(known, model, comm_hash(one->second.comm, kSeed));
      }
      if (i % 1500 == 0) {
        auto of_three = static_cast<int32_t>(random.below(3));
        step.retain([&](int32_t each) { return each % 3 != of_three; });
        REQUIRE(all_of(known) == model);
      }
      if (i == 9000) {
        known.clear();
        model.clear();
      }
    }
    CHECK(all_of(known) == model);
    for (auto& [pid, process] : model) {
      step.compare(pid);
      compare_likes(known, model, comm_hash(process.comm, kSeed));
    }
  }
}

TEST_CASE("among no known processes nothing is found nor erased") {
  KnownProcesses known(kSeed);
  CHECK(known.size() == 0);
  CHECK(known.memory() == 0);
  for (int32_t pid : {INT32_MIN, -1, 0, 1, INT32_MAX}) {
    CHECK(known.find(pid) == nullptr);
    known.erase(pid);
  }
  known.retain([](const KnownProcess&) { return true; });
  compare_likes(known, {}, comm_hash("x", kSeed));
  CHECK(all_of(known).empty());
}

TEST_CASE("a PID that no process can have is never known") {
  KnownProcesses known(kSeed);
  REQUIRE(known.insert(7, 1, "x", 0));
  known.erase(7);
  REQUIRE(known.insert(8, 1, "x", 0));
  for (int32_t pid : {INT32_MIN, -1, 0}) CHECK(known.find(pid) == nullptr);
}

TEST_CASE("a process that is known again by the same comm has the new flags and stamp") {
  KnownProcesses known(kSeed);
  for (int32_t pid : {1, 2, 3}) REQUIRE(known.insert(pid, 1, "x", KnownProcess::kSilent));
  REQUIRE(known.insert(2, 9, "x", KnownProcess::kEnded));
  CHECK(all_of(known) == Model{{1, {1, "x", KnownProcess::kSilent}},
                               {2, {9, "x", KnownProcess::kEnded}},
                               {3, {1, "x", KnownProcess::kSilent}}});
  compare_likes(known, all_of(known), comm_hash("x", kSeed));
}

TEST_CASE("a mark of a known process stays when others come and go") {
  KnownProcesses known(kSeed);
  REQUIRE(known.insert(1, 1, "x", 0));
  known.find(1)->flags |= KnownProcess::kSeen;
  for (int32_t pid = 2; pid <= 5000; pid++) REQUIRE(known.insert(pid, 1, "x", 0));
  CHECK(known.find(1)->flags == KnownProcess::kSeen);
  for (int32_t pid = 2; pid <= 5000; pid++) known.erase(pid);
  CHECK(known.find(1)->flags == KnownProcess::kSeen);
}

TEST_CASE("a renamed process is found by its new comm alone") {
  KnownProcesses known(kSeed);
  REQUIRE(known.insert(1, 1, "before", 0));
  REQUIRE(known.insert(1, 1, "after", 0));
  auto pids_like = [&known](std::string_view comm) {
    std::vector<int32_t> pids;
    known.for_each_like(comm_hash(comm, kSeed), [&](const KnownProcess& process) {
      if (process.comm() == comm) pids.push_back(process.pid);
    });
    return pids;
  };
  CHECK(pids_like("before").empty());
  CHECK(pids_like("after") == std::vector<int32_t>{1});
}

TEST_CASE("a known process takes at most 40 bytes however many there are") {
  KnownProcesses known(kSeed);
  for (int32_t pid = 1; pid <= 50000; pid++) {
    REQUIRE(known.insert(pid, 1, std::to_string(pid), 0));
    size_t most = 40 * known.size() + (pid < 100 ? kConstant : 0);
    REQUIRE(known.memory() <= most);
  }
  // One by one, to a tenth, and to none.
  for (int32_t pid = 50000; pid > 0; pid--) {
    known.erase(pid);
    REQUIRE(known.memory() <= 40 * known.size() + kConstant);
  }
}

TEST_CASE("what a tenth of the known processes does not need is given back at once") {
  for (int32_t count : {100, 1000, 10000, 50000}) {
    CAPTURE(count);
    KnownProcesses known(kSeed);
    for (int32_t pid = 1; pid <= count; pid++) REQUIRE(known.insert(pid, 1, "x", 0));
    known.retain([](const KnownProcess& process) { return process.pid % 10 == 0; });
    CHECK(known.size() == static_cast<size_t>(count) / 10);
    CHECK(known.memory() <= 40 * known.size() + kConstant);
    for (int32_t pid = 1; pid <= count; pid++) {
      REQUIRE((known.find(pid) != nullptr) == (pid % 10 == 0));
    }
    known.clear();
    CHECK(known.memory() == 0);
    CHECK(known.size() == 0);
  }
}

TEST_CASE("known processes that come and go take no more memory than those that stay") {
  KnownProcesses known(kSeed);
  Random random(2);
  constexpr int32_t kCount = 1000;
  for (int32_t pid = 1; pid <= kCount; pid++) REQUIRE(known.insert(pid, 1, "x", 0));
  for (int32_t pid = kCount + 1; pid <= 60 * kCount; pid++) {
    known.erase(pid - kCount);
    REQUIRE(known.insert(pid, 1, random.bytes_of("xyz", 3), 0));
    REQUIRE(known.size() == kCount);
    REQUIRE(known.memory() <= 40 * known.size() + kConstant);
  }
  for (int32_t pid = 1; pid <= 60 * kCount; pid++) {
    REQUIRE((known.find(pid) != nullptr) == (pid > 59 * kCount));
  }
}

namespace {

using Comm = std::string (*)(int32_t number);

// How many steps it takes for so many to come and to go, in one of several ways.
uint64_t steps_of(int32_t count, Comm comm, int way) {
  KnownProcesses known(kSeed);
  bool has_memory = true;
  auto insert = [&](int32_t pid, std::string_view as) {
    has_memory = has_memory && known.insert(pid, 1, as, 0);
  };
  for (int32_t pid = 1; pid <= count; pid++) insert(pid, comm(pid));
  REQUIRE(known.size() == static_cast<size_t>(count));
  switch (way) {
    case 0:  // all at once
      known.retain([](const KnownProcess&) { return false; });
      break;
    case 1:  // one by one, the first ones first
      for (int32_t pid = 1; pid <= count; pid++) known.erase(pid);
      break;
    case 2:  // the last ones first
      for (int32_t pid = count; pid > 0; pid--) known.erase(pid);
      break;
    case 3:  // each gets another name, and goes
      for (int32_t pid = 1; pid <= count; pid++) {
        insert(pid, "other");
        known.erase(pid);
      }
      break;
    default:  // each makes room for another one of the name
      for (int32_t pid = 1; pid <= count; pid++) {
        known.erase(pid);
        insert(count + pid, comm(pid));
      }
      known.retain([](const KnownProcess&) { return false; });
  }
  REQUIRE(has_memory);
  REQUIRE(known.size() == 0);
  return known.steps();
}

std::string worker(int32_t) { return "worker"; }

}  // namespace

TEST_CASE("what it takes for known processes to go is in proportion to how many they are") {
  const Comm comms[] = {worker, [](int32_t number) { return std::to_string(number); },
                        [](int32_t number) { return std::to_string(number % 3); }};
  for (Comm comm : comms) {
    CAPTURE(comm(1));
    for (int way = 0; way < 5; way++) {
      CAPTURE(way);
      uint64_t of_few = steps_of(1000, comm, way);
      uint64_t of_many = steps_of(16000, comm, way);
      // Of 16 times as many; a chain gone through for each would take 256 times the steps.
      CHECK(of_many < 32 * of_few);
    }
  }
}

TEST_CASE("128,000 known processes of one name go in a number of steps for each") {
  constexpr int32_t kCount = 128000;
  for (int way : {0, 1}) CHECK(steps_of(kCount, worker, way) < uint64_t{400} * kCount);
}

TEST_CASE("those of a comm that have gone hold nobody up who looks for it") {
  KnownProcesses known(kSeed);
  constexpr int32_t kCount = 2000;
  for (int32_t pid = 1; pid <= 10 * kCount; pid++) {
    REQUIRE(known.insert(pid, 1, pid % 10 == 0 ? "gone" : std::to_string(pid), 0));
  }
  for (int32_t pid = 10; pid <= 10 * kCount; pid += 10) known.erase(pid);
  auto look = [&known] {
    uint64_t before = known.steps();
    known.for_each_like(known.hash_of("gone"),
                        [](const KnownProcess& process) { CHECK(process.comm() != "gone"); });
    return known.steps() - before;
  };
  CHECK(look() <= kCount + 100);
  CHECK(look() < 100);
  CHECK(known.size() == 9 * kCount);
  for (int32_t pid = 1; pid <= 10 * kCount; pid++) {
    REQUIRE((known.find(pid) != nullptr) == (pid % 10 != 0));
  }
}

TEST_CASE("PIDs that clash by one seed are found as fast as any by another one") {
  const std::vector<int32_t> clashes = clashing(4000);
  auto steps_by = [&clashes](uint64_t seed) {
    KnownProcesses known(seed);
    for (int32_t pid : clashes) REQUIRE(known.insert(pid, 1, "x", 0));
    uint64_t before = known.steps();
    for (int32_t pid : clashes) REQUIRE(known.find(pid) != nullptr);
    return known.steps() - before;
  };
  CHECK(steps_by(kSeed) > 100 * clashes.size());
  CHECK(steps_by(kSeed + 1) < 20 * clashes.size());
}
