// The thread that hears of processes, by events and by polling, over a machine that is made up.
#include "monitor.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>

#include "random.h"
#include "rig.h"

using namespace procseek;

namespace {

const Status kNoFiles = failure(Call::openat, EMFILE);

WatchOptions by(Backend backend) {
  WatchOptions options;
  options.backend = backend;
  return options;
}

}  // namespace

TEST_CASE("a watch with events tells those that exist, is ready, and sleeps") {
  Rig rig;
  rig.machine.put({1, "x"});
  rig.machine.put({2, "other"});
  rig.start();
  Watch& watch = rig.add();
  CHECK(rig.told(watch) == Told{"events", "+1e", "ready"});
  CHECK(rig.notices() == Told{"watch 1"});
  CHECK(rig.news->timeout() == -1);
  CHECK(rig.news->is_subscribed);
  CHECK(rig.monitor->counters().passes == 1);
  CHECK(rig.monitor->counters().resyncs == 0);
  CHECK(rig.why_no_events().empty());
}

TEST_CASE("where events are refused a watch polls and the reason is told") {
  Rig rig;
  rig.machine.put({1, "x"});
  rig.news->on_subscribe = failure(Call::bind, EPERM);
  rig.start();
  Watch& watch = rig.add();
  CHECK(rig.told(watch) == Told{"polling", "+1e", "ready"});
  CHECK(rig.why_no_events() == "refused by the test");
  CHECK(rig.news->timeout() == 1000);
  rig.machine.put({2, "x"});
  rig.pass_time(999);
  CHECK(rig.told(watch) == Told{});
  rig.pass_time(1);
  CHECK(rig.told(watch) == Told{"+2"});
}

TEST_CASE("a pass of the monitor asks for what tells a PID that was given to another process") {
  Rig rig;
  rig.machine.put({1, "x"});
  rig.start();
  Watch& watch = rig.add_polling();
  CHECK(rig.told(watch) == Told{"polling", "+1e", "ready"});
  rig.pass_time(1000);
  rig.rest();
  rig.machine.with_host([](FakeHost& host) {
    CHECK(host.begun >= 2);
    CHECK(host.walk.stamp);
  });
}

TEST_CASE("where events are refused a watch that insists on them fails") {
  Rig rig;
  rig.news->on_subscribe = failure(Call::bind, EPERM);
  rig.start();
  Watch& watch = rig.add(by(Backend::events));
  CHECK(rig.told(watch) == Told{"failed " + std::to_string(failure(Call::bind, EOPNOTSUPP))});
  CHECK(rig.monitor->counters().passes == 0);
}

TEST_CASE("events are not asked for by those who poll, and given up with the last who needs them") {
  Rig rig;
  rig.start();
  Watch& polling = rig.add_polling();
  CHECK(rig.told(polling) == Told{"polling", "ready"});
  CHECK(rig.news->subscriptions == 0);
  Watch& watch = rig.add();
  rig.rest();
  CHECK(rig.news->is_subscribed);
  watch.close();
  rig.monitor->wake();
  rig.rest();
  CHECK_FALSE(rig.news->is_subscribed);
  rig.add();
  rig.rest();
  CHECK(rig.news->subscriptions == 2);
}

TEST_CASE("when events break off their watches poll from then on") {
  Rig rig;
  rig.machine.put({1, "x"});
  Watch& watch = rig.begin();
  rig.machine.put({2, "x"});
  rig.news->fail(failure(Call::recv, EIO));
  CHECK(rig.told(watch) == Told{"polling", "+2"});
  CHECK_FALSE(rig.news->is_subscribed);
  CHECK(rig.why_no_events() == "refused by the test");
  rig.machine.put({3, "x"});
  rig.pass_time(1000);
  CHECK(rig.told(watch) == Told{"+3"});
}

TEST_CASE("what is executed is told at once and nothing again when it would have settled") {
  Rig rig;
  Watch& watch = rig.begin();
  rig.machine.put({6, "other"});
  rig.news->tell(Change::forked, 6);
  rig.machine.put({6, "x"});
  rig.news->tell(Change::executed, 6);
  CHECK(rig.told(watch) == Told{"+6b"});
  rig.pass_time(2000);
  CHECK(rig.told(watch) == Told{});
  CHECK(rig.monitor->counters().changes == 2);
}

TEST_CASE("what is executed long after its fork is a process that came to match") {
  Rig rig;
  Watch& watch = rig.begin();
  rig.machine.put({6, "other"});
  rig.news->tell(Change::forked, 6);
  rig.pass_time(2000);
  rig.machine.put({6, "x"});
  rig.news->tell(Change::executed, 6);
  CHECK(rig.told(watch) == Told{"+6"});
}

TEST_CASE("a copy of a match that executes nothing is told when it has settled") {
  Rig rig;
  rig.machine.put({5, "x"});
  Watch& watch = rig.begin();
  rig.machine.put({6, "x"});
  rig.news->tell(Change::forked, 6);
  CHECK(rig.told(watch) == Told{});
  CHECK(rig.news->timeout() == 10);
  rig.pass_time(9);
  CHECK(rig.told(watch) == Told{});
  rig.pass_time(1);
  CHECK(rig.told(watch) == Told{"+6b"});
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("a copy of a match that executes something else is never told") {
  Rig rig;
  rig.machine.put({5, "x"});
  Watch& watch = rig.begin();
  rig.machine.put({6, "x"});
  rig.news->tell(Change::forked, 6);
  rig.rest();
  rig.machine.put({6, "other"});
  rig.news->tell(Change::executed, 6);
  rig.pass_time(10);
  CHECK(rig.told(watch) == Told{});
  rig.machine.end(6);
  rig.news->tell(Change::exited, 6, {0, 0});
  CHECK(rig.told(watch) == Told{});
}

TEST_CASE("a name that is taken while it settles is part of the birth") {
  Rig rig;
  Watch& watch = rig.begin();
  rig.machine.put({6, "x"});
  rig.news->tell(Change::forked, 6);
  rig.news->tell(Change::renamed, 6);
  CHECK(rig.told(watch) == Told{"+6b"});
}

TEST_CASE("a match that ends is told with its code or its signal") {
  Rig rig;
  rig.machine.put({5, "x"});
  rig.machine.put({6, "x"});
  Watch& watch = rig.begin();
  rig.machine.end(5);
  rig.news->tell(Change::exited, 5, {3, 0});
  rig.machine.stop_first_thread(6);  // a zombie, until it is reaped
  rig.news->tell(Change::exited, 6, {-1, 9});
  CHECK(rig.told(watch) == Told{"x5 3", "x6 SIG9"});
}

TEST_CASE("the end of a first thread is not that of the process, which is told by its handle") {
  Rig rig;
  rig.machine.put({5, "x"});
  rig.machine.with_host([](FakeHost& host) { host.find(5)->threads = 3; });
  Watch& watch = rig.begin();
  rig.machine.stop_first_thread(5);
  rig.news->tell(Change::exited, 5, {0, 0});
  CHECK(rig.told(watch) == Told{});
  CHECK(rig.news->timeout() == -1);
  rig.machine.end(5, {7, 0});
  CHECK(rig.told(watch) == Told{"x5 7"});
  CHECK(rig.monitor->waits().counters().waiting == 0);
}

TEST_CASE("without handles the end of a process that lost its first thread is asked for") {
  Rig rig;
  rig.machine.on_open_handle = kUnsupported;
  rig.machine.put({5, "x"});
  rig.machine.with_host([](FakeHost& host) { host.find(5)->threads = 3; });
  Watch& watch = rig.begin();
  rig.machine.stop_first_thread(5);
  rig.news->tell(Change::exited, 5, {4, 0});
  CHECK(rig.told(watch) == Told{});
  rig.pass_time(100);
  CHECK(rig.told(watch) == Told{});
  rig.machine.end(5);
  rig.pass_time(100);
  CHECK(rig.told(watch) == Told{"x5 ?"});  // that of the first thread alone would be a guess
  CHECK(rig.monitor->waits().counters().polled == 0);
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("without handles a process that ends along with its first thread has ended as that has") {
  Rig rig;
  rig.machine.on_open_handle = kUnsupported;
  rig.machine.put({5, "x"});
  rig.machine.with_host([](FakeHost& host) { host.find(5)->threads = 3; });
  Watch& watch = rig.begin();
  rig.machine.stop_first_thread(5);
  rig.news->tell(Change::exited, 5, {4, 0});
  CHECK(rig.told(watch) == Told{});
  rig.machine.end(5);
  rig.pass_time(5);
  CHECK(rig.told(watch) == Told{"x5 4"});
  CHECK(rig.monitor->waits().counters().polled == 0);
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("a program that another thread than the first one executes does not end the process") {
  Rig rig;
  rig.machine.put({5, "x"});
  rig.machine.with_host([](FakeHost& host) { host.find(5)->threads = 2; });
  Watch& watch = rig.begin();
  // The kernel ends the first thread, and gives its PID to the one that executes.
  rig.machine.with_host([](FakeHost& host) { host.find(5)->threads = 1; });
  rig.news->tell(Change::exited, 5, {0, 0});
  rig.news->tell(Change::executed, 5);
  CHECK(rig.told(watch) == Told{"+5"});
  CHECK(rig.monitor->waits().counters().polled == 0);
}

TEST_CASE("the end of a match whose PID is in use again is told") {
  Rig rig;
  rig.machine.put({5, "x"});
  Watch& watch = rig.begin();
  FakeProcess next = {5, "x"};
  next.id = "next";
  rig.machine.put(next);
  rig.news->tell_all(
      {{Change::exited, 5, 0, {1, 0}}, {Change::forked, 5, 0, {}}, {Change::executed, 5, 0, {}}});
  CHECK(rig.told(watch) == Told{"x5 1", "+5b"});
}

TEST_CASE("what was lost costs one pass that tells exactly the differences") {
  Rig rig;
  for (int32_t pid = 1; pid <= 4; pid++) rig.machine.put({pid, "x"});
  Watch& watch = rig.begin();
  rig.machine.end(1);
  rig.machine.put({2, "other"});
  FakeProcess next = {3, "x"};
  next.id = "next";
  rig.machine.put(next);
  FakeProcess born = {7, "x"};
  born.startTime = 1e12 + 1000000;
  rig.machine.put(born);
  rig.news->lose(3);
  CHECK(rig.told(watch) == Told{});
  CHECK(rig.news->timeout() == 20);
  rig.pass_time(20);
  CHECK(rig.told(watch) == Told{"-2", "x3 ?", "+3", "+7b", "x1 ?"});
  CHECK(rig.news->timeout() == -1);
  Monitor::Counters counters = rig.monitor->counters();
  CHECK(counters.lost == 3);
  CHECK(counters.passes == 2);
  CHECK(counters.resyncs == 1);
  CHECK(counters.failed == 0);
}

TEST_CASE("losses in quick succession cost one pass together") {
  Rig rig;
  Watch& watch = rig.begin();
  for (int i = 0; i < 5; i++) {
    rig.news->lose(1);
    rig.rest();
    rig.news->pass_time(2);
  }
  rig.machine.put({9, "x"});
  rig.pass_time(20);
  CHECK(rig.told(watch) == Told{"+9"});
  CHECK(rig.monitor->counters().resyncs == 1);
}

TEST_CASE("a pass that fails makes a watch fail that was not ready") {
  Rig rig;
  rig.machine.host.on_begin = kNoFiles;
  rig.start();
  Watch& watch = rig.add();
  CHECK(rig.told(watch) == Told{"events", "failed " + std::to_string(kNoFiles)});
  CHECK(rig.monitor->counters().failed == 1);
  CHECK(rig.monitor->counters().failure == kNoFiles);
}

TEST_CASE("a pass that fails is made again for a watch that was ready") {
  Rig rig;
  rig.machine.put({1, "x"});
  Watch& watch = rig.begin();
  rig.machine.with_host([](FakeHost& host) { host.on_begin = kNoFiles; });
  rig.machine.end(1);
  rig.news->lose(1);
  rig.pass_time(20);
  CHECK(rig.told(watch) == Told{});
  CHECK(rig.news->timeout() == 500);
  rig.machine.with_host([](FakeHost& host) { host.on_begin = kOk; });
  rig.pass_time(500);
  CHECK(rig.told(watch) == Told{"x1 ?"});
  CHECK(rig.monitor->counters().failed == 1);
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("a change that cannot be looked at is made good by a pass") {
  Rig rig;
  Watch& watch = rig.begin();
  FakeProcess process = {6, "x"};
  process.on_read = kNoFiles;
  rig.machine.put(process);
  rig.news->tell(Change::executed, 6);
  CHECK(rig.told(watch) == Told{});
  rig.machine.put({6, "x"});
  rig.pass_time(20);
  CHECK(rig.told(watch) == Told{"+6"});
}

TEST_CASE("a process that is hidden from this user is no match and no failure") {
  Rig rig;
  Watch& watch = rig.begin();
  FakeProcess process = {6, "x"};
  process.on_read = failure(Call::openat, EACCES);
  rig.machine.put(process);
  rig.news->tell(Change::executed, 6);
  CHECK(rig.told(watch) == Told{});
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("polling tells what came and went, and the end of matches by their handles at once") {
  Rig rig;
  rig.machine.put({1, "x"});
  rig.machine.put({2, "x"});
  rig.start();
  Watch& watch = rig.add_polling();
  CHECK(rig.told(watch) == Told{"polling", "+1e", "+2e", "ready"});
  rig.machine.end(1, {3, 0});
  CHECK(rig.told(watch) == Told{"x1 3"});
  CHECK(rig.monitor->counters().passes == 1);
  FakeProcess born = {7, "x"};
  born.startTime = 1e12 + 1000000;
  rig.machine.put(born);
  rig.pass_time(1000);
  CHECK(rig.told(watch) == Told{"+7b"});
  rig.machine.end(7, {-1, 15});
  CHECK(rig.told(watch) == Told{"x7 SIG15"});
}

TEST_CASE("polling without handles finds out about ends by its passes") {
  Rig rig;
  rig.machine.on_open_handle = kUnsupported;
  rig.machine.put({1, "x"});
  rig.machine.put({2, "x"});
  rig.machine.exits_to_anyone["host:2"] = {5, 0};
  rig.start();
  Watch& watch = rig.add_polling();
  rig.told(watch);
  rig.machine.end(1);
  rig.machine.end(2);
  CHECK(rig.told(watch) == Told{});
  rig.pass_time(1000);
  Told ends = rig.told(watch);
  CHECK(std::set<std::string>(ends.begin(), ends.end()) == std::set<std::string>{"x1 ?", "x2 5"});
  CHECK(rig.monitor->waits().counters().polled == 0);
}

TEST_CASE("of several watches that poll the shortest interval counts, until it is closed") {
  Rig rig;
  rig.start();
  Watch& slow = rig.add_polling(1000);
  rig.rest();
  Watch& fast = rig.add_polling(50);
  rig.rest();
  CHECK(rig.monitor->counters().interval == 50);
  CHECK(rig.news->timeout() == 50);
  fast.close();
  rig.monitor->wake();
  rig.pass_time(50);
  rig.rest();
  CHECK(rig.monitor->counters().interval == 1000);
  CHECK(rig.news->timeout() == 1000);
  slow.close();
  rig.monitor->wake();
  rig.rest();
  CHECK(rig.news->timeout() == -1);
  CHECK(rig.monitor->counters().interval == 0);
}

TEST_CASE("polling that costs too much is made more seldom") {
  Rig rig;
  rig.machine.put({1, "x"});
  rig.machine.host.on_visit = [&rig](int32_t) {
    rig.machine.cpu_time += 50;
    rig.machine.clock += 50;
  };
  rig.start();
  rig.add(by(Backend::polling));  // one hundredth of a core
  rig.rest();
  CHECK(rig.monitor->counters().interval == 5000);
  CHECK(rig.news->timeout() == 4950);
}

TEST_CASE("a pass for listed watches alone visits the listed processes alone") {
  Rig rig;
  for (int32_t pid = 1; pid <= 9; pid++) rig.machine.put({pid, "x"});
  rig.start();
  Watch& first = rig.add(by(Backend::polling), {2, 4});
  CHECK(rig.told(first) == Told{"polling", "+2e", "+4e", "ready"});
  Watch& second = rig.add(by(Backend::polling), {4, 7});
  CHECK(rig.told(second) == Told{"polling", "+4e", "+7e", "ready"});
  rig.machine.with_host([](FakeHost& host) {
    CHECK(host.visited == std::vector<int32_t>{2, 4, 2, 4, 7});
  });
}

TEST_CASE("a match that others reject by its name is forgotten") {
  Rig rig;
  rig.machine.put({5, "x"});
  Watch& watch = rig.begin();
  REQUIRE(rig.numbers.size() == 1);
  const int32_t pair[] = {5, static_cast<int32_t>(rig.numbers[0])};
  REQUIRE(rig.monitor->forget(watch.token(), pair, 1) == kOk);
  rig.rest();
  rig.machine.end(5);
  rig.news->tell(Change::exited, 5, {0, 0});
  CHECK(rig.told(watch) == Told{});
}

TEST_CASE("a watch that is closed is told nothing more and the others are") {
  Rig rig;
  rig.start();
  Watch& closed = rig.add();
  Watch& open = rig.add();
  rig.told(closed);
  rig.told(open);
  closed.close();
  rig.monitor->wake();
  rig.machine.put({5, "x"});
  rig.news->tell(Change::executed, 5);
  CHECK(rig.told(open) == Told{"+5"});
  CHECK(rig.told(closed) == Told{});
  CHECK(rig.news->is_subscribed);
}

TEST_CASE("somebody is notified once until the notices are taken") {
  Rig rig;
  rig.start();
  Watch& watch = rig.add();
  rig.rest();
  CHECK(rig.notified == 1);
  rig.machine.put({5, "x"});
  rig.told(watch);
  rig.news->tell(Change::executed, 5);
  rig.rest();
  CHECK(rig.notified == 1);
  CHECK(rig.notices() == Told{"watch 1"});
  rig.told(watch);
  rig.news->tell(Change::executed, 5);
  rig.rest();
  CHECK(rig.notified == 2);
}

TEST_CASE("a wait is over when the handle says so, with the code") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.machine.put({6, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity::of("host:5")) == kOk);
  REQUIRE(rig.monitor->waits().add(2, 6, Identity()) == kOk);
  CHECK(rig.monitor->waits().counters().waiting == 2);
  CHECK(rig.monitor->waits().counters().polled == 0);
  CHECK(rig.notices() == Told{});
  CHECK(rig.news->timeout() == -1);
  rig.machine.end(5, {42, 0});
  CHECK(rig.notices() == Told{"wait 1 42"});
  rig.machine.end(6, {-1, 9});
  CHECK(rig.notices() == Told{"wait 2 SIG9"});
  CHECK(rig.monitor->waits().counters().waiting == 0);
  CHECK(rig.machine.holds.empty());
}

TEST_CASE("there is nothing to wait for when the process is gone or another one") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.start();
  CHECK(rig.monitor->waits().add(1, 9, Identity()) == kGone);
  CHECK(rig.monitor->waits().add(1, 5, Identity::of("before")) == kGone);
  CHECK(rig.monitor->waits().counters().waiting == 0);
  CHECK(rig.machine.holds.empty());
}

TEST_CASE("a process that has ended but was not reaped keeps a wait for a moment only") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.machine.put({6, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  REQUIRE(rig.monitor->waits().add(2, 6, Identity()) == kOk);
  rig.news->tell_end_of_handle(1);
  rig.news->tell_end_of_handle(2);
  CHECK(rig.notices() == Told{});
  CHECK(rig.news->timeout() == 100);
  rig.pass_time(60);
  rig.machine.end(6, {1, 0});  // reaped
  CHECK(rig.notices() == Told{"wait 2 1"});
  rig.pass_time(40);
  CHECK(rig.notices() == Told{"wait 1 ?"});
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("a wait without a handle asks ten times a second") {
  for (bool has_no_room : {false, true}) {
    CAPTURE(has_no_room);
    Rig rig;
    if (has_no_room) {
      rig.news->on_follow = failure(Call::epoll_ctl, ENOSPC);
    } else {
      rig.machine.on_open_handle = failure(Call::pidfd_open, EMFILE);
    }
    rig.machine.put({5, "y"});
    rig.machine.exits_to_anyone["host:5"] = {2, 0};
    rig.news->on_subscribe = failure(Call::bind, EPERM);
    rig.start();
    REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
    CHECK(rig.notices() == Told{});
    CHECK(rig.monitor->waits().counters().waiting == 1);
    CHECK(rig.monitor->waits().counters().polled == 1);
    if (!has_no_room)
      CHECK(rig.monitor->waits().counters().refusal == failure(Call::pidfd_open, EMFILE));
    CHECK(rig.news->timeout() == 100);
    rig.pass_time(100);
    CHECK(rig.notices() == Told{});
    rig.machine.with_host([](FakeHost& host) { host.find(5)->state = State::zombie; });
    rig.pass_time(100);
    CHECK(rig.notices() == Told{"wait 1 2"});
    CHECK(rig.monitor->waits().counters().waiting == 0);
    CHECK(rig.monitor->waits().counters().polled == 0);
    CHECK(rig.monitor->waits().counters().polls == 3);
    CHECK(rig.news->timeout() == -1);
  }
}

TEST_CASE("a wait without a handle is over when the PID is another process's") {
  Rig rig;
  rig.machine.on_open_handle = kUnsupported;
  rig.machine.put({5, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  rig.rest();
  FakeProcess next = {5, "y"};
  next.id = "next";
  rig.machine.put(next);
  rig.pass_time(1000);
  rig.pass_time(100);  // a change may have been about to tell how
  CHECK(rig.notices() == Told{"wait 1 ?"});
}

TEST_CASE("a wait that is cancelled is told nothing and holds nothing") {
  Rig rig;
  rig.machine.put({5, "y"});
  rig.start();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  rig.machine.on_open_handle = kUnsupported;
  REQUIRE(rig.monitor->waits().add(2, 5, Identity()) == kOk);
  rig.monitor->waits().cancel(1, false);
  rig.monitor->waits().cancel(1, false);
  rig.monitor->waits().cancel(2, false);
  CHECK(rig.machine.holds.empty());
  CHECK(rig.monitor->waits().counters().waiting == 0);
  CHECK(rig.monitor->waits().counters().polled == 0);
  rig.machine.end(5);
  rig.news->tell_end_of_handle(1);  // was on its way
  CHECK(rig.notices() == Told{});
}

TEST_CASE("a monitor that is stopped during a pass ends without finishing it") {
  Rig rig;
  for (int32_t pid = 1; pid <= 5000; pid++) rig.machine.put({pid, "x"});
  std::atomic<bool> is_under_way{false};
  std::atomic<bool> is_stopped{false};
  rig.machine.host.on_visit = [&](int32_t pid) {
    if (pid != 10) return;
    is_under_way = true;
    while (!is_stopped) std::this_thread::yield();
  };
  rig.start();
  rig.add();
  while (!is_under_way) std::this_thread::yield();
  rig.monitor->stop();
  is_stopped = true;
  rig.stop();
  CHECK(rig.machine.host.visited.size() <= 11);
  CHECK(rig.machine.host.ended == 1);
  CHECK(rig.finished == 1);
}

TEST_CASE("a monitor that is stopped at rest ends, with all that it held") {
  Rig rig;
  rig.machine.put({5, "x"});
  rig.begin();
  REQUIRE(rig.monitor->waits().add(1, 5, Identity()) == kOk);
  rig.stop();
  CHECK(rig.finished == 1);
  rig.monitor.reset();
  CHECK(rig.machine.holds.empty());
}

TEST_CASE("a monitor that was never started lets go of the watches that were added") {
  Rig rig;
  rig.add();
}

TEST_CASE("a watch that falls behind is told the rest when there is room again") {
  Rig rig;
  for (int32_t pid = 1; pid <= 30; pid++) {
    FakeProcess process = {pid, "x"};
    process.cmdline = std::string(100000, 'y');
    rig.machine.put(process);
  }
  rig.start();
  Watch& watch = rig.add({}, {}, true);
  Told all;
  for (int round = 0; round < 5; round++) {
    Told told = rig.told(watch);
    all.insert(all.end(), told.begin(), told.end());
  }
  Told expected = {"events"};
  for (int32_t pid = 1; pid <= 30; pid++) expected.push_back("+" + std::to_string(pid) + "e");
  expected.push_back("ready");
  CHECK(all == expected);
  CHECK(rig.news->timeout() == -1);
}

TEST_CASE("whatever happens on a machine, and whatever of it is lost, adds up to what is there") {
  Random random(101);
  for (Backend backend : {Backend::events, Backend::polling}) {
    CAPTURE(static_cast<int>(backend));
    Rig rig;
    rig.start();
    Watch& watch = rig.add(by(backend));
    std::set<std::string> matches;
    auto hear = [&] {
      for (const std::string& text : rig.told(watch)) {
        std::string pid = text.substr(1, text.find_first_of(" eb", 1) - 1);
        if (text[0] == '+') matches.insert(pid);
        if (text[0] == '-' || text[0] == 'x') REQUIRE(matches.erase(pid) == 1);
      }
    };
    for (int round = 0; round < 150; round++) {
      CAPTURE(round);
      bool is_lost = false;
      auto tell = [&](Change::Kind kind, int32_t pid) {
        if (random.below(20) == 0) {
          is_lost = true;
        } else {
          rig.news->tell(kind, pid, {0, 0});
        }
      };
      for (size_t i = random.below(30); i > 0; i--) {
        auto pid = static_cast<int32_t>(random.below(30)) + 1;
        FakeProcess process;
        bool exists = false;
        rig.machine.with_host([&](FakeHost& host) {
          if (const FakeProcess* found = host.find(pid)) exists = true, process = *found;
        });
        process.pid = pid;
        if (exists && random.below(2) == 0) {
          rig.machine.end(pid, {0, 0});
          tell(Change::exited, pid);
          continue;
        }
        process.comm = random.below(2) == 0 ? "x" : "other";
        if (!exists) process.id = std::to_string(random.next());
        if (!exists) process.stamp = static_cast<uint32_t>(random.next());
        rig.machine.put(process);
        tell(exists ? Change::executed : Change::forked, pid);
        if (random.below(8) == 0) rig.rest();
        if (random.below(8) == 0) rig.news->pass_time(static_cast<int64_t>(random.below(12)));
      }
      if (is_lost) rig.news->lose(1);
      rig.pass_time(1000);
      hear();
      // What polling has to find out by turns is found in a pass over so few.
      std::set<std::string> expected;
      for (const FakeProcess& process : rig.machine.host.processes) {
        if (process.comm == "x") expected.insert(std::to_string(process.pid));
      }
      REQUIRE(matches == expected);
    }
  }
}

TEST_CASE("watches and waits may come and go from another thread while the monitor is busy") {
  Rig rig;
  for (int32_t pid = 1; pid <= 20; pid++) rig.machine.put({pid, pid % 2 ? "x" : "y"});
  rig.start();
  std::atomic<bool> is_over{false};
  std::thread script([&] {
    Random random(7);
    while (!is_over) {
      auto pid = static_cast<int32_t>(random.below(20)) + 1;
      rig.news->tell(random.below(2) == 0 ? Change::executed : Change::exited, pid, {0, 0});
      if (random.below(10) == 0) rig.news->lose(1);
      rig.news->pass_time(5);
      std::this_thread::yield();
    }
  });
  Random random(8);
  for (int32_t i = 1; i <= 200; i++) {
    Watch& watch = random.below(2) == 0 ? rig.add() : rig.add_polling(10);
    auto pid = static_cast<int32_t>(random.below(20)) + 1;
    CHECK(rig.monitor->waits().add(i, pid, Identity()) == kOk);
    (void)take(watch);
    (void)take(*rig.watches[random.below(rig.watches.size())]);
    Bytes notices;
    rig.monitor->take(notices);
    (void)rig.monitor->counters();
    (void)rig.monitor->waits().counters();
    (void)rig.why_no_events();
    const int32_t pair[] = {pid, static_cast<int32_t>(random.below(50))};
    CHECK(rig.monitor->forget(watch.token(), pair, 1) == kOk);
    if (random.below(2) == 0) rig.monitor->waits().cancel(i, false);
    rig.watches[random.below(rig.watches.size())]->close();
    rig.monitor->wake();
  }
  is_over = true;
  script.join();
}

TEST_CASE("a watch that has room again before a pass may be made has its pass in time") {
  Rig rig;
  for (int32_t pid = 1; pid <= 5; pid++) {
    FakeProcess process = {pid, "x"};
    process.cmdline = std::string(300000, 'y');
    rig.machine.put(process);
  }
  rig.start();
  Watch& watch = rig.add({}, {}, true);
  for (int i = 0; i < 4; i++) rig.told(watch);
  rig.news->lose(1);
  for (int i = 0; i < 6; i++) rig.news->tell(Change::executed, 1);
  rig.machine.end(2);
  rig.rest();
  CHECK(watch.is_behind());
  rig.told(watch);
  rig.rest();
  CHECK(rig.news->timeout() == 20);
  rig.pass_time(1000);
  CHECK(rig.told(watch) == Told{"x2 ?"});
}

TEST_CASE("a copy whose first thread ends while it settles is told when it has others") {
  Rig rig;
  Watch& watch = rig.begin();
  FakeProcess process = {6, "x"};
  process.threads = 3;
  rig.machine.put(process);
  rig.news->tell(Change::forked, 6);
  rig.machine.stop_first_thread(6);
  rig.news->tell(Change::exited, 6, {0, 0});
  rig.pass_time(10);
  CHECK(rig.told(watch) == Told{"+6b"});
}

TEST_CASE("a copy that ends while it settles is not told when it is found as a zombie") {
  Rig rig;
  Watch& watch = rig.begin();
  FakeProcess process = {6, "x"};
  process.state = State::zombie;
  rig.machine.put(process);
  rig.news->tell(Change::forked, 6);
  rig.news->tell(Change::exited, 6, {0, 0});
  rig.pass_time(10);
  CHECK(rig.told(watch) == Told{});
}

TEST_CASE("a copy that settles is told although nothing was heard for a second and a half") {
  Rig rig;
  Watch& watch = rig.begin();
  rig.machine.put({6, "x"});
  rig.news->tell(Change::forked, 6);
  rig.rest();
  rig.machine.put({7, "other"});
  Change forked;
  forked.kind = Change::forked;
  forked.pid = 7;
  rig.machine.clock += 1500;
  rig.news->tell_all({forked});
  CHECK(rig.told(watch) == Told{"+6b"});
}

TEST_CASE("a storm of losses that lasts does not keep passes from being made") {
  Rig rig;
  rig.begin();
  rig.machine.put({6, "x"});
  auto storm = [&rig] {
    for (int i = 0; i < 500; i++) {
      rig.news->lose(1);
      rig.rest();
      rig.news->pass_time(10);
    }
    rig.rest();
  };
  storm();
  CHECK(rig.monitor->counters().resyncs > 0);
  CHECK(rig.monitor->counters().changes == 0);
  Watch& second = rig.add();
  storm();
  CHECK(second.is_ready());
}

TEST_CASE("a watch without room is told later that it has to poll") {
  Rig rig;
  FakeProcess process = {1, "x"};
  process.cmdline = std::string(600000, 'y');
  rig.machine.put(process);
  rig.start();
  Watch& watch = rig.add({}, {}, true);
  rig.told(watch);
  for (int i = 0; i < 3; i++) rig.news->tell(Change::executed, 1);
  rig.rest();
  CHECK(watch.is_behind());
  rig.news->fail(failure(Call::recv, EIO));
  Told all;
  for (int i = 0; i < 4; i++) {
    for (auto& told : rig.told(watch)) all.push_back(told);
    rig.pass_time(1000);
  }
  CHECK(std::count(all.begin(), all.end(), "polling") == 1);
}

TEST_CASE("the monitor's own waits do not count among those of others") {
  Rig rig;
  rig.machine.on_open_handle = kUnsupported;
  FakeProcess process = {5, "x"};
  process.threads = 3;
  rig.machine.put(process);
  Watch& watch = rig.begin();
  rig.machine.stop_first_thread(5);
  rig.news->tell(Change::exited, 5, {0, 0});
  rig.told(watch);
  CHECK(rig.monitor->waits().counters().polled == 0);
  CHECK(rig.news->timeout() >= 0);
}

TEST_CASE("nobody looks for the end of what no longer matches") {
  Rig rig;
  FakeProcess process = {5, "x"};
  process.threads = 3;
  rig.machine.put(process);
  Watch& watch = rig.begin();
  rig.machine.on_open_handle = kUnsupported;
  rig.machine.stop_first_thread(5);
  rig.news->tell(Change::exited, 5, {0, 0});
  rig.rest();
  CHECK(rig.news->timeout() >= 0);
  rig.machine.with_host([](FakeHost& host) { host.find(5)->comm = "other"; });
  rig.news->tell(Change::renamed, 5);
  CHECK(rig.told(watch) == Told{"-5"});
  rig.pass_time(100);
  rig.rest();
  CHECK(rig.news->timeout() == -1);
}
