// Names to look for.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "exact_bytes.h"
#include "name.h"

using namespace procseek;

namespace {

struct Names : NameSet {
  explicit Names(const std::vector<std::string>& names, bool ignore_case = false,
                 NameRules rules = NameRules::task)
      : NameSet(rules) {
    std::string list;
    for (const std::string& name : names) list.append(name).push_back('\0');
    ExactBytes bytes(list);
    CHECK(assign(bytes.view(), ignore_case) == kOk);
  }
};

bool occurs_in(const std::string& name, std::string_view list) {
  return Names({name}).any_within(ExactBytes(list).view());
}

}  // namespace

TEST_CASE("a set without names contains nothing") {
  Names none({});
  CHECK(none.empty());
  CHECK_FALSE(none.contains(""));
  CHECK_FALSE(none.contains("cat"));
  CHECK_FALSE(none.may_contain("a-comm-of-15-by"));
  CHECK_FALSE(none.any_within({"a\0", 2}));
}

TEST_CASE("a name is contained when it is equal and not when it is a part") {
  Names names({"cat", "dog"});
  CHECK_FALSE(names.empty());
  CHECK(names.contains("cat"));
  CHECK(names.contains("dog"));
  for (const char* other : {"", "ca", "cats", "Cat", "ca\n", " cat", "cow", "zebra"}) {
    CAPTURE(other);
    CHECK_FALSE(names.contains(other));
    CHECK_FALSE(names.may_contain(other));
  }
}

TEST_CASE("names that agree in their first 14 or 15 or 16 bytes are told apart") {
  const std::string base = "0123456789abcdefghij";
  for (size_t shared : {13, 14, 15, 16, 17}) {
    CAPTURE(shared);
    std::string first = base.substr(0, shared) + "X";
    std::string second = base.substr(0, shared) + "Y";
    Names names({first, second});
    CHECK(names.contains(first));
    CHECK(names.contains(second));
    CHECK_FALSE(names.contains(base.substr(0, shared)));
    CHECK_FALSE(names.contains(base.substr(0, shared) + "Z"));
    CHECK_FALSE(names.contains(base.substr(0, shared) + "XX"));
  }
}

TEST_CASE("a comm of 15 bytes may be the beginning of a name and a shorter one may not") {
  const std::string name = "ansible-playbook";  // 16 bytes
  Names names({name});
  CHECK(names.may_contain("ansible-playboo"));
  CHECK_FALSE(names.may_contain("ansible-playbo"));
  CHECK_FALSE(names.may_contain("ansible-playbox"));
  CHECK_FALSE(names.contains("ansible-playboo"));
  CHECK(Names({"ansible-playboo"}).may_contain("ansible-playboo"));
  CHECK_FALSE(Names({"ansible-playbo"}).may_contain("ansible-playboo"));
}

TEST_CASE("a kernel thread's long comm may only have a name that it is the beginning of") {
  Names names({"kworker/u8:5-ext4-rsv-conversion"});
  CHECK(names.may_contain("kworker/u8:5-ext4-rsv-conversion"));
  CHECK(names.may_contain("kworker/u8:5-ext4"));
  CHECK_FALSE(names.may_contain("kworker/u8:5-ext4-rsv-conversion2"));
  CHECK_FALSE(names.may_contain("kworker/u8:5-events"));
}

TEST_CASE("behind the label of a main thread there may be any name") {
  Names names({"deno"});
  CHECK(names.may_contain("MainThread"));
  CHECK(names.may_contain("node-MainThread"));
  CHECK_FALSE(names.contains("MainThread"));
}

TEST_CASE("duplicates count as one") {
  Names names({"cat", "cat", "dog", "cat"});
  CHECK(names.contains("cat"));
  CHECK(names.contains("dog"));
  CHECK_FALSE(names.contains("cow"));
}

TEST_CASE("names are compared with their case unless that is to be ignored") {
  CHECK_FALSE(Names({"Xorg"}).contains("xorg"));
  Names names({"Xorg", "systemd-LOGIND-x"}, true);
  for (const char* name : {"xorg", "XORG", "Xorg", "SYSTEMD-logind-X"}) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }
  CHECK(names.may_contain("SYSTEMD-LOGIND-"));
  CHECK(names.may_contain("systemd-logind-"));
  CHECK_FALSE(names.may_contain("systemd-logind_"));
}

TEST_CASE("ignoring case touches letters alone") {
  CHECK_FALSE(Names({"a@"}, true).contains("a`"));
  CHECK_FALSE(Names({"a["}, true).contains("a{"));
  CHECK_FALSE(Names({"a_"}, true).contains("a\x7f"));
  CHECK_FALSE(Names({"\xc3\xa9"}, true).contains("\xc3\x89"));  // JavaScript does these
}

TEST_CASE("names are bytes and need not be UTF-8") {
  Names names({"\xff\xfe", "\x80", "\xc3\xa9", "a\nb", " ", "\x01"});
  for (const char* name : {"\xff\xfe", "\x80", "\xc3\xa9", "a\nb", " ", "\x01"}) {
    CHECK(names.contains(name));
  }
  CHECK_FALSE(names.contains("\xff"));
  CHECK_FALSE(names.contains("\xc3\xa8"));
}

TEST_CASE("a name that the kernel cut within a character is recognised") {
  const std::string whole = "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9";  // 18 bytes
  Names names({whole});
  CHECK(names.may_contain(whole.substr(0, 15)));
  CHECK_FALSE(names.may_contain(whole.substr(0, 14)));
}

TEST_CASE("a thousand names are all found and nothing else is") {
  for (bool share_beginning : {false, true}) {
    CAPTURE(share_beginning);
    std::string beginning = share_beginning ? "the-same-15-byt" : "";
    std::vector<std::string> list;
    for (int i = 0; i < 1000; i++) list.push_back(beginning + std::to_string(i * 7919 % 1000));
    Names names(list);
    for (int i = 0; i < 1000; i++) REQUIRE(names.contains(beginning + std::to_string(i)));
    for (int i = 1000; i < 2000; i++) REQUIRE_FALSE(names.contains(beginning + std::to_string(i)));
    CHECK(names.may_contain(share_beginning ? beginning : "7"));
  }
}

TEST_CASE("a name occurs in a command line read with spaces between its arguments") {
  const std::string_view list("node\0/srv/my app.js\0--port\08080\0", 32);
  CHECK(occurs_in("node", list));
  CHECK(occurs_in("node /srv/my app.js --port 8080", list));
  CHECK(occurs_in("js --po", list));
  CHECK(occurs_in("8080", list));
  CHECK_FALSE(occurs_in("8080 ", list));
  CHECK_FALSE(occurs_in(" node", list));
  CHECK_FALSE(occurs_in("node  /srv", list));
  CHECK_FALSE(occurs_in("PORT", list));
  CHECK_FALSE(occurs_in("node /srv/my app.js --port 8080 and more", list));
  CHECK(Names({"absent", "PORT 8080"}, true).any_within(list));
}

TEST_CASE("nothing occurs in a command line that is empty or of empty arguments") {
  CHECK_FALSE(occurs_in("x", ""));
  CHECK_FALSE(occurs_in("x", {"\0", 1}));
  CHECK(occurs_in(" ", {"\0\0", 2}));
}

TEST_CASE("a name that lacks its terminator is not taken") {
  NameSet names;
  REQUIRE(names.assign({"a\0b", 3}, false) == kOk);
  CHECK(names.contains("a"));
  CHECK_FALSE(names.contains("b"));
}

namespace {

// As on Windows.
struct ImageNames : Names {
  explicit ImageNames(const std::vector<std::string>& names, bool ignore_case = false)
      : Names(names, ignore_case, NameRules::image) {}
};

}  // namespace

TEST_CASE("the name of an image is contained with and without exe and whatever its case") {
  ImageNames names({"node", "Code.EXE", "System"});
  for (const char* name :
       {"node.exe", "NODE.EXE", "node", "Node", "code.exe", "CODE.exe", "system", "System.exe"}) {
    CAPTURE(name);
    CHECK(names.contains(name));
    CHECK(names.may_contain(name));
  }
  for (const char* name :
       {"", "nod", "node.ex", "node.exe.exe", "nodeexe", "code", ".exe", "xnode"}) {
    CAPTURE(name);
    CHECK_FALSE(names.contains(name));
    CHECK_FALSE(names.may_contain(name));
  }
}

TEST_CASE("the name of an image is never cut nor the label of a thread") {
  const std::string name = "a-name-of-more-than-15-bytes";
  ImageNames names({name});
  CHECK(names.may_contain(name + ".exe"));
  CHECK(names.may_contain("A-NAME-of-more-than-15-bytes"));
  CHECK_FALSE(names.may_contain(name.substr(0, 15)));
  CHECK_FALSE(names.may_contain("MainThread"));
  CHECK_FALSE(names.has_hashes());
  CHECK(Names({name}).has_hashes());
}

TEST_CASE("the path of an image has either slash") {
  ImageNames names({"C:/Program Files/nodejs/node.exe", "code"});
  CHECK(names.contains_path("c:\\program files\\NODEJS\\node.exe"));
  CHECK(names.contains_path("D:\\Code.exe"));
  CHECK(names.contains_path("D:/x/Code.exe"));
  CHECK_FALSE(names.contains_path("D:\\node.exe"));
  CHECK_FALSE(names.contains_path("node.exe"));
  CHECK_FALSE(names.contains_path("D:\\code\\x.exe"));
}

TEST_CASE("the case of an image's command line matters unless it is to be ignored") {
  const std::string_view line("node.exe\0C:/Script.js\0", 23);
  CHECK(ImageNames({"Script.js"}).any_within(line));
  CHECK_FALSE(ImageNames({"script.js"}).any_within(line));
  CHECK(ImageNames({"script.js"}, true).any_within(line));
  CHECK_FALSE(ImageNames({"C:\\Script.js"}, true).any_within(line));
}

TEST_CASE("bytes of a task's name are compared as they are") {
  Names names({"node"});
  CHECK_FALSE(names.contains("node.exe"));
  CHECK_FALSE(names.contains("Node"));
  CHECK(names.contains_path("/usr/bin/node"));
  CHECK_FALSE(names.contains_path("C:\\node"));
}
