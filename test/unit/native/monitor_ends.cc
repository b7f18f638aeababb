// Ends that are told whatever happens: shared waits, ends that are remembered, adoptions, storms.
#include <doctest/doctest.h>

#include <string>

#include "rig.h"

using namespace procseek;

namespace {

const Identity kFive = Identity::of("host:5");

}  // namespace

TEST_CASE("however many wait for a process there is one handle on it") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.start();
  for (int32_t i = 1; i <= 400; i++) {
    REQUIRE(rig.monitor->waits().add(i, 5, i % 2 ? Identity() : kFive) == kOk);
  }
  CHECK(rig.machine.holds.size() == 1);
  for (int32_t i = 1; i <= 100; i++) rig.monitor->waits().cancel(i, true);
  rig.machine.end(5, {4, 0});
  Told notices = rig.notices();
  CHECK(notices.size() == 300);
  for (const std::string& notice : notices) CHECK(notice.substr(notice.rfind(' ')) == " 4");
  CHECK(rig.monitor->waits().counters().waiting == 0);
  CHECK(rig.machine.holds.empty());
}

TEST_CASE("above its share of descriptors it looks at processes, and changes tell their ends") {
  Rig rig;
  rig.machine.most_handles = 8;
  for (int32_t pid = 1; pid <= 40; pid++) rig.machine.put({pid, "y"});
  rig.start();
  for (int32_t pid = 1; pid <= 40; pid++) {
    REQUIRE(rig.monitor->waits().add(pid, pid, Identity()) == kOk);
  }
  rig.rest();
  CHECK(rig.machine.holds.size() == 8);
  CHECK(rig.monitor->waits().counters().polled == 32);
  CHECK(rig.monitor->waits().counters().refusal == failure(Call::pidfd_open, EMFILE));
  CHECK(rig.news->is_subscribed);
  for (int32_t pid = 1; pid <= 40; pid++) {
    rig.machine.end(pid, {pid, 0});
    rig.news->tell(Change::exited, pid, {pid, 0});
  }
  Told notices = rig.notices();
  CHECK(notices.size() == 40);
  for (int32_t pid = 1; pid <= 40; pid++) {
    std::string number = std::to_string(pid);
    CHECK(std::count(notices.begin(), notices.end(), "wait " + number + " " + number) == 1);
  }
  CHECK_FALSE(rig.news->is_subscribed);
}

TEST_CASE("an end that is found before the change that tells of it is told as that has it") {
  Rig rig;
  rig.machine.on_open_handle = kUnsupported;
  rig.machine.put({5, "y"});
  rig.machine.put({6, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  REQUIRE(rig.monitor->waits().add(2, 6, Identity()) == kOk);
  rig.rest();
  rig.machine.end(5);
  rig.machine.end(6);
  rig.pass_time(999);
  CHECK(rig.monitor->waits().counters().polls == 2);
  rig.pass_time(1);
  CHECK(rig.notices() == Told{});
  rig.pass_time(50);
  rig.news->tell(Change::exited, 5, {7, 0});
  CHECK(rig.notices() == Told{"wait 1 7"});
  rig.pass_time(50);
  CHECK(rig.notices() == Told{"wait 2 ?"});
}

TEST_CASE("after changes were lost those without a handle are looked at soon") {
  Rig rig;
  rig.machine.on_open_handle = kUnsupported;
  rig.machine.put({5, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  rig.rest();
  rig.machine.end(5);
  rig.news->lose(1);
  rig.pass_time(100);
  CHECK(rig.notices() == Told{"wait 1 ?"});
}

TEST_CASE("a polling watch takes no more than half of the share") {
  Rig rig;
  rig.machine.most_handles = 64;
  for (int32_t pid = 1; pid <= 401; pid++) rig.machine.put({pid, "x"});
  rig.start();
  Watch& watch = rig.add_polling();
  CHECK(rig.told(watch).size() == 403);
  CHECK(rig.machine.holds.size() == 32);
}

TEST_CASE("how a process ended is told again to who asks by its identity") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  rig.machine.end(5, {7, 0});
  CHECK(rig.notices() == Told{"wait 1 7"});
  REQUIRE(rig.monitor->waits().add(2, 5, kFive) == kOk);
  CHECK(rig.notices() == Told{"wait 2 7"});
  CHECK(rig.monitor->waits().add(3, 5, Identity()) == kGone);
  FakeProcess next = {5, "y"};
  next.id = "next";
  rig.machine.put(next);
  REQUIRE(rig.monitor->waits().add(4, 5, kFive) == kOk);
  CHECK(rig.notices() == Told{"wait 4 7"});
  CHECK(rig.monitor->waits().add(5, 5, Identity::of("other")) == kGone);
}

TEST_CASE("after a wait was given up the end is told to who asks again, within a minute") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, kFive) == kOk);
  CHECK(rig.monitor->waits().cancel(1, true) == 1);
  CHECK(rig.monitor->waits().counters().waiting == 0);
  rig.pass_time(59000);
  rig.machine.end(5, {7, 0});
  CHECK(rig.notices() == Told{});
  CHECK(rig.machine.holds.empty());
  REQUIRE(rig.monitor->waits().add(2, 5, kFive) == kOk);
  CHECK(rig.notices() == Told{"wait 2 7"});
}

TEST_CASE("a process that nobody asks for again is given up after a minute") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, kFive) == kOk);
  rig.monitor->waits().cancel(1, true);
  rig.rest();
  CHECK(rig.machine.holds.size() == 1);
  rig.pass_time(ExitWaits::kLinger);
  CHECK(rig.machine.holds.empty());
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("no more processes linger than a few, and they make room for others") {
  Rig rig;
  for (int32_t pid = 1; pid <= 100; pid++) rig.machine.put({pid, "y"});
  rig.start();
  for (int32_t pid = 1; pid <= 99; pid++) {
    REQUIRE(rig.monitor->waits().add(pid, pid, Identity()) == kOk);
    rig.monitor->waits().cancel(pid, true);
    rig.machine.clock += 1;
  }
  CHECK(rig.machine.holds.size() == ExitWaits::kMostLingering);
  rig.machine.most_handles = 10;
  REQUIRE(rig.monitor->waits().add(100, 100, Identity()) == kOk);
  CHECK(rig.machine.holds.size() == 10);
  CHECK(rig.monitor->waits().counters().polled == 0);
}

TEST_CASE("after a watch has told an end, a wait is told the same") {
  for (bool has_events : {true, false}) {
    CAPTURE(has_events);
    Rig rig;
    rig.machine.put({5, "x"});
    if (!has_events) rig.news->on_subscribe = failure(Call::bind, EPERM);
    Watch& watch = rig.begin();
    rig.machine.end(5, {7, 0});
    rig.news->tell(Change::exited, 5, {7, 0});
    CHECK(rig.told(watch) == Told{"x5 7"});
    rig.notices();
    REQUIRE(rig.monitor->waits().add(1, 5, kFive) == kOk);
    CHECK(rig.notices() == Told{"wait 1 7"});
  }
}

TEST_CASE("when the system cannot be waited for, ends are looked for") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  rig.rest();
  rig.machine.with_host([](FakeHost& host) { host.processes.clear(); });
  for (auto& [handle, hold] : rig.machine.holds) hold.is_over = true, hold.exit = {6, 0};
  CHECK(rig.notices() == Told{});
  rig.news->fail(kUnsupported);
  rig.pass_time(100);
  CHECK(rig.notices() == Told{"wait 1 6"});
}

TEST_CASE("somebody who could not be notified is notified a moment later") {
  class Deaf final : public Monitor::Listener {
   public:
    bool notify() override { return ++attempts > 2; }
    void finish() override {}
    std::atomic<int> attempts{0};
  };
  FakeMachine machine;
  auto owned = std::make_unique<FakeNews>(machine);
  FakeNews* news = owned.get();
  Deaf deaf;
  machine.put({5, "y"});
  Monitor monitor(std::move(owned));
  REQUIRE(monitor.start(deaf) == kOk);
  REQUIRE(monitor.waits().add(1, 5, Identity()) == kOk);
  machine.end(5);
  for (int i = 0; i < 4; i++) {
    REQUIRE(news->comes_to_rest());
    news->pass_time(50);
  }
  REQUIRE(news->comes_to_rest());
  CHECK(deaf.attempts == 3);
  monitor.stop();
  monitor.join();
}

TEST_CASE("an end is told as the change had it although the process cannot be looked at") {
  Rig rig;
  rig.machine.put({5, "x"});
  rig.machine.put({6, "x"});
  Watch& watch = rig.begin();
  for (int32_t pid : {5, 6}) {
    rig.machine.with_host(
        [&](FakeHost& host) { host.find(pid)->on_find = failure(Call::openat, ENOENT); });
    rig.news->tell(Change::exited, pid, {pid, 0});
  }
  CHECK(rig.told(watch) == Told{});
  rig.machine.end(5, {5, 0});
  rig.pass_time(20);
  CHECK(rig.told(watch) == Told{"x5 5"});
  rig.machine.with_host([](FakeHost& host) {
    host.find(6)->on_find = kOk;
    host.find(6)->state = State::zombie;
  });
  rig.pass_time(20);
  CHECK(rig.told(watch) == Told{"x6 6"});
  CHECK(rig.monitor->counters().passes == 1);
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("what is adopted comes to match its new parent, and the old one has none left") {
  Rig rig;
  rig.machine.put({2, "y", 1});
  rig.machine.put({5, "x", 2});
  rig.machine.put({6, "x", 2});
  rig.machine.put({7, "y", 2});
  rig.start();
  Watch& old_parent = rig.add_children_of(2);
  Watch& new_parent = rig.add_children_of(1);
  CHECK(rig.told(old_parent) == Told{"events", "+5e", "+6e", "ready"});
  CHECK(rig.told(new_parent) == Told{"events", "ready"});
  rig.machine.end(2);
  for (int32_t pid : {5, 6, 7}) {
    rig.machine.with_host([&](FakeHost& host) { host.find(pid)->ppid = 1; });
  }
  rig.news->tell(Change::exited, 2, {0, 0});
  rig.pass_time(10);
  CHECK(rig.told(old_parent) == Told{"-5", "-6"});
  CHECK(rig.told(new_parent) == Told{"+5", "+6"});
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("children that have been looked at are not looked at again whenever somebody ends") {
  Rig rig;
  for (int32_t pid = 10; pid < 60; pid++) rig.machine.put({pid, "y", 2});
  for (int32_t pid = 60; pid < 70; pid++) rig.machine.put({pid, "y", 3});
  rig.start();
  Watch& watch = rig.add_children_of(2);
  rig.told(watch);
  auto end = [&](int32_t pid) {
    rig.machine.end(pid);
    rig.news->tell(Change::exited, pid, {0, 0});
    rig.pass_time(1000);
  };
  end(60);
  rig.machine.with_host([](FakeHost& host) { host.looked_at.clear(); });
  end(61);
  rig.machine.with_host([](FakeHost& host) { CHECK(host.looked_at.empty()); });
  // Its PID is somebody else's who is adopted.
  end(10);
  rig.machine.put({10, "x", 2});
  end(62);
  CHECK(rig.told(watch) == Told{"+10"});
}

TEST_CASE("where children cannot be listed a pass finds out who was adopted") {
  Rig rig;
  rig.machine.on_list_children = kUnsupported;
  rig.machine.put({5, "x", 2});
  rig.start();
  Watch& watch = rig.add_children_of(2);
  rig.told(watch);
  rig.machine.with_host([](FakeHost& host) { host.find(5)->ppid = 1; });
  rig.news->tell(Change::exited, 9, {0, 0});
  rig.pass_time(10);
  CHECK(rig.told(watch) == Told{"-5"});
}

TEST_CASE("in a storm of changes a watch polls within the budget, and then listens again") {
  Rig rig;
  rig.machine.put({5, "x"});
  rig.machine.put({6, "y"});
  Watch& watch = rig.begin();
  auto storm = [&](int count) {
    for (int i = 0; i < count && rig.news->is_subscribed; i++) {
      rig.machine.cpu_time += 5;
      rig.news->tell(Change::renamed, 6);
      rig.pass_time(10);
    }
  };
  storm(100);
  CHECK_FALSE(rig.news->is_subscribed);
  CHECK(rig.machine.cpu_time <= 110);
  CHECK(rig.told(watch) == Told{"polling"});
  CHECK(rig.why_no_events() ==
        "there are more process events at the moment than cpuBudget allows to hear of");
  rig.machine.end(5, {3, 0});
  CHECK(rig.told(watch) == Told{"x5 3"});
  rig.machine.put({7, "x"});
  rig.pass_time(1000);
  CHECK(rig.told(watch) == Told{"+7"});
  rig.pass_time(12000);
  rig.rest();
  CHECK(rig.news->is_subscribed);
  CHECK(rig.told(watch) == Told{"events"});
  CHECK(rig.why_no_events().empty());
  rig.machine.put({8, "x"});
  rig.news->tell(Change::executed, 8);
  CHECK(rig.told(watch) == Told{"+8"});
}

TEST_CASE("a watch that demands events does not fail because it comes during a storm") {
  Rig rig;
  rig.begin();
  rig.machine.cpu_time += 1000;
  rig.news->tell(Change::renamed, 6);
  rig.rest();
  rig.monitor->wake();
  rig.rest();
  CHECK_FALSE(rig.news->is_subscribed);
  WatchOptions options;
  options.backend = Backend::events;
  Watch& watch = rig.add(options);
  CHECK(rig.told(watch) == Told{"polling", "ready"});
}

TEST_CASE("events that break off are asked for again") {
  Rig rig;
  Watch& watch = rig.begin();
  rig.news->fail(failure(Call::recv, EIO));
  CHECK(rig.told(watch) == Told{"polling"});
  rig.news->on_subscribe = failure(Call::bind, EPERM);
  rig.pass_time(20000);
  CHECK_FALSE(rig.news->is_subscribed);
  rig.news->on_subscribe = kOk;
  rig.pass_time(60000);
  CHECK(rig.told(watch) == Told{"events"});
  rig.machine.put({8, "x"});
  rig.news->tell(Change::executed, 8);
  CHECK(rig.told(watch) == Told{"+8"});
}
