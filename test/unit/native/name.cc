// What a process is called.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "exact_bytes.h"
#include "name.h"

using namespace procseek;

namespace {

// Arguments as the kernel shows them, a NUL behind each.
std::string list_of(const std::vector<std::string>& elements) {
  std::string list;
  for (const std::string& element : elements) list.append(element).push_back('\0');
  return list;
}

std::string from_cmdline(std::string_view comm, const std::vector<std::string>& arguments) {
  ExactBytes list(list_of(arguments));
  std::string_view name = name_from_cmdline(ExactBytes(comm).view(), list.view());
  CHECK(list.encloses(name));
  return std::string(name);
}

std::string from_exe(std::string_view comm, std::string_view exe) {
  return std::string(name_from_exe(comm, exe));
}

std::vector<std::string> elements_of(std::string_view list) {
  ExactBytes bytes(list);
  std::string_view rest = bytes.view();
  std::string_view element;
  std::vector<std::string> elements;
  while (next_element(rest, element)) elements.emplace_back(element);
  return elements;
}

}  // namespace

TEST_CASE("a base name is what follows the last slash") {
  CHECK(base_name("/usr/bin/cat") == "cat");
  CHECK(base_name("cat") == "cat");
  CHECK(base_name("/") == "");
  CHECK(base_name("bin/") == "");
  CHECK(base_name("") == "");
  CHECK(base_name("C:\\x/y", NameRules::task) == "y");
  CHECK(base_name("C:\\x", NameRules::task) == "C:\\x");
  CHECK(base_name("C:\\x\\y.exe", NameRules::image) == "y.exe");
  CHECK(base_name("C:\\x/y", NameRules::image) == "y");
}

TEST_CASE("elements of a list end in a NUL or at the end and may be empty") {
  using List = std::vector<std::string>;
  CHECK(elements_of({"a\0b\0", 4}) == List{"a", "b"});
  CHECK(elements_of({"a\0\0b\0", 5}) == List{"a", "", "b"});
  CHECK(elements_of({"\0", 1}) == List{""});
  CHECK(elements_of({"a\0b", 3}) == List{"a", "b"});
  CHECK(elements_of("") == List{});
}

TEST_CASE("a comm is complete up to 14 bytes and may be cut from 15 on") {
  CHECK_FALSE(needs_completion(""));
  CHECK_FALSE(needs_completion("fourteen-bytes"));
  CHECK(needs_completion("fifteen-bytes-x"));
  CHECK(needs_completion("kworker/u8:5-ext4-rsv-conversion"));
}

TEST_CASE("labels of a main thread are replaced whatever their length") {
  CHECK(needs_completion("MainThread"));
  CHECK(needs_completion("node-MainThread"));
  CHECK_FALSE(needs_completion("mainthread"));
  CHECK_FALSE(needs_completion("MainThread2"));
  CHECK_FALSE(needs_completion("MainThrea"));
  CHECK(from_exe("MainThread", "/usr/local/bin/node") == "node");
  CHECK(from_exe("node-MainThread", "/opt/app/electron-like") == "electron-like");
  CHECK(from_cmdline("MainThread", {"/usr/bin/node", "server.js"}) == "node");
  CHECK(from_cmdline("node-MainThread", {"node"}) == "node");
  CHECK(from_cmdline("MainThread", {}) == "");
}

TEST_CASE("a cut name is completed from argv[0]") {
  CHECK(from_cmdline("gnome-session-b", {"/usr/libexec/gnome-session-binary", "--systemd"}) ==
        "gnome-session-binary");
  CHECK(from_cmdline("exactly-fifteen", {"exactly-fifteen"}) == "exactly-fifteen");
}

TEST_CASE("a cut name is completed from the script that an interpreter runs") {
  CHECK(from_cmdline("ansible-playboo", {"python3", "/usr/bin/ansible-playbook", "site.yml"}) ==
        "ansible-playbook");
  // The one argument that execve(2) takes from the script's #! line stands in between.
  CHECK(from_cmdline("ansible-playboo", {"/usr/bin/python3", "-Es", "/usr/bin/ansible-playbook"}) ==
        "ansible-playbook");
}

TEST_CASE("a cut name is not completed from any later argument") {
  CHECK(from_cmdline("ansible-playboo", {"vi", "notes.txt", "ansible-playbook.yml"}) == "");
  CHECK(from_cmdline("ansible-playboo", {"vi", "-R", "notes.txt", "ansible-playbook.yml"}) == "");
}

TEST_CASE("argv[0] goes before argv[1]") {
  CHECK(from_cmdline("a-name-of-15-by", {"a-name-of-15-bytes", "a-name-of-15-bygones"}) ==
        "a-name-of-15-bytes");
}

TEST_CASE("a cut name is not completed by what does not start with it") {
  CHECK(from_cmdline("gnome-session-b", {"gnome-session"}) == "");
  CHECK(from_cmdline("gnome-session-b", {"Gnome-session-binary"}) == "");
  CHECK(from_cmdline("gnome-session-b", {"", ""}) == "");
  CHECK(from_cmdline("gnome-session-b", {"/usr/bin/", "/"}) == "");
  CHECK(from_cmdline("gnome-session-b", {}) == "");
  CHECK(from_exe("gnome-session-b", "/usr/bin/python3") == "");
  CHECK(from_exe("gnome-session-b", "") == "");
}

TEST_CASE("a cut name is completed from the executable") {
  CHECK(from_exe("systemd-timesyn", "/usr/lib/systemd/systemd-timesyncd") == "systemd-timesyncd");
}

TEST_CASE("a name that was cut within a character is completed byte for byte") {
  const std::string whole = "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9";  // 18 bytes
  std::string cut = whole.substr(0, 15);
  CHECK(from_cmdline(cut, {"/opt/" + whole}) == whole);
  CHECK(from_exe(cut, "/opt/" + whole) == whole);
}

TEST_CASE("the exe at the end of a name can be left out") {
  CHECK(without_exe("node.exe") == "node");
  CHECK(without_exe("Node.EXE") == "Node");
  CHECK(without_exe("a.exe.exe") == "a.exe");
  for (const char* name : {"", ".exe", "exe", "node", "node.exe ", "nodeexe", "node.com"}) {
    CHECK(without_exe(name) == "");
  }
}
