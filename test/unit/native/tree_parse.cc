// What ending process trees reads from /proc.
#include "linux/tree_parse.h"

#include <doctest/doctest.h>

#include <string>

using namespace procseek;

namespace {

// `stat` whose fields from the fourth on are their own numbers, but for one.
std::string stat_with(const std::string& comm, int changed = 0, const std::string& value = "") {
  std::string text = "42 (" + comm + ") S";
  for (int field = 4; field <= 52; field++) {
    text += ' ';
    text += field == changed ? value : std::to_string(field * 1000);
  }
  return text + "\n";
}

}  // namespace

TEST_CASE("The origin of a process is where its program, data, heap and stack begin") {
  uint64_t origin = parse_origin(stat_with("a"));
  CHECK(origin != 0);
  CHECK(parse_origin(stat_with(") 1 2 (b c) S 7")) == origin);
  for (int field = 4; field <= 52; field++) {
    CAPTURE(field);
    bool counts = field == 26 || field == 28 || field == 45 || field == 47;
    CHECK((parse_origin(stat_with("a", field, "77")) != origin) == counts);
  }
  // Withheld from those who may not ptrace(2) the process; and without memory of its own.
  CHECK(parse_origin(stat_with("a", 28, "0")) == 0);
  CHECK(parse_origin(stat_with("a", 45, "x")) == 0);
  CHECK(parse_origin("") == 0);
  CHECK(parse_origin("42 (a") == 0);
  CHECK(parse_origin("42 (a)") == 0);
  CHECK(parse_origin("42 (a) S 1 2 3") == 0);
}

TEST_CASE("The personality tells whether programs are placed at random") {
  CHECK_FALSE(parse_is_fixed("00000000\n"));
  CHECK(parse_is_fixed("00040000\n"));
  CHECK(parse_is_fixed("000c0000\n"));
  CHECK_FALSE(parse_is_fixed("00080000\n"));
  CHECK_FALSE(parse_is_fixed("00400000\n"));
  CHECK(parse_is_fixed(""));
  CHECK(parse_is_fixed("0004"));
  CHECK(parse_is_fixed("xxxxxxxx\n"));
}

TEST_CASE("The group of a process is found by the name of the controller") {
  std::string_view text = "12:cpu,cpuacct:/a\n6:freezer:/b:c/d\n1:name=systemd:/e\n0::/f\n";
  CHECK(parse_group(text, "freezer") == "/b:c/d");
  CHECK(parse_group(text, "cpuacct") == "/a");
  CHECK(parse_group(text, "cpu") == "/a");
  CHECK(parse_group(text, "memory") == "");
  CHECK(parse_group("6:freezer", "freezer") == "");
  CHECK(parse_group("", "freezer") == "");
}

TEST_CASE("A list of PIDs is searched line by line") {
  CHECK(lists_pid("1\n23\n456\n", 23));
  CHECK(lists_pid("1\n23\n456", 456));
  CHECK_FALSE(lists_pid("1\n23\n456\n", 45));
  CHECK_FALSE(lists_pid("123\n", 12));
  CHECK_FALSE(lists_pid("", 1));
}
