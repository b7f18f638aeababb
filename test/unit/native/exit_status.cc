// How a process ended: the last number of proc_pid_stat(5), and what wait(2) makes of it.
#include <doctest/doctest.h>

#include <string>

#include "exact_bytes.h"
#include "linux/parse.h"
#include "random.h"
#include "wait_status.h"

using namespace procseek;

namespace {

// Field 3 is the state, each number behind it that of its field; field 52 is the status.
std::string zombie(std::string_view comm, std::string_view status = "2304") {
  std::string text = "4711 (" + std::string(comm) + ") Z";
  for (int field = 4; field < 52; field++) text += " " + std::to_string(field);
  return text + " " + std::string(status) + "\n";
}

bool parse(std::string_view text, uint32_t& ret_status) {
  ExactBytes bytes(text);
  return parse_exit_status(bytes.view(), ret_status);
}

}  // namespace

TEST_CASE("the exit status is the 52nd field of stat") {
  uint32_t status = 1;
  REQUIRE(parse(zombie("cat"), status));
  CHECK(status == 2304);
  REQUIRE(parse(zombie("cat", "0"), status));
  CHECK(status == 0);
}

TEST_CASE("fields that the kernel may add behind the exit status change nothing") {
  std::string text = zombie("cat");
  text.insert(text.size() - 1, " 77 78");
  uint32_t status;
  REQUIRE(parse(text, status));
  CHECK(status == 2304);
}

TEST_CASE("a name in stat cannot forge an exit status") {
  const std::string names[] = {"",
                               ")",
                               "(",
                               ") Z 1 1",
                               "a b c",
                               ")))) Z",
                               "x\n) Z 9 9\n",
                               "sh) Z 1 1 1 1 1 1",
                               std::string("a\0b", 3),
                               "\xff\xfe"};
  for (const std::string& name : names) {
    CAPTURE(shown(name));
    uint32_t status;
    REQUIRE(parse(zombie(name, "9"), status));
    CHECK(status == 9);
  }
}

TEST_CASE("stat that ends before the exit status has none") {
  std::string whole = zombie("a) Z 1");
  size_t last = whole.rfind(' ');
  for (size_t length = 0; length <= whole.size(); length++) {
    CAPTURE(length);
    uint32_t status;
    CHECK(parse(std::string_view(whole).substr(0, length), status) == (length > last + 1));
  }
}

TEST_CASE("an exit status that is no number is none") {
  uint32_t status;
  for (const char* text : {"x", "-", "", " "}) CHECK_FALSE(parse(zombie("cat", text), status));
  for (const char* text : {"", ")", "1 (x", "1 (x)", "))))"}) CHECK_FALSE(parse(text, status));
}

TEST_CASE("random stat is survived by whoever looks for an exit status") {
  Random random(41);
  for (int i = 0; i < 20000; i++) {
    uint32_t status;
    (void)parse(random.below(4) == 0 ? random.bytes(400) : random.mutated(zombie("a) b")), status);
  }
}

TEST_CASE("what a process passed to exit is its code") {
  for (uint32_t code : {0u, 1u, 3u, 127u, 255u}) {
    Exit exit = exit_of(code << 8);
    CHECK(exit.code == code);
    CHECK(exit.signal == 0);
  }
}

TEST_CASE("an exit crosses as two numbers, with codes of 32 bits") {
  auto check = [](const Exit& exit, int32_t code, int32_t signal) {
    CHECK(exit.code_bits() == code);
    CHECK(exit.signal_or_unknown() == signal);
  };
  check({0, 0}, 0, 0);
  check({255, 0}, 255, 0);
  check({0xffffffff, 0}, -1, 0);
  check({0xc0000005, 0}, static_cast<int32_t>(0xc0000005), 0);
  CHECK(Exit{-1, 9}.signal_or_unknown() == 9);
  CHECK(Exit{}.signal_or_unknown() == -1);
}

TEST_CASE("a process that was killed has a signal and no code") {
  for (uint32_t signal : {1u, 9u, 15u, 64u}) {
    for (uint32_t core : {0u, 0x80u}) {
      Exit exit = exit_of(signal | core);
      CHECK(exit.signal == static_cast<int32_t>(signal));
      CHECK(exit.code == -1);
    }
  }
}
