// What a process is called.
#include <doctest/doctest.h>

#include <algorithm>
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
  CHECK(from_exe("MainThread", "") == "");
  CHECK(from_cmdline("MainThread", {"/usr/bin/node", "server.js"}) == "node");
  CHECK(from_cmdline("node-MainThread", {"node"}) == "node");
  CHECK(from_cmdline("MainThread", {}) == "");
  CHECK(from_cmdline("MainThread", {"/opt/My App/My Node", "x"}) == "My Node");
  CHECK(from_cmdline("MainThread", {"-node"}) == "node");
  CHECK(from_cmdline("MainThread", {"node: worker of /srv/x", "", ""}) == "node");
  CHECK(from_cmdline("MainThread", {"/opt/app --type=zygote /etc/x"}) == "app");
}

TEST_CASE("a comm that says nothing of the program is a label") {
  for (const char* label : {"MainThread", "memfd:", "memfd:sealed-ex", "3", "1234567890", "/x",
                            "/some/path/to/m", "./run.sh", "../bin/x"}) {
    CAPTURE(label);
    CHECK(is_label(label));
    CHECK(needs_completion(label));
  }
  for (const char* name : {"", "/", ".", "..", ".firefox-wrappe", "memfd", "a/b", "7z",
                           "12345678901", "kworker/0:1", "-bash", "3 "}) {
    CAPTURE(name);
    CHECK_FALSE(is_label(name));
  }
}

TEST_CASE("a program in memory has the name that it was executed by") {
  for (const char* comm : {"memfd:sealed-ex", "memfd:x", "3", "1023"}) {
    CAPTURE(comm);
    for (const char* exe : {"/memfd:sealed-executable", "/memfd:x (deleted)", "/memfd:3", ""}) {
      CHECK(from_exe(comm, exe) == "");
    }
    CHECK(from_cmdline(comm, {"/opt/my-agent", "--port", "80"}) == "my-agent");
    CHECK(from_cmdline(comm, {"my-agent"}) == "my-agent");
    CHECK(from_cmdline(comm, {"-my-agent"}) == "my-agent");
    CHECK(from_cmdline(comm, {"my-agent: waiting for /dev/x", "", ""}) == "my-agent");
    // Nothing says what it is called.
    CHECK(from_cmdline(comm, {}) == "");
    CHECK(from_cmdline(comm, {""}) == "");
    CHECK(from_cmdline(comm, {"/proc/self/fd/3"}) == "");
    CHECK(from_cmdline(comm, {"/dev/fd/1023", "x"}) == "");
    CHECK(from_cmdline(comm, {"memfd:other"}) == "");
  }
  CHECK(from_exe("MainThread", "/memfd:node (deleted)") == "");
  CHECK(from_exe("memfd:x", "/opt/memfd:x") == "memfd:x");
  // A script in memory is run by a program that has a file.
  CHECK(from_cmdline("3", {"/bin/sh", "/dev/fd/3"}) == "sh");
}

TEST_CASE("a program may be called by a number") {
  CHECK(from_exe("42", "/opt/42") == "42");
  CHECK(from_exe("42", "/opt/other") == "");
  CHECK(from_cmdline("42", {"/bin/sh", "./42"}) == "42");
  CHECK(from_cmdline("42", {"/bin/sh", "-eu", "/opt/42", "x"}) == "42");
  CHECK(from_cmdline("3", {"/opt/3proxy", "3"}) == "3proxy");
  CHECK(from_cmdline("123456789012345", {"/opt/1234567890123456"}) == "1234567890123456");
}

TEST_CASE("a path that was made the comm gives way to the name of the file") {
  const char* comm = "/some/path/to/m";
  CHECK(from_cmdline(comm, {"/some/path/to/my/script.py arg1"}) == "script.py");
  CHECK(from_cmdline(comm, {"/some/path/to/my/script.py arg1 /etc/x", "", ""}) == "script.py");
  CHECK(from_cmdline(comm, {"/some/path/to/my/script.py: idle"}) == "script.py");
  CHECK(from_cmdline(comm, {"/some/path/to/my/script.py"}) == "script.py");
  CHECK(from_cmdline(comm, {"/some/path/to/m"}) == "m");
  CHECK(from_cmdline("./some/path/to/", {"./some/path/to/it --flag"}) == "it");
  CHECK(from_cmdline("../some/path/to", {"../some/path/to/it"}) == "it");
  CHECK(from_cmdline("/opt/x.py", {"/opt/x.py"}) == "x.py");
  CHECK(from_cmdline("/opt/My App/a p", {"/opt/My App/a program x"}) == "a program");
  // Of which argv[0] says nothing.
  CHECK(from_cmdline(comm, {"python3", "/some/path/to/my/script.py"}) == "");
  CHECK(from_cmdline(comm, {"/some/path/to/my/"}) == "");
  CHECK(from_cmdline(comm, {}) == "");
  CHECK(from_exe(comm, "/usr/bin/python3.11") == "");
}

TEST_CASE("a cut name is completed from argv[0]") {
  CHECK(from_cmdline("gnome-session-b", {"/usr/libexec/gnome-session-binary", "--systemd"}) ==
        "gnome-session-binary");
  CHECK(from_cmdline("exactly-fifteen", {"exactly-fifteen"}) == "exactly-fifteen");
  CHECK(from_cmdline("gnome-session-b", {"-gnome-session-binary"}) == "gnome-session-binary");
  CHECK(from_cmdline("-gnome-session-", {"-gnome-session-binary"}) == "-gnome-session-binary");
  CHECK(from_cmdline("My Long Program", {"/opt/My Long Program Name"}) == "My Long Program Name");
}

TEST_CASE("a title is no part of the name") {
  const char* comm = "systemd-userwor";
  CHECK(from_cmdline(comm, {"systemd-userwork: waiting..."}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork: waiting...", "", "", ""}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork: waiting...        "}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork: in /run/systemd"}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"/usr/lib/systemd/systemd-userwork: in /run"}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork:  "}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork idle", "", ""}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork idle    "}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork", "", ""}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork    "}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"/opt/x/systemd-userwork --type=a /b"}) == "systemd-userwork");
  CHECK(from_cmdline(comm, {"systemd-userwork worker 3 of /srv/x"}) == "systemd-userwork");
  // Where no room is left behind the padding, the kernel goes on with the environment.
  CHECK(from_cmdline(comm, {"systemd-userwork        LANG=C /x"}) == "systemd-userwork");
  // The comm itself is a title.
  CHECK(from_cmdline("gunicorn: maste", {"gunicorn: master [app]"}) == "gunicorn: master [app]");
}

TEST_CASE("a name may have blanks and colons where nothing says that a title begins") {
  CHECK(from_cmdline("A Program Of Us", {"/x/A Program Of Us All - 2", "y"}) ==
        "A Program Of Us All - 2");
  CHECK(from_cmdline("a-name-of-15-by", {"a-name-of-15-by:te:s"}) == "a-name-of-15-by:te:s");
  CHECK(from_cmdline("a-name-of-15-by", {"a-name-of-15-by:"}) == "a-name-of-15-by:");
}

TEST_CASE("Wine tells the path that Windows would know") {
  const char* comm = "VeryLongGameNam";
  const char* name = "VeryLongGameName.exe";
  CHECK(from_cmdline(comm, {R"(C:\Program Files (x86)\Game\VeryLongGameName.exe)"}) == name);
  CHECK(from_cmdline(comm, {R"(z:\home\me\VeryLongGameName.exe)", "-fullscreen"}) == name);
  CHECK(from_cmdline(comm, {"C:/Games/VeryLongGameName.exe", "", ""}) == name);
  CHECK(from_cmdline(comm, {R"(\\server\share\VeryLongGameName.exe)"}) == name);
  CHECK(from_cmdline(comm, {"wine", R"(C:\Game\VeryLongGameName.exe)"}) == name);
  CHECK(from_cmdline("VeryLongGame Na", {R"(C:\VeryLongGame Name II.exe)", ""}) ==
        "VeryLongGame Name II.exe");
  // Elsewhere, a backslash is a character like others.
  CHECK(from_cmdline(comm, {R"(Game\VeryLongGameName.exe)"}) == "");
  CHECK(from_cmdline(R"(a\b\c\d\e\f\g\h)", {R"(/opt/a\b\c\d\e\f\g\h\i)"}) ==
        R"(a\b\c\d\e\f\g\h\i)");
}

TEST_CASE("a cut name is completed from the script that an interpreter runs") {
  CHECK(from_cmdline("ansible-playboo", {"python3", "/usr/bin/ansible-playbook", "site.yml"}) ==
        "ansible-playbook");
  // The one argument that execve(2) takes from the script's #! line stands in between.
  CHECK(from_cmdline("ansible-playboo", {"/usr/bin/python3", "-Es", "/usr/bin/ansible-playbook"}) ==
        "ansible-playbook");
}

TEST_CASE("an interpreter may itself be a script") {
  const std::string script = "/usr/bin/ansible-playbook";
  const char* comm = "ansible-playboo";
  CHECK(from_cmdline(comm, {"/bin/bash", "/opt/wrapper", script, "x"}) == "ansible-playbook");
  CHECK(from_cmdline(comm, {"/bin/bash", "-e", "/opt/wrapper", script}) == "ansible-playbook");
  CHECK(from_cmdline(comm, {"/bin/bash", "/opt/wrapper", "-x", script}) == "ansible-playbook");
  CHECK(from_cmdline(comm, {"/bin/bash", "-e", "/opt/wrapper", "opt", script}) ==
        "ansible-playbook");
  CHECK(from_cmdline(comm, {"/bin/sh", "/a", "/b", "/c", script}) == "ansible-playbook");
}

TEST_CASE("a cut name is not completed from any later argument") {
  CHECK(from_cmdline("ansible-playboo", {"vi", "a", "b", "c", "d", "ansible-playbook.yml"}) == "");
  CHECK(from_cmdline("ansible-playboo", {"vi", "--log=/x/ansible-playbook.log"}) == "");
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

TEST_CASE("a cut name is completed from the executable that says more") {
  CHECK(from_exe("systemd-timesyn", "/usr/lib/systemd/systemd-timesyncd") == "systemd-timesyncd");
  CHECK(from_exe("systemd-timesyn", "/usr/lib/systemd/systemd-timesyn") == "");
}

TEST_CASE("a name that was cut within a character is completed byte for byte") {
  const std::string whole = "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9";  // 18 bytes
  std::string cut = whole.substr(0, 15);
  CHECK(from_cmdline(cut, {"/opt/" + whole}) == whole);
  CHECK(from_exe(cut, "/opt/" + whole) == whole);
}

TEST_CASE("a name has 255 bytes at most and no half of a character at the end") {
  const std::string blanks(15, ' ');
  CHECK(from_cmdline(blanks, {std::string(120000, ' ')}) == "");
  CHECK(from_cmdline(blanks, {std::string(120000, ' ') + "x"}).size() <= 255);
  const std::string letters(300, 'a');
  const std::string comm = letters.substr(0, 15);
  CHECK(from_cmdline(comm, {letters}) == letters.substr(0, 255));
  CHECK(from_exe(comm, "/" + letters) == letters.substr(0, 255));
  CHECK(from_exe("MainThread", "/" + letters) == letters.substr(0, 255));
  CHECK(from_cmdline("MainThread", {letters}) == letters.substr(0, 255));
  CHECK(from_cmdline("/aaa", {"/aaa/" + letters}) == letters.substr(0, 255));
  CHECK(from_cmdline(comm, {"sh", letters}) == letters.substr(0, 255));
  for (size_t ascii : {252, 253, 254, 255}) {
    CAPTURE(ascii);
    std::string text = letters.substr(0, ascii) + "\U0001f642\U0001f642";
    size_t expected = ascii == 255 ? 255 : ascii;
    CHECK(from_cmdline(comm, {text}) == text.substr(0, expected));
  }
  CHECK(from_cmdline(comm, {letters.substr(0, 100) + std::string(300, '\x80')}).size() == 255);
}

TEST_CASE("labels without a list have one hash, and every name's query asks for it") {
  for (const char* label : {"memfd:sealed-ex", "3", "/some/path/to/m", "./run.sh", "../bin/x"}) {
    CHECK(comm_hash(label, 0) == comm_hash("memfd:", 0));
  }
  CHECK_FALSE(comm_hash("nginx", 0) == comm_hash("memfd:", 0));
  Bytes hashes;
  REQUIRE(append_label_hashes(hashes, 0) == kOk);
  Values<uint32_t> all = values_of<uint32_t>(hashes);
  for (const char* label : {"MainThread", "node-MainThread", "memfd:x", "12", "/opt/x"}) {
    CHECK(std::find(all.begin(), all.end(), comm_hash(label, 0)) != all.end());
  }
}

TEST_CASE("the exe at the end of a name can be left out") {
  CHECK(without_exe("node.exe") == "node");
  CHECK(without_exe("Node.EXE") == "Node");
  CHECK(without_exe("a.exe.exe") == "a.exe");
  for (const char* name : {"", ".exe", "exe", "node", "node.exe ", "nodeexe", "node.com"}) {
    CHECK(without_exe(name) == "");
  }
}
