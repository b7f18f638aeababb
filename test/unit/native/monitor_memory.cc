// A monitor whose allocations fail: each of them once, and for a while.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "failing_memory.h"
#include "rig.h"

using namespace procseek;

namespace {

void append(Told& all, const Told& more) { all.insert(all.end(), more.begin(), more.end()); }

size_t count(const Told& told, const std::string& what) {
  return static_cast<size_t>(std::count(told.begin(), told.end(), what));
}

bool is_answer(const std::string& told) {
  return told == "ready" || told.compare(0, 6, "failed") == 0;
}

WatchOptions polling() {
  WatchOptions options;
  options.backend = Backend::polling;
  return options;
}

WatchOptions demanding() {
  WatchOptions options;
  options.backend = Backend::events;
  return options;
}

// What everybody is promised comes in the end. False when no allocation has failed.
bool keeps_promises(int64_t spared, int64_t many, bool has_events) {
  Rig rig;
  for (int32_t pid = 1; pid <= 40; pid++) rig.machine.put({pid, pid % 2 ? "x" : "y"});
  if (!has_events) rig.news->on_subscribe = failure(Call::bind, EPERM);
  rig.start();
  std::vector<Watch*> watches = {&rig.make(), &rig.make(polling()), &rig.make(demanding()),
                                 &rig.make({}, {}, false, 1)};
  std::vector<Told> told(watches.size());
  Told notices;
  std::vector<int32_t> begun;

  auto take_all = [&] {
    for (size_t i = 0; i < watches.size(); i++) append(told[i], rig.told(*watches[i]));
    append(notices, rig.notices());
  };
  auto open_handles = [&](Status status) {
    rig.machine.with_host([&](FakeHost&) { rig.machine.on_open_handle = status; });
  };
  MemoryHealer healer;
  fail_memory(spared, many);
  for (Watch* watch : watches) rig.monitor->add(*watch);
  for (int32_t i = 1; i <= 40; i++) {
    if (i == 20) open_handles(kUnsupported);
    if (rig.monitor->waits().add(i, i % 30 + 1, Identity()) == kOk) begun.push_back(i);
  }
  open_handles(kOk);
  rig.rest();
  rig.news->lose(1);
  for (int32_t pid = 1; pid <= 40; pid++) {
    rig.news->tell(Change::forked, pid);
    rig.news->tell(Change::executed, pid);
  }
  rig.rest();
  for (int32_t pid = 1; pid <= 40; pid++) {
    rig.machine.end(pid, {3, 0});
    rig.news->tell(Change::exited, pid, {3, 0});
  }
  rig.rest();
  append(notices, rig.notices());
  bool has_failed = heal_memory() != 0;
  for (int round = 0; round < 6; round++) {
    rig.pass_time(1000);
    take_all();
  }
  for (size_t i = 0; i < watches.size(); i++) {
    CAPTURE(i);
    CHECK(std::count_if(told[i].begin(), told[i].end(), is_answer) == 1);
  }
  for (int32_t token : begun) {
    std::string wait = "wait " + std::to_string(token);
    bool is_known = count(notices, wait + " 3") == 1;
    CHECK_MESSAGE((is_known || count(notices, wait + " ?") == 1), wait);
  }
  CHECK(rig.monitor->waits().counters().waiting == 0);
  for (Watch* watch : watches) watch->close();
  rig.monitor->wake();
  rig.rest();
  CHECK(rig.machine.holds.empty());
  CHECK_FALSE(rig.news->is_subscribed);
  return has_failed;
}

}  // namespace

TEST_CASE("whichever allocation of a monitor fails, everybody is told what was promised") {
  for (bool has_events : {true, false}) {
    CAPTURE(has_events);
    int64_t spared = 0;
    for (; keeps_promises(spared, 1, has_events) && spared < 2000; spared++) CAPTURE(spared);
    CHECK(spared > 50);
  }
}

TEST_CASE("while all allocations of a monitor fail, nothing that was promised is forgotten") {
  for (int64_t spared : {0, 1, 2, 5, 9, 17, 33, 65}) {
    CAPTURE(spared);
    CHECK(keeps_promises(spared, INT64_MAX / 2, true));
  }
}
