// The line of proc_pid_stat(5), which contains a name that its process chose.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "exact_bytes.h"
#include "linux/parse.h"

using namespace procseek;

namespace {

// Everything behind the name, each number another one.
const std::string kRest =
    " S 11 12 13 34816 15 4194560 17 18 19 20 21 22 23 24 20 -5 27 28 29 30 31 32 33 34\n";

std::string stat_of(std::string_view comm, std::string_view rest = kRest) {
  return "4711 (" + std::string(comm) + ")" + std::string(rest);
}

bool parse(std::string_view text, Stat& ret_stat) {
  ExactBytes bytes(text);
  bool is_stat = parse_stat(bytes.view(), ret_stat);
  if (is_stat) CHECK(bytes.encloses(ret_stat.comm));
  ret_stat.comm = {};  // of bytes that are about to go
  return is_stat;
}

std::string parsed_comm(std::string_view text) {
  ExactBytes bytes(text);
  Stat stat;
  return parse_stat(bytes.view(), stat) ? shown(stat.comm) : "refused";
}

}  // namespace

TEST_CASE("stat is read field by field") {
  Stat stat;
  REQUIRE(parse(stat_of("cat"), stat));
  CHECK(stat.state == State::sleeping);
  CHECK(stat.ppid == 11);
  CHECK(stat.pgid == 12);
  CHECK(stat.sid == 13);
  CHECK(stat.tty == 34816);
  CHECK_FALSE(stat.is_kernel_thread);
  CHECK(stat.user_ticks == 21);
  CHECK(stat.system_ticks == 22);
  CHECK(stat.nice == -5);
  CHECK(stat.threads == 27);
  CHECK(stat.start_ticks == 29);
  CHECK(stat.vsize == 30);
}

TEST_CASE("statm is read up to what is resident") {
  Memory memory;
  CHECK(parse_statm("1234 567 89 1 0 2 0\n", memory));
  CHECK(memory.size == 1234);
  CHECK(memory.resident == 567);
  CHECK(parse_statm("0 0 0 0 0 0 0\n", memory));
  CHECK(memory.resident == 0);
  for (const char* text : {"", "\n", "1234", "1234 \n", "a b", "1 b"}) {
    CAPTURE(text);
    ExactBytes bytes(text);
    CHECK_FALSE(parse_statm(bytes.view(), memory));
  }
}

TEST_CASE("the name in stat reaches from the first parenthesis to the last") {
  const char* names[] = {"",
                         " ",
                         ")",
                         "(",
                         "()",
                         ")(",
                         "((",
                         "))",
                         ") R 1",
                         "a) R 1 (b",
                         "a\nb",
                         "\n",
                         "x) S",
                         "(sd-pam)",
                         "1 (x) Z 2",
                         "tab\there",
                         ") Z 1 1 1 1 1",
                         "\xff\xfe\x80"};
  for (const char* name : names) {
    CAPTURE(name);
    CHECK(parsed_comm(stat_of(name)) == shown(name));
    Stat stat;
    REQUIRE(parse(stat_of(name), stat));
    CHECK(stat.state == State::sleeping);
    CHECK(stat.ppid == 11);
    CHECK(stat.start_ticks == 29);
  }
}

TEST_CASE("the long name of a kernel thread is read whole") {
  CHECK(parsed_comm(stat_of("kworker/u8:5-ext4-rsv-conversion")) ==
        "kworker/u8:5-ext4-rsv-conversion");
}

TEST_CASE("stat that ends before the last field wanted is refused and leaves the result alone") {
  for (const char* name : {"cat", ") R 1 2 3", "a)b(c", ""}) {
    std::string whole = stat_of(name);
    size_t vsize = whole.find(" 30 31 32");
    REQUIRE(vsize != std::string::npos);
    for (size_t length = 0; length <= whole.size(); length++) {
      CAPTURE(length);
      Stat stat;
      stat.ppid = 42;
      bool has_all = length > vsize + 1;  // with the first digit of the virtual memory
      CHECK(parse(std::string_view(whole).substr(0, length), stat) == has_all);
      CHECK(stat.ppid == (has_all ? 11 : 42));
    }
  }
}

TEST_CASE("what is not stat at all is refused") {
  const char* texts[] = {"",
                         "(",
                         ")",
                         "()",
                         ")(",
                         "1",
                         "1 (x",
                         "1 x)",
                         ") 1 (x",
                         "1 (x) ",
                         "1 (x) S",
                         "1 (x) S ",
                         "1 (x) S a",
                         "1 (x)S11",
                         "\n\n\n",
                         "1 (x) S - - - - - - - - - - - - - - - - - - - - - - - -",
                         "1 (x) S a b c d e f g h i j k l m n o p q r s t u v w x",
                         "1 (x) S 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"};
  for (const char* text : texts) {
    CAPTURE(text);
    Stat stat;
    CHECK_FALSE(parse(text, stat));
  }
}

TEST_CASE("a NUL in stat is a byte like any other") {
  Stat stat;
  CHECK_FALSE(parse(std::string(200, '\0'), stat));
  CHECK(parsed_comm(stat_of(std::string_view("a\0b", 3))) == "a\\x00b");
}

TEST_CASE("numbers of stat may be negative or as large as 64 bits get") {
  Stat stat;
  REQUIRE(parse(stat_of("x",
                        " R 0 -1 -1 -2147483648 -1 0 1 1 1 1 18446744073709551615 "
                        "9223372036854775808 1 1 39 -20 2147483647 0 18446744073709551615 "
                        "18446744073709551615 -1 1"),
                stat));
  CHECK(stat.ppid == 0);
  CHECK(stat.pgid == -1);
  CHECK(stat.sid == -1);
  CHECK(stat.tty == INT32_MIN);
  CHECK(stat.user_ticks == UINT64_MAX);
  CHECK(stat.system_ticks == uint64_t{1} << 63);
  CHECK(stat.nice == -20);
  CHECK(stat.threads == INT32_MAX);
  CHECK(stat.start_ticks == UINT64_MAX);
  CHECK(stat.vsize == UINT64_MAX);
}

TEST_CASE("numbers of stat beyond 64 bits do no harm") {
  std::string huge(300, '9');
  std::string rest = " R";
  for (int i = 0; i < 30; i++) rest += (i % 2 == 0 ? " " : " -") + huge;
  Stat stat;
  CHECK(parse(stat_of("x", rest), stat));
}

TEST_CASE("every letter of stat is a state and any other one is unknown") {
  const struct {
    char letter;
    State state;
  } states[] = {{'R', State::running},   {'S', State::sleeping},     {'D', State::disk_sleep},
                {'T', State::stopped},   {'t', State::tracing_stop}, {'Z', State::zombie},
                {'X', State::dead},      {'x', State::dead},         {'I', State::idle},
                {'P', State::parked},    {'W', State::unknown},      {'?', State::unknown},
                {'\xff', State::unknown}};
  for (auto [letter, state] : states) {
    CAPTURE(letter);
    std::string rest = kRest;
    rest[1] = letter;
    Stat stat;
    REQUIRE(parse(stat_of("x", rest), stat));
    CHECK(stat.state == state);
  }
}

TEST_CASE("a kernel thread is told by its flag") {
  Stat stat;
  REQUIRE(
      parse(stat_of("kthreadd", " S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5 0 0 1"), stat));
  CHECK(stat.is_kernel_thread);
}
