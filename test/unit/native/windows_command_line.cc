// How a command line of Windows is split: CommandLineToArgvW().
#include "windows/command_line.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "exact_bytes.h"
#include "name.h"
#include "random.h"

using namespace procseek;

namespace {

using Arguments = std::vector<std::string>;

Arguments split(std::string_view line) {
  ExactBytes bytes(line);
  Bytes list;
  REQUIRE(append_arguments(bytes.view(), list));
  Arguments arguments;
  std::string_view rest(list.data(), list.size());
  std::string_view one;
  while (next_element(rest, one)) arguments.emplace_back(one);
  return arguments;
}

// Behind a program's name.
Arguments arguments_of(const std::string& line) {
  Arguments all = split("x " + line);
  REQUIRE(all.front() == "x");
  return {all.begin() + 1, all.end()};
}

}  // namespace

TEST_CASE("a command line is split where blanks are") {
  CHECK(split("").empty());
  CHECK(split("node") == Arguments{"node"});
  CHECK(split("node.exe  a\tb \t c ") == Arguments{"node.exe", "a", "b", "c"});
  CHECK(split("node \n") == Arguments{"node", "\n"});
}

TEST_CASE("the program of a command line knows quotes, and no backslashes") {
  CHECK(split("\"C:\\Program Files\\nodejs\\node.exe\" -v") ==
        Arguments{"C:\\Program Files\\nodejs\\node.exe", "-v"});
  CHECK(split("\"C:\\dir\\\" x") == Arguments{"C:\\dir\\", "x"});
  CHECK(split("C:\\a\\b.exe x") == Arguments{"C:\\a\\b.exe", "x"});
  CHECK(split("C:\\Program Files\\x") == Arguments{"C:\\Program", "Files\\x"});
  CHECK(split("a\"b c\" d") == Arguments{"a\"b", "c d"});
  CHECK(split("\"no end") == Arguments{"no end"});
  CHECK(split("\"a\"b c") == Arguments{"a", "b", "c"});
  CHECK(split(" a") == Arguments{"", "a"});
  CHECK(split("\"\" a") == Arguments{"", "a"});
  CHECK(split("\"") == Arguments{""});
}

// The examples of "Parsing C command-line arguments" and of CommandLineToArgvW() in Microsoft's
// documentation.
TEST_CASE("the documented command lines are split as documented") {
  CHECK(arguments_of(R"("abc" d e)") == Arguments{"abc", "d", "e"});
  CHECK(arguments_of(R"(a\\b d"e f"g h)") == Arguments{R"(a\\b)", "de fg", "h"});
  CHECK(arguments_of(R"(a\\\"b c d)") == Arguments{R"(a\"b)", "c", "d"});
  CHECK(arguments_of(R"(a\\\\"b c" d e)") == Arguments{R"(a\\b c)", "d", "e"});
  CHECK(arguments_of(R"("a b c" d e)") == Arguments{"a b c", "d", "e"});
  CHECK(arguments_of(R"("ab\"c" "\\" d)") == Arguments{"ab\"c", "\\", "d"});
  CHECK(arguments_of(R"(a\\\b d"e f"g h)") == Arguments{R"(a\\\b)", "de fg", "h"});
  CHECK(arguments_of(R"("a\"b")") == Arguments{"a\"b"});
}

TEST_CASE("quotes in a row leave one of three") {
  CHECK(arguments_of(R"("")") == Arguments{""});
  CHECK(arguments_of(R"("" a)") == Arguments{"", "a"});
  CHECK(arguments_of(R"(""")") == Arguments{"\""});
  CHECK(arguments_of(R"("""")") == Arguments{"\""});
  CHECK(arguments_of(R"(""""")") == Arguments{"\""});
  CHECK(arguments_of(R"("""""")") == Arguments{"\"\""});
  CHECK(arguments_of(R"(a"b"" c d)") == Arguments{"ab\"", "c", "d"});
  CHECK(arguments_of(R"("""a b""" c)") == Arguments{"\"a", "b\"", "c"});
  CHECK(arguments_of(R"(""""a b"""" c)") == Arguments{"\"a b\"", "c"});
  CHECK(arguments_of(R"(\""" a)") == Arguments{"\"", "a"});
  CHECK(arguments_of(R"(\"" a)") == Arguments{"\" a"});
}

TEST_CASE("backslashes only count before a quote") {
  CHECK(arguments_of("\\") == Arguments{"\\"});
  CHECK(arguments_of("a\\") == Arguments{"a\\"});
  CHECK(arguments_of("\\\\ \\a") == Arguments{"\\\\", "\\a"});
  CHECK(arguments_of(R"("C:\dir\\" x)") == Arguments{"C:\\dir\\", "x"});
}

TEST_CASE("a command line ends at a NUL") {
  CHECK(split(std::string_view("a b\0c d", 7)) == Arguments{"a", "b"});
  CHECK(split(std::string_view("\0a", 2)).empty());
}

// As programs put together what is to be split again (Node.js, the C libraries).
std::string quoted(const std::string& argument) {
  std::string text = "\"";
  size_t backslashes = 0;
  for (char c : argument) {
    if (c == '"') text.append(backslashes + 1, '\\');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    text.push_back(c);
  }
  return text.append(backslashes, '\\') + '"';
}

TEST_CASE("arguments that were quoted come back as they were") {
  Random random(67);
  for (int i = 0; i < 20000; i++) {
    Arguments arguments = {"C:\\dir\\program.exe"};
    std::string line = arguments.front();
    for (size_t count = random.below(4); count > 0; count--) {
      arguments.push_back(random.bytes_of("\\\\\"\" \tab", 8));
      line += " " + quoted(arguments.back());
    }
    CAPTURE(line);
    REQUIRE(split(line) == arguments);
  }
}

TEST_CASE("any command line is survived") {
  Random random(71);
  for (int i = 0; i < 20000; i++) {
    std::string line = random.bytes_of("\\\"\" \t\0a", 20);
    Arguments arguments = split(line);
    size_t size = 0;
    for (const std::string& one : arguments) size += one.size() + 1;
    REQUIRE(size <= line.size() + 1);
  }
}
