// The other files below /proc/PID.
#include <doctest/doctest.h>

#include <string>

#include "exact_bytes.h"
#include "linux/parse.h"

using namespace procseek;

namespace {

std::string comm_of(std::string_view text) {
  ExactBytes bytes(text);
  return shown(parse_comm(bytes.view()));
}

bool read_owner(std::string_view text, Owner& ret_owner) {
  return parse_status(ExactBytes(text).view(), ret_owner);
}

bool read_ids(std::string_view text, ProcessIds& ret_ids) {
  return parse_ids(ExactBytes(text).view(), ret_ids);
}

bool read_io(std::string_view text, Io& ret_io) {
  return parse_io(ExactBytes(text).view(), ret_io);
}

const std::string kStatus =
    "Name:\tcat\nUmask:\t0022\nState:\tR (running)\nTgid:\t7\nPid:\t7\nPPid:\t1\nTracerPid:\t0\n"
    "Uid:\t1000\t1001\t1002\t1003\nGid:\t2000\t2001\t2002\t2003\nFDSize:\t64\n";

const std::string kIo =
    "rchar: 1948\nwchar: 12\nsyscr: 7\nsyscw: 3\nread_bytes: 4096\nwrite_bytes: 8192\n"
    "cancelled_write_bytes: 512\n";

}  // namespace

TEST_CASE("exactly one newline is taken off a comm") {
  CHECK(comm_of("cat\n") == "cat");
  CHECK(comm_of("cat\n\n") == "cat\\x0a");
  CHECK(comm_of("\n") == "");
  CHECK(comm_of("\n\n\n") == "\\x0a\\x0a");
  CHECK(comm_of("") == "");
  CHECK(comm_of("cat") == "cat");
  CHECK(comm_of(" a b \n") == " a b ");
  CHECK(comm_of("a\nb\n") == "a\\x0ab");
  CHECK(comm_of("\xff\xc3\n") == "\\xff\\xc3");
}

TEST_CASE("status tells the real user and group") {
  Owner owner;
  REQUIRE(read_owner(kStatus, owner));
  CHECK(owner.uid == 1000);
  CHECK(owner.gid == 2000);
}

TEST_CASE("a name that the kernel escaped cannot pass for a line of status") {
  // What proc_pid_status(5) shows for a process that calls itself "x", newline, "Uid:", tab, "0".
  Owner owner;
  REQUIRE(read_owner("Name:\tx\\nUid:\t0\nUid:\t1000\t1\t1\t1\nGid:\t2000\t1\t1\t1\n", owner));
  CHECK(owner.uid == 1000);
  REQUIRE(read_owner("Name:\tUid:\t0\nUid:\t1000\t1\t1\t1\nGid:\t2000\t1\t1\t1\n", owner));
  CHECK(owner.uid == 1000);
  REQUIRE(read_owner("Name:\t\\\\nGid:\t0\nGid:\t7\t1\t1\t1\nUid:\t8\t1\t1\t1\n", owner));
  CHECK(owner.gid == 7);
}

TEST_CASE("the largest user id is one like any other") {
  Owner owner;
  REQUIRE(read_owner("Uid:\t4294967295\t0\t0\t0\nGid:\t4294967294\t0\t0\t0\n", owner));
  CHECK(owner.uid == 4294967295u);
  CHECK(owner.gid == 4294967294u);
}

TEST_CASE("status without both ids is refused wherever it ends") {
  size_t gid = kStatus.find("2000");
  for (size_t length = 0; length <= kStatus.size(); length++) {
    CAPTURE(length);
    Owner owner;
    CHECK(read_owner(std::string_view(kStatus).substr(0, length), owner) == (length > gid));
  }
  Owner owner;
  CHECK_FALSE(read_owner("Uid:\nGid:\t1\n", owner));
  CHECK_FALSE(read_owner("Uid:\tx\nGid:\ty\n", owner));
  CHECK_FALSE(read_owner("uid:\t1\ngid:\t1\n", owner));
  CHECK_FALSE(read_owner("\xff\n\n\nUid", owner));
}

TEST_CASE("status tells the process and in how many namespaces it is numbered") {
  const std::string before = "Name:\tcat\nUmask:\t0022\nState:\tR (running)\nTgid:\t7\nNgid:\t0\n";
  const std::string between = "Pid:\t8\nPPid:\t1\nUid:\t0\t0\t0\t0\nNStgid:\t7\t1\t2\t3\n";
  const std::string after = "NSpgid:\t7\t1\t2\t3\t4\t5\nNSsid:\t0\nVmPeak:\t1 kB\n";
  const struct {
    std::string line;
    int32_t namespaces;
  } cases[] = {{"NSpid:\t8\n", 1},
               {"NSpid:\t8\t1\n", 2},
               {"NSpid:\t4194304\t65\t7\n", 3},
               {"NSpid:\t0\t1\n", 2},
               {"NSpid:\n", 0},
               {"NSpid:\tx\n", 0},
               {"", 0}};
  for (auto& [line, namespaces] : cases) {
    CAPTURE(line);
    for (const std::string& rest : {after, std::string()}) {
      ProcessIds ids;
      REQUIRE(read_ids(before + between + line + rest, ids));
      CHECK(ids.pid == 7);
      CHECK(ids.namespaces == namespaces);
    }
  }
}

TEST_CASE("a name that the kernel escaped cannot pass for the ids of status") {
  ProcessIds ids;
  REQUIRE(read_ids("Name:\tx\\nTgid:\t5\nTgid:\t7\nPid:\t7\nNSpid:\t7\n", ids));
  CHECK(ids.pid == 7);
  CHECK(ids.namespaces == 1);
  ids = {};
  REQUIRE(read_ids("Name:\tTgid:\t5\nTgid:\t7\nNSpid:\t7\t1\n", ids));
  CHECK(ids.pid == 7);
  ids = {};
  REQUIRE(read_ids("Name:\tNSpid:\t5\t6\nTgid:\t7\nNSpid:\t7\t1\t1\n", ids));
  CHECK(ids.pid == 7);
  CHECK(ids.namespaces == 3);
}

TEST_CASE("status without the process is refused") {
  for (const char* text :
       {"", "\n", "Tgid", "Tgid:", "Tgid:\t\n", "Tgid:\tx\n", "tgid:\t7\n", " Tgid:\t7\n",
        "Name:\tcat\nPid:\t7\nNSpid:\t7\n", "NSTgid:\t7\n", "\xff\n\n\nTgi"}) {
    CAPTURE(text);
    ProcessIds ids;
    CHECK_FALSE(read_ids(text, ids));
  }
}

TEST_CASE("ids of status beyond 64 bits do no harm") {
  const std::string huge(300, '9');
  ProcessIds ids;
  REQUIRE(read_ids("Tgid:\t-" + huge + "\nNSpid:\t" + huge + "\t-" + huge + "\n", ids));
  CHECK(ids.namespaces == 2);
  ids = {};
  REQUIRE(read_ids("Tgid:\t2147483647\n", ids));
  CHECK(ids.pid == INT32_MAX);
}

TEST_CASE("io is read by its labels in any order") {
  Io io;
  REQUIRE(read_io(kIo, io));
  CHECK(io.readChars == 1948);
  CHECK(io.writeChars == 12);
  CHECK(io.readCalls == 7);
  CHECK(io.writeCalls == 3);
  CHECK(io.readBytes == 4096);
  CHECK(io.writeBytes == 8192);
  REQUIRE(
      read_io("cancelled_write_bytes: 1\nnew_counter: 2\nwrite_bytes: 3\nread_bytes: 4\n"
              "syscw: 5\nsyscr: 6\nwchar: 7\nrchar: 18446744073709551615\n",
              io));
  CHECK(io.writeBytes == 3);
  CHECK(io.readChars == 18446744073709551616.0);
}

TEST_CASE("io that lacks a line is refused and leaves the result alone") {
  size_t last = kIo.find("8192");
  for (size_t length = 0; length <= kIo.size(); length++) {
    CAPTURE(length);
    Io io;
    io.readChars = -1;
    bool has_all = length > last;
    CHECK(read_io(std::string_view(kIo).substr(0, length), io) == has_all);
    CHECK(io.readChars == (has_all ? 1948 : -1));
  }
}

TEST_CASE("lines end at newlines and at the end") {
  std::string_view text = "a\n\nb";
  std::string_view line;
  std::string seen;
  while (next_line(text, line)) seen += "[" + std::string(line) + "]";
  CHECK(seen == "[a][][b]");
  CHECK_FALSE(next_line(text, line));
  text = "\n";
  CHECK(next_line(text, line));
  CHECK(line.empty());
  CHECK_FALSE(next_line(text, line));
}
