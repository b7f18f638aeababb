#include "births.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "random.h"

using namespace procseek;

namespace {

using Pids = std::vector<int32_t>;

Pids settled(Births& births, int64_t now) {
  Pids pids;
  int32_t pid;
  while (births.next_settled(now, pid)) pids.push_back(pid);
  return pids;
}

void add(Births& births, int32_t pid, int64_t now) { REQUIRE(births.add(pid, now) == kOk); }

}  // namespace

TEST_CASE("a process that executes nothing has settled ten milliseconds after its fork") {
  Births births;
  add(births, 5, 1000);
  CHECK(births.is_settling(5));
  CHECK(settled(births, 1000) == Pids{});
  CHECK(settled(births, 1009) == Pids{});
  CHECK(births.is_settling(5));
  CHECK(settled(births, 1010) == Pids{5});
  CHECK_FALSE(births.is_settling(5));
  CHECK(settled(births, 1010) == Pids{});
  CHECK(settled(births, 5000) == Pids{});
}

TEST_CASE("processes settle in the order of their births") {
  Births births;
  for (int32_t pid : {9, 3, 7}) add(births, pid, 100);
  add(births, 1, 105);
  CHECK(settled(births, 114) == Pids{9, 3, 7});
  CHECK(settled(births, 115) == Pids{1});
}

TEST_CASE("what has executed something does not settle any more") {
  Births births;
  add(births, 5, 0);
  add(births, 6, 0);
  CHECK(births.executed(5, 3));
  CHECK_FALSE(births.is_settling(5));
  CHECK(settled(births, 100) == Pids{6});
}

TEST_CASE("whatever is executed within a second of the fork is part of the start") {
  Births births;
  add(births, 5, 1000);
  CHECK(births.executed(5, 1000));
  CHECK(births.executed(5, 1500));
  CHECK(births.executed(5, 1999));
  CHECK_FALSE(births.executed(5, 2000));
  CHECK_FALSE(births.executed(5, 2001));
}

TEST_CASE("what has settled may still start by executing something") {
  Births births;
  add(births, 5, 1000);
  CHECK(settled(births, 1010) == Pids{5});
  CHECK(births.executed(5, 1500));
}

TEST_CASE("a process whose fork was not heard of is not being born") {
  Births births;
  CHECK_FALSE(births.executed(5, 0));
  CHECK_FALSE(births.is_settling(5));
  add(births, 6, 0);
  CHECK_FALSE(births.executed(5, 1));
  CHECK_FALSE(births.is_settling(5));
}

TEST_CASE("a process that has ended neither settles nor starts") {
  Births births;
  add(births, 5, 0);
  births.ended(5);
  births.ended(6);  // of which nothing is known
  CHECK_FALSE(births.is_settling(5));
  CHECK_FALSE(births.executed(5, 1));
  CHECK(settled(births, 100) == Pids{});
}

TEST_CASE("a PID that is given away again settles by its second birth alone") {
  Births births;
  add(births, 5, 0);
  births.ended(5);
  add(births, 5, 4);
  CHECK(births.is_settling(5));
  CHECK(settled(births, 10) == Pids{});
  CHECK(births.is_settling(5));
  CHECK(settled(births, 14) == Pids{5});
}

TEST_CASE("a PID that is given away again is remembered for a second from its second birth") {
  Births births;
  add(births, 5, 0);
  add(births, 5, 900);  // the end of the first one was lost
  CHECK(births.executed(5, 1899));
  CHECK_FALSE(births.executed(5, 1900));
}

TEST_CASE("the next one to settle tells how long to sleep") {
  Births births;
  CHECK(births.deadline() == -1);
  add(births, 5, 100);
  add(births, 6, 104);
  CHECK(births.deadline() == 110);
  CHECK(settled(births, 110) == Pids{5});
  CHECK(births.deadline() == 114);
  CHECK(settled(births, 114) == Pids{6});
  CHECK(births.deadline() == -1);
}

TEST_CASE("nobody is woken over and over for those that have executed or ended") {
  Births births;
  add(births, 5, 100);
  add(births, 6, 100);
  CHECK(births.executed(5, 101));
  births.ended(6);
  // It may be woken once.
  CHECK(settled(births, 110) == Pids{});
  CHECK(births.deadline() == -1);
}

TEST_CASE("of very many births at once the latest are remembered") {
  constexpr int32_t kMost = 8192;
  Births births;
  for (int32_t pid = 1; pid <= 3 * kMost; pid++) add(births, pid, 50);
  CHECK_FALSE(births.is_settling(1));
  CHECK_FALSE(births.is_settling(2 * kMost));
  CHECK(births.is_settling(2 * kMost + 1));
  CHECK(births.is_settling(3 * kMost));
  CHECK(births.deadline() == 60);
  CHECK_FALSE(births.executed(2 * kMost, 55));
  CHECK(births.executed(3 * kMost, 55));
  Pids pids = settled(births, 60);
  // Whether the oldest one of these is remembered is a matter of taste.
  REQUIRE(pids.size() >= kMost - 2);
  for (size_t i = 0; i < pids.size(); i++) {
    REQUIRE(pids[pids.size() - 1 - i] == 3 * kMost - 1 - static_cast<int32_t>(i));
  }
}

TEST_CASE("births agree with a list of them whatever happens") {
  struct Birth {
    int64_t time;
    bool is_settling;
  };
  Births births;
  std::map<int32_t, Birth> model;
  Random random(11);
  int64_t now = 1;
  for (int i = 0; i < 50000; i++) {
    // As the monitor does: before time goes on, those that have settled are asked for.
    int64_t then = now + static_cast<int64_t>(random.below(4));
    Pids expected;
    for (auto& [pid, birth] : model) {
      if (!birth.is_settling || birth.time + Births::kSettling > then) continue;
      birth.is_settling = false;
      expected.push_back(pid);
    }
    now = then;
    Pids pids = settled(births, now);
    std::sort(pids.begin(), pids.end());
    REQUIRE(pids == expected);
    auto pid = static_cast<int32_t>(random.below(60)) + 1;
    auto known = model.find(pid);
    bool is_remembered = known != model.end() && known->second.time + Births::kWindow > now;
    switch (random.below(4)) {
      case 0:
        add(births, pid, now);
        model[pid] = {now, true};
        break;
      case 1:
        births.ended(pid);
        model.erase(pid);
        break;
      default:
        REQUIRE(births.is_settling(pid) == (is_remembered && known->second.is_settling));
        REQUIRE(births.executed(pid, now) == is_remembered);
        if (is_remembered) known->second.is_settling = false;
    }
  }
}

TEST_CASE("a birth that settles waits to be asked for, however late that is") {
  Births births;
  int32_t pid;
  CHECK(births.add(5, 0) == kOk);
  CHECK(births.add(6, 1500) == kOk);
  CHECK(births.next_settled(1500, pid));
  CHECK(pid == 5);
}

TEST_CASE("what is executed more than a second after the fork is no part of the start") {
  Births births;
  CHECK(births.add(5, 0) == kOk);
  CHECK_FALSE(births.executed(5, 1000));
  CHECK_FALSE(births.is_settling(5));
}
