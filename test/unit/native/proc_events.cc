// Messages of the kernel's process events as they come from a socket.
#include "linux/proc_events.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>
#include <initializer_list>
#include <string>

#include "exact_bytes.h"
#include "random.h"
#include "wait_status.h"

using namespace procseek;

namespace {

// linux/cn_proc.h
constexpr uint32_t kReceipt = 0;
constexpr uint32_t kFork = 0x1;
constexpr uint32_t kExec = 0x2;
constexpr uint32_t kUid = 0x4;
constexpr uint32_t kGid = 0x40;
constexpr uint32_t kSession = 0x80;
constexpr uint32_t kPtrace = 0x100;
constexpr uint32_t kComm = 0x200;
constexpr uint32_t kCoreDump = 0x40000000;
constexpr uint32_t kExit = 0x80000000;

constexpr size_t kHead = 16 + 20;        // struct nlmsghdr, struct cn_msg
constexpr size_t kNumbers = kHead + 16;  // what, CPU, timestamp

void put(std::string& bytes, uint32_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// As the kernel sends it: the whole union, whatever is used of it.
std::string message(uint32_t what, std::initializer_list<uint32_t> numbers, uint32_t index = 1,
                    uint32_t value = 1) {
  std::string bytes;
  for (uint32_t number : {76u, 3u, 0u, 0u}) put(bytes, number);              // nlmsghdr
  for (uint32_t number : {index, value, 42u, 0u, 40u}) put(bytes, number);   // cn_msg
  for (uint32_t number : {what, 1u, 0x12345678u, 0x9u}) put(bytes, number);  // proc_event
  for (uint32_t number : numbers) put(bytes, number);
  bytes.resize(kNumbers + 24, '\0');
  return bytes;
}

struct Parsed {
  bool is_change = false;
  Change change;
  Receipt receipt;
};

Parsed parse(std::string_view text) {
  ExactBytes bytes(text);
  Parsed parsed;
  parsed.is_change = parse_proc_event(bytes.view(), parsed.change, parsed.receipt);
  return parsed;
}

}  // namespace

TEST_CASE("a change tells when it was, to the millisecond") {
  // 0x9'12345678 nanoseconds.
  CHECK(parse(message(kExec, {11, 11})).change.time == 38960);
}

TEST_CASE("a fork tells the new process") {
  Parsed parsed = parse(message(kFork, {10, 10, 11, 11}));
  REQUIRE(parsed.is_change);
  CHECK(parsed.change.kind == Change::forked);
  CHECK(parsed.change.pid == 11);
  CHECK_FALSE(parsed.receipt.is_one);
}

TEST_CASE("a fork by a thread that is not its process's first one tells the new process") {
  Parsed parsed = parse(message(kFork, {12, 10, 11, 11}));
  REQUIRE(parsed.is_change);
  CHECK(parsed.change.pid == 11);
}

TEST_CASE("an execution tells its process") {
  Parsed parsed = parse(message(kExec, {11, 11}));
  REQUIRE(parsed.is_change);
  CHECK(parsed.change.kind == Change::executed);
  CHECK(parsed.change.pid == 11);
}

TEST_CASE("a new name and a new owner are changes of the same kind") {
  for (const std::string& bytes : {message(kComm, {11, 11, 0x61616161, 0x61616161, 0, 0}),
                                   message(kUid, {11, 11, 1000, 1000})}) {
    Parsed parsed = parse(bytes);
    REQUIRE(parsed.is_change);
    CHECK(parsed.change.kind == Change::renamed);
    CHECK(parsed.change.pid == 11);
  }
}

TEST_CASE("an exit tells the code or the signal") {
  Parsed parsed = parse(message(kExit, {11, 11, 3 << 8, 17, 10, 10}));
  REQUIRE(parsed.is_change);
  CHECK(parsed.change.kind == Change::exited);
  CHECK(parsed.change.pid == 11);
  CHECK(parsed.change.exit.code == 3);
  CHECK(parsed.change.exit.signal == 0);
  parsed = parse(message(kExit, {11, 11, 9, 17, 10, 10}));
  CHECK(parsed.change.exit.code == -1);
  CHECK(parsed.change.exit.signal == 9);
  parsed = parse(message(kExit, {11, 11, 0x80 | 11, 17, 10, 10}));  // with a core dump
  CHECK(parsed.change.exit.signal == 11);
}

TEST_CASE("what happens to threads other than the first one of a process is no change") {
  CHECK_FALSE(parse(message(kFork, {10, 10, 12, 10})).is_change);
  CHECK_FALSE(parse(message(kExec, {12, 10})).is_change);
  CHECK_FALSE(parse(message(kComm, {12, 10, 0x61616161})).is_change);
  CHECK_FALSE(parse(message(kUid, {12, 10, 0, 0})).is_change);
  CHECK_FALSE(parse(message(kExit, {12, 10, 0, 17})).is_change);
}

TEST_CASE("process events of other kinds are no change") {
  for (uint32_t what : {kGid, kSession, kPtrace, kCoreDump, 0x20000000u, 0x3u, 0xffffffffu}) {
    CAPTURE(what);
    Parsed parsed = parse(message(what, {11, 11, 1, 1}));
    CHECK_FALSE(parsed.is_change);
    CHECK_FALSE(parsed.receipt.is_one);
  }
}

TEST_CASE("numbers that are no PID make no change") {
  CHECK_FALSE(parse(message(kFork, {0, 0, 0, 0})).is_change);
  CHECK_FALSE(parse(message(kExec, {0, 0})).is_change);
  CHECK_FALSE(parse(message(kExit, {0xffffffff, 0xffffffff, 0})).is_change);
  CHECK_FALSE(parse(message(kFork, {1, 1, 0x80000000, 0x80000000})).is_change);
}

TEST_CASE("a receipt is told with its error and is no change") {
  for (uint32_t error : {0u, 1u, 22u}) {
    Parsed parsed = parse(message(kReceipt, {error}));
    CHECK_FALSE(parsed.is_change);
    CHECK(parsed.receipt.is_one);
    CHECK(parsed.receipt.error == error);
  }
}

TEST_CASE("a receipt is not remembered by the message behind it") {
  Change change;
  Receipt receipt;
  std::string bytes = message(kReceipt, {22});
  CHECK_FALSE(parse_proc_event(bytes, change, receipt));
  bytes = message(kExec, {11, 11});
  CHECK(parse_proc_event(bytes, change, receipt));
  CHECK_FALSE(receipt.is_one);
  CHECK_FALSE(parse_proc_event("", change, receipt));
  CHECK_FALSE(receipt.is_one);
}

TEST_CASE("messages of other connectors are none of ours") {
  for (auto [index, value] : {std::pair{2u, 1u}, {1u, 2u}, {0u, 0u}, {0xffffffffu, 1u}}) {
    CHECK_FALSE(parse(message(kExec, {11, 11}, index, value)).is_change);
    CHECK_FALSE(parse(message(kReceipt, {0}, index, value)).receipt.is_one);
  }
}

TEST_CASE("a message that is cut short tells nothing") {
  const std::string whole[] = {message(kFork, {10, 10, 11, 11}), message(kExec, {11, 11}),
                               message(kComm, {11, 11}), message(kExit, {11, 11, 9, 17})};
  const size_t needed[] = {kNumbers + 16, kNumbers + 8, kNumbers + 8, kNumbers + 12};
  for (size_t i = 0; i < std::size(whole); i++) {
    for (size_t length = 0; length <= whole[i].size(); length++) {
      CAPTURE(i);
      CAPTURE(length);
      Parsed parsed = parse(std::string_view(whole[i]).substr(0, length));
      CHECK(parsed.is_change == (length >= needed[i]));
    }
  }
}

TEST_CASE("a message that is longer than any known one is read as far as it is known") {
  Parsed parsed = parse(message(kExec, {11, 11}) + std::string(500, '\xff'));
  REQUIRE(parsed.is_change);
  CHECK(parsed.change.pid == 11);
}

TEST_CASE("random messages are survived and name no impossible process") {
  Random random(31);
  const std::vector<uint32_t> kinds = {kReceipt, kFork, kExec, kUid, kComm, kExit, kPtrace};
  for (int i = 0; i < 50000; i++) {
    CAPTURE(i);
    std::string bytes;
    if (random.below(4) == 0) {
      bytes = random.bytes(120);
    } else {
      auto number = [&random] { return static_cast<uint32_t>(random.next() >> 40); };
      bytes = message(random.one_of(kinds), {number(), number(), number(), number()});
      if (random.below(2) == 0) bytes = random.mutated(bytes);
    }
    Parsed parsed = parse(bytes);
    if (!parsed.is_change) continue;
    REQUIRE(parsed.change.pid > 0);
    REQUIRE_FALSE(parsed.receipt.is_one);
    REQUIRE(parsed.change.kind <= Change::exited);
    REQUIRE(parsed.change.exit.code >= -1);
    REQUIRE(parsed.change.exit.code <= 255);
  }
}

// The kernel drops all that comes until what it had room for has been read, and says so once.
TEST_CASE("that changes were lost is told as it begins, and when it is over") {
  ProcEvents events;
  if (events.open() != kOk) {
    MESSAGE(events.why_not());
    return;
  }
  auto rename = [] { ::prctl(PR_SET_NAME, "renamed"); };
  for (int i = 0; i < 20000; i++) rename();
  Change change;
  REQUIRE(events.next(change) == kOk);
  CHECK(change.kind == Change::lost);
  rename();  // there is no room

  size_t kept = 0;
  Status status;
  while ((status = events.next(change)) == kOk && change.kind != Change::lost) kept++;
  REQUIRE(status == kOk);
  CHECK(kept > 0);
  CHECK(kept < 20000);

  rename();
  do {
    REQUIRE(events.next(change) == kOk);
    REQUIRE(change.kind != Change::lost);
  } while (change.kind != Change::renamed || change.pid != ::getpid());
}
