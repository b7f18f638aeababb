// What a watch tells of processes that are shown to it.
#include "watch.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "fake_source.h"
#include "random.h"
#include "told.h"

using namespace procseek;

namespace {

struct Case {
  explicit Case(std::string names = "x", FieldMask fields = bit(Field::pid),
                WatchOptions options = {}, bool tells_ended = false) {
    QueryOptions query;
    query.text_limit = Record::kMostTextLimit;
    query.tells_ended = tells_ended;
    query.any_name = names.empty();
    query.fields = fields;
    watch.reset(new Watch(1, query, options));
    if (names.empty()) return;
    for (char& c : names) c = c == ' ' ? '\0' : c;
    REQUIRE(watch->query().assign_names(names + '\0', false) == kOk);
  }

  FakeProcess& process(int32_t pid, std::string comm = "x") {
    return host.put({pid, std::move(comm)});
  }
  void remove(int32_t pid) {
    host.processes.erase(host.processes.begin() + (host.find(pid) - host.processes.data()));
  }

  // A change, as the monitor shows it.
  Status change(int32_t pid, bool is_birth = false) {
    FakeSource source(host);
    Record record;
    Sight sight;
    sight.is_birth = is_birth;
    Status status = source.find(pid, 0, record);
    return status == kOk ? watch->show(source, record, sight) : status;
  }

  Status pass(double wall_time = 1e12, int64_t now = 1000000) {
    FakeSource source(host);
    Record record;
    Walk walk;
    walk.comm = watch->wants_comm();
    Sight sight;
    sight.pass = ++passes;
    sight.now = now;
    sight.wall_time = wall_time;
    watch->needs_pass = false;
    REQUIRE(source.begin(walk) == kOk);
    Status status;
    while ((status = source.next(record)) == kOk) {
      if ((status = watch->show(source, record, sight)) != kOk) return status;
    }
    return status == kEnd ? watch->end_pass(sight.pass) : status;
  }
  void begin() {
    REQUIRE(pass() == kOk);
    watch->tell_ready(kOk);
    take();
  }

  Told take() {
    return ::take(*watch, (watch->query().told_fields() & bit(Field::cmdline)) != 0).told;
  }

  FakeHost host;
  HeldWatch watch;
  uint32_t passes = 0;
};

}  // namespace

TEST_CASE("the first pass tells those that exist and the next one tells nothing new") {
  Case one;
  one.process(1);
  one.process(2, "other");
  one.process(3);
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"+1e", "+3e"});
  one.watch->tell_ready(kOk);
  CHECK(one.take() == Told{"ready"});
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{});
}

TEST_CASE("a process that starts and ends is told once each") {
  Case one;
  one.begin();
  one.process(5);
  CHECK(one.change(5, true) == kOk);
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"+5b"});
  REQUIRE(one.watch->known(5) != nullptr);
  one.watch->exited(5, {3, 0});
  one.watch->exited(5, {3, 0});
  one.remove(5);
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"x5 3"});
  CHECK(one.watch->known(5) == nullptr);
}

TEST_CASE("a match that a pass does not come by has ended") {
  Case one;
  one.process(1);
  one.process(2);
  one.begin();
  one.remove(1);
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"x1 ?"});
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{});
}

TEST_CASE("a change of a match is told each time") {
  Case one;
  one.process(1);
  one.begin();
  CHECK(one.change(1) == kOk);
  CHECK(one.change(1) == kOk);
  CHECK(one.take() == Told{"+1", "+1"});
}

TEST_CASE("a change of a process that does not match is told to nobody") {
  Case one;
  one.process(1, "other");
  one.begin();
  CHECK(one.change(1, true) == kOk);
  CHECK(one.take() == Told{});
}

TEST_CASE("a match that takes another name is told as none, by a change or by a pass") {
  for (bool by_pass : {false, true}) {
    CAPTURE(by_pass);
    Case one;
    one.process(1);
    one.begin();
    one.host.processes[0].comm = "other";
    CHECK((by_pass ? one.pass() : one.change(1)) == kOk);
    CHECK(one.take() == Told{"-1"});
    CHECK(one.watch->known(1) == nullptr);
    CHECK(one.pass() == kOk);
    CHECK(one.take() == Told{});
  }
}

TEST_CASE("a match that loses its memory, and its name with it, is ending") {
  for (bool is_lost_before : {false, true}) {
    CAPTURE(is_lost_before);
    Case one;
    one.process(1).vsize = 4096;
    one.begin();
    FakeProcess& ending = one.host.processes[0];
    ending.comm = "other";
    if (is_lost_before) ending.vsize = 0;
    one.host.on_look = [&ending](int32_t) { ending.vsize = 0; };
    CHECK(one.pass() == kOk);
    CHECK(one.take() == Told{});
    one.remove(1);
    CHECK(one.pass() == kOk);
    CHECK(one.take() == Told{"x1 ?"});
  }
}

TEST_CASE("a match that takes another name that matches as well is told again") {
  Case one("x y");
  one.process(1);
  one.begin();
  one.host.processes[0].comm = "y";
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"+1"});
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{});
}

TEST_CASE("a process that comes to match is told") {
  Case one;
  one.process(1, "other");
  one.begin();
  one.host.processes[0].comm = "x";
  CHECK(one.change(1) == kOk);
  CHECK(one.take() == Told{"+1"});
}

TEST_CASE("another process by the same PID is an end and a start to a pass") {
  Case one;
  one.process(1);
  one.begin();
  one.host.processes[0].id = "next";
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"x1 ?", "+1"});
  CHECK(*one.watch->known(1) == Identity::of("next"));
}

TEST_CASE("another process by the same PID that does not match is an end to a pass") {
  Case one;
  one.process(1);
  one.begin();
  one.host.processes[0].id = "next";
  one.host.processes[0].comm = "other";
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"x1 ?"});
}

TEST_CASE("another process by the same PID is left to the change that is on its way") {
  Case one;
  one.process(1);
  one.begin();
  one.host.processes[0].id = "next";
  CHECK(one.change(1, true) == kOk);
  CHECK(one.take() == Told{});
  one.watch->exited(1, {0, 0});
  CHECK(one.change(1, true) == kOk);
  CHECK(one.take() == Told{"x1 0", "+1b"});
}

TEST_CASE("a zombie is no match to a pass and one to a change") {
  Case one;
  one.process(1).state = State::zombie;
  one.begin();
  CHECK(one.watch->known(1) == nullptr);
  CHECK(one.change(1, true) == kOk);
  CHECK(one.take() == Told{"+1b"});
}

TEST_CASE("what has ended before a watch began may be told, with its end next") {
  Case one("x", bit(Field::pid), {}, true);
  one.process(1).state = State::zombie;
  REQUIRE(one.pass() == kOk);
  one.watch->tell_ready(kOk);
  CHECK(one.watch->known(1) == nullptr);
  CHECK(one.take() == Told{"+1e", "x1 ?", "ready"});
  one.process(2).state = State::zombie;
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{});
}

TEST_CASE("a match that has become a zombie has ended as far as a pass can tell") {
  Case one;
  one.process(1);
  one.begin();
  one.host.processes[0].state = State::zombie;
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"x1 ?"});
}

TEST_CASE("a match that has merely lost its first thread goes on") {
  Case one;
  one.process(1).threads = 3;
  one.begin();
  one.host.processes[0].state = State::zombie;
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{});
  one.host.processes[0].threads = 1;
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"x1 ?"});
}

TEST_CASE("processes that are gone or denied when they are read are no failure") {
  for (Status status : {kGone, kDenied}) {
    CAPTURE(status);
    Case one;
    one.process(1).on_read = status;
    CHECK(one.pass() == kOk);
    CHECK(one.take() == Told{});
  }
}

TEST_CASE("what cannot be decided is a failure and leaves what was told as it is") {
  Case one;
  one.process(1);
  one.begin();
  const Status failed = failure(Call::openat, EMFILE);
  one.host.processes[0].on_read = failed;
  CHECK(one.change(1) == failed);
  CHECK(one.pass() == failed);
  one.host.processes[0].on_read = kOk;
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{});
}

TEST_CASE("of a listed watch no other PIDs are looked at") {
  Case one;
  const int32_t pids[] = {3, 5};
  REQUIRE(one.watch->only(pids, 2) == kOk);
  CHECK(one.watch->is_listed());
  for (int32_t pid = 1; pid <= 6; pid++) one.process(pid);
  one.begin();
  for (int32_t pid = 1; pid <= 6; pid++) CHECK(one.change(pid) == kOk);
  CHECK(one.take() == Told{"+3", "+5"});
}

TEST_CASE("a watch over an empty list looks at nobody") {
  Case one;
  REQUIRE(one.watch->only(nullptr, 0) == kOk);
  CHECK(one.watch->is_listed());
  one.process(1);
  CHECK(one.pass() == kOk);
  CHECK(one.change(1) == kOk);
  CHECK(one.take() == Told{});
}

TEST_CASE("what a pass finds was born since the last one or a second before") {
  Case one;
  one.begin();
  one.watch->current_as_of = 1000000;
  one.process(1).startTime = 1e12 - 3000;  // one second before the last pass
  one.process(2).startTime = 1e12 - 3001;
  one.process(3).startTime = 1e12;
  CHECK(one.pass(1e12, 1002000) == kOk);
  CHECK(one.take() == Told{"+1b", "+2", "+3b"});
}

TEST_CASE("those that are told before a watch is ready exist already") {
  Case one;
  one.process(1);
  CHECK(one.change(1, true) == kOk);
  CHECK(one.take() == Told{"+1eb"});
  one.watch->tell_ready(kOk);
  CHECK(one.change(1) == kOk);
  CHECK(one.take() == Told{"ready", "+1"});
}

TEST_CASE("a match is forgotten by the number that it was last told by alone") {
  Case one;
  one.process(1);
  CHECK(one.change(1) == kOk);
  CHECK(one.change(1) == kOk);
  Taken taken = take(*one.watch);
  REQUIRE(taken.numbers.size() == 2);
  one.watch->forget(1, taken.numbers[0]);
  CHECK(one.watch->known(1) != nullptr);
  one.watch->forget(2, taken.numbers[1]);
  CHECK(one.watch->known(1) != nullptr);
  one.watch->forget(1, taken.numbers[1]);
  CHECK(one.watch->known(1) == nullptr);
  one.watch->exited(1, {0, 0});
  CHECK(one.take() == Told{});
}

TEST_CASE("passes are told when they are asked for and the watch is ready") {
  WatchOptions options;
  options.tells_passes = true;
  Case one("x", bit(Field::pid), options);
  CHECK(one.pass() == kOk);
  one.watch->tell_ready(kOk);
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"ready", "pass"});
}

TEST_CASE("that there is something to take is announced once until it is taken") {
  Case one;
  CHECK_FALSE(one.watch->is_to_be_announced());
  one.process(1);
  CHECK(one.change(1) == kOk);
  CHECK(one.watch->is_to_be_announced());
  CHECK_FALSE(one.watch->is_to_be_announced());
  CHECK(one.change(1) == kOk);
  CHECK_FALSE(one.watch->is_to_be_announced());
  CHECK_FALSE(take(*one.watch).has_to_wake);
  CHECK_FALSE(one.watch->is_to_be_announced());
  CHECK(one.change(1) == kOk);
  CHECK(one.watch->is_to_be_announced());
}

TEST_CASE("the backend is told when it is decided") {
  Case one;
  CHECK(one.watch->backend() == Backend::automatic);
  one.watch->use(Backend::events);
  one.watch->use(Backend::polling);
  CHECK(one.take() == Told{"events", "polling"});
  CHECK(one.watch->backend() == Backend::polling);
}

TEST_CASE("a watch with no room left is behind until all is taken and then tells the difference") {
  constexpr FieldMask kFields = bit(Field::pid) | bit(Field::cmdline);
  Case one("x", kFields);
  for (int32_t pid = 1; pid <= 15; pid++) one.process(pid).cmdline = std::string(100000, 'y');
  CHECK(one.pass() == kOk);
  CHECK(one.watch->is_behind());
  CHECK(one.watch->needs_pass);
  CHECK_FALSE(one.watch->has_room());
  one.watch->tell_ready(kOk);
  CHECK_FALSE(one.watch->is_ready());
  Taken taken = take(*one.watch, true);
  CHECK(taken.has_to_wake);
  auto told = static_cast<int32_t>(taken.told.size());
  REQUIRE(told >= 10);
  REQUIRE(told < 15);
  CHECK(one.watch->known(told) != nullptr);
  CHECK(one.watch->known(told + 1) == nullptr);

  // Behind is behind, though there is room again, until a pass begins.
  CHECK(one.change(15) == kOk);
  CHECK(one.take() == Told{});
  CHECK(one.watch->has_room());
  CHECK_FALSE(one.watch->is_behind());

  one.remove(1);
  one.host.find(2)->comm = "other";
  CHECK(one.pass() == kOk);
  Told expected = {"-2e"};
  for (int32_t pid = told + 1; pid <= 15; pid++)
    expected.push_back("+" + std::to_string(pid) + "e");
  expected.push_back("x1 ?");
  CHECK(take(*one.watch, true).told == expected);
}

TEST_CASE("an end that there was no room for is told by the pass that follows") {
  Case one("x", bit(Field::pid) | bit(Field::cmdline));
  one.process(1).cmdline = std::string(600000, 'y');
  one.begin();
  CHECK(one.change(1) == kOk);
  CHECK(one.change(1) == kOk);
  one.watch->exited(1, {0, 0});
  CHECK(one.watch->is_behind());
  CHECK(one.watch->known(1) != nullptr);
  one.remove(1);
  CHECK(take(*one.watch, true).told == Told{"+1", "+1"});
  CHECK(one.watch->has_room());
  CHECK(one.pass() == kOk);
  CHECK(one.take() == Told{"x1 ?"});
}

TEST_CASE("whatever is told late adds up to what is there") {
  constexpr FieldMask kFields = bit(Field::pid) | bit(Field::cmdline);
  Random random(77);
  Case one("x", kFields);
  std::set<std::string> matches;  // as those who listen see them
  int full = 0;
  auto apply = [&] {
    Taken taken = take(*one.watch, true);
    full += taken.has_to_wake;
    for (const std::string& text : taken.told) {
      std::string pid = text.substr(1, text.find_first_of(" eb", 1) - 1);
      if (text[0] == '+') matches.insert(pid);
      if (text[0] == '-') REQUIRE(matches.erase(pid) == 1);
      if (text[0] == 'x') REQUIRE(matches.erase(pid) == 1);
    }
  };
  for (int round = 0; round < 60; round++) {
    for (int i = 0; i < 60; i++) {
      auto pid = static_cast<int32_t>(random.below(40)) + 1;
      FakeProcess* process = one.host.find(pid);
      if (process == nullptr) {
        one.process(pid, random.below(3) == 0 ? "other" : "x");
        process = one.host.find(pid);
        process->cmdline = std::string(40000, 'y');
        process->id = std::to_string(random.next());
      } else if (random.below(3) == 0) {
        one.remove(pid);
        if (random.below(2) == 0) one.watch->exited(pid, {0, 0});  // or the change is lost
        continue;
      } else {
        process->comm = random.below(3) == 0 ? "other" : "x";
      }
      if (random.below(2) == 0) REQUIRE(one.change(pid) == kOk);
      if (random.below(50) == 0) apply();
    }
    // As often as it takes.
    do {
      apply();
      REQUIRE(one.watch->has_room());
      REQUIRE(one.pass() == kOk);
    } while (one.watch->is_behind());
    apply();
    std::set<std::string> expected;
    for (const FakeProcess& process : one.host.processes) {
      if (process.comm == "x") expected.insert(std::to_string(process.pid));
    }
    REQUIRE(matches == expected);
  }
  CHECK(full > 0);
}
