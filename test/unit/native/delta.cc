#include "delta.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

#include "random.h"

using namespace procseek;

namespace {

constexpr auto kTurn = static_cast<int32_t>(Delta::kTurn);

struct Process {
  int32_t pid;
  uint32_t stamp;
};

std::set<int32_t> due_in_pass(Delta& delta, const std::vector<Process>& processes) {
  std::set<int32_t> due;
  delta.begin();
  for (const Process& process : processes) {
    if (delta.is_due(process.pid, process.stamp)) due.insert(process.pid);
  }
  REQUIRE(delta.end() == kOk);
  return due;
}

std::vector<Process> crowd(int32_t count) {
  std::vector<Process> processes;
  for (int32_t pid = 1; pid <= count; pid++) processes.push_back({pid, 7});
  return processes;
}

// Passes that leave nobody young, and the turn behind the first `turns` * 256.
void age(Delta& delta, const std::vector<Process>& processes, int turns) {
  for (int pass = 0; pass < turns; pass++) due_in_pass(delta, processes);
}

}  // namespace

TEST_CASE("the first pass looks at every process") {
  Delta delta;
  CHECK(due_in_pass(delta, crowd(3000)).size() == 3000);
}

TEST_CASE("a process is looked at in two further passes and then by turns") {
  Delta delta;
  std::vector<Process> processes = crowd(10 * kTurn);
  age(delta, processes, 4);  // the turn has come to those behind 4 * 256
  processes.push_back({20000, 1});
  for (bool is_due : {true, true, true, false, false}) {
    CHECK(due_in_pass(delta, processes).count(20000) == is_due);
  }
}

TEST_CASE("old processes are looked at by turns of 256") {
  Delta delta;
  std::vector<Process> processes = crowd(4 * kTurn + 10);
  age(delta, processes, 5);
  for (int round = 0; round < 2; round++) {
    std::set<int32_t> all;
    for (int pass = 0; pass < 5; pass++) {
      std::set<int32_t> due = due_in_pass(delta, processes);
      CHECK(due.size() == static_cast<size_t>(pass < 4 ? kTurn : 10));
      all.insert(due.begin(), due.end());
    }
    CHECK(all.size() == processes.size());
  }
}

TEST_CASE("no more processes than one turn has are looked at in every pass") {
  Delta delta;
  std::vector<Process> processes = crowd(kTurn);
  for (int pass = 0; pass < 6; pass++) {
    CHECK(due_in_pass(delta, processes).size() == processes.size());
  }
}

TEST_CASE("a PID with another stamp is a new process") {
  Delta delta;
  std::vector<Process> processes = crowd(10 * kTurn);
  age(delta, processes, 4);
  processes.back().stamp++;
  for (bool is_due : {true, true, true, false}) {
    CHECK(due_in_pass(delta, processes).count(processes.back().pid) == is_due);
  }
}

TEST_CASE("a process that was missing in one pass is new") {
  Delta delta;
  std::vector<Process> processes = crowd(10 * kTurn);
  age(delta, processes, 4);
  Process last = processes.back();
  processes.pop_back();
  due_in_pass(delta, processes);
  processes.push_back(last);
  CHECK(due_in_pass(delta, processes).count(last.pid) == 1);
}

TEST_CASE("those that are gone are forgotten") {
  Delta delta;
  age(delta, crowd(2000), 4);
  CHECK(due_in_pass(delta, {}).empty());
  CHECK(due_in_pass(delta, crowd(2000)).size() == 2000);
}

TEST_CASE("a pass that was broken off makes the next one look at what it had not come to") {
  Delta delta;
  std::vector<Process> processes = crowd(10 * kTurn);
  age(delta, processes, 4);
  delta.begin();
  for (int32_t pid = 1; pid <= 100; pid++) delta.is_due(pid, 7);
  std::set<int32_t> due = due_in_pass(delta, processes);
  for (int32_t pid = 101; pid <= 10 * kTurn; pid++) REQUIRE(due.count(pid) == 1);
}

TEST_CASE("processes out of order only cost more") {
  Random random(17);
  Delta delta;
  std::map<int32_t, uint32_t> before;
  for (int pass = 0; pass < 200; pass++) {
    std::vector<Process> processes;
    std::map<int32_t, uint32_t> now;
    for (size_t i = 0; i < 300; i++) {
      Process process = {static_cast<int32_t>(random.below(400)) + 1,
                         static_cast<uint32_t>(random.below(2))};
      if (now.emplace(process.pid, process.stamp).second) processes.push_back(process);
    }
    std::set<int32_t> due = due_in_pass(delta, processes);
    for (const Process& process : processes) {
      auto known = before.find(process.pid);
      bool is_new = known == before.end() || known->second != process.stamp;
      if (is_new) REQUIRE(due.count(process.pid) == 1);
    }
    before = now;
  }
}

TEST_CASE("what is due agrees with a model while processes come and go") {
  struct Known {
    uint32_t stamp;
    int seen;
  };
  Random random(23);
  Delta delta;
  std::map<int32_t, Known> known;
  std::map<int32_t, uint32_t> host;
  size_t turn = 0;
  for (int pass = 0; pass < 400; pass++) {
    for (int change = 0; change < 20; change++) {
      auto pid = static_cast<int32_t>(random.below(3000)) + 1;
      if (random.below(3) == 0) {
        host.erase(pid);
      } else {
        host[pid] = static_cast<uint32_t>(random.next());
      }
    }
    delta.begin();
    std::map<int32_t, Known> seen;
    size_t position = 0;
    for (auto [pid, stamp] : host) {
      auto before = known.find(pid);
      bool is_same = before != known.end() && before->second.stamp == stamp;
      int times = is_same ? before->second.seen + 1 : 0;
      bool is_due = times <= 2 || (position >= turn && position < turn + kTurn);
      REQUIRE(delta.is_due(pid, stamp) == is_due);
      seen[pid] = {stamp, times};
      position++;
    }
    REQUIRE(delta.end() == kOk);
    turn = turn + kTurn < position ? turn + kTurn : 0;
    known = seen;
  }
}
