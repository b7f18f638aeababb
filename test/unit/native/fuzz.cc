// Random bytes for whatever takes bytes: what may be said of every answer, and no sanitizer's
// complaint.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "exact_bytes.h"
#include "linux/parse.h"
#include "name.h"
#include "random.h"

using namespace procseek;

namespace {

constexpr int kIterations = 20000;

const std::string kId(64, 'a');
const std::vector<std::string> kFixtures = {
    "1 (systemd) S 0 1 1 0 -1 4194560 88 99 100 101 102 103 104 105 20 0 1 0 30 175767552 3417 "
    "18446744073709551615 1 1 0 0 0 0 671173123 4096 1260 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
    "4711 (a) R 1 (b) R -1 -2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 -22 23\n",
    "Name:\tx\\nUid:\t0\nUmask:\t0022\nUid:\t1000\t1\t1\t1\nGid:\t2000\t1\t1\t1\nFDSize:\t64\n",
    "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n"
    "cancelled_write_bytes: 7\n",
    "12:pids:/p\n3:cpu,cpuacct:/docker/" + kId + "\n1:name=systemd:/s\n0::/docker-" + kId +
        ".scope\n",
    std::string("python3\0/usr/bin/ansible-playbook\0site.yml\0", 43),
    ""};

std::string any_text(Random& random) {
  return random.below(4) == 0 ? random.bytes(600) : random.mutated(random.one_of(kFixtures));
}

void check_lines(const ExactBytes& text) {
  std::string_view rest = text.view();
  std::string_view line;
  size_t total = 0;
  while (next_line(rest, line)) {
    REQUIRE(text.encloses(line));
    REQUIRE(line.find('\n') == std::string_view::npos);
    total += line.size() + 1;
  }
  REQUIRE(total >= text.view().size());
  REQUIRE(total <= text.view().size() + 1);
}

void check_container(const ExactBytes& text) {
  std::string_view id = parse_container_id(text.view());
  REQUIRE(text.encloses(id));
  REQUIRE((id.empty() || id.size() == 64));
  REQUIRE(id.find_first_not_of("0123456789abcdef") == std::string_view::npos);
}

std::string terminated(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(name).push_back('\0');
  return list;
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// Names over few letters, many of them around the length at which the kernel cuts.
std::string any_name(Random& random) {
  std::string name = random.below(2) == 0 ? "0123456789abcd" : "";
  name += random.bytes_of("aAbB\xc3\xa9", 3);
  return name.empty() ? "x" : name;
}

}  // namespace

TEST_CASE("parsers survive random bytes and answer from nothing but these") {
  Random random(20261123);
  for (int i = 0; i < kIterations; i++) {
    ExactBytes text(any_text(random));
    CAPTURE(i);
    Stat stat;
    if (parse_stat(text.view(), stat)) REQUIRE(text.encloses(stat.comm));
    Owner owner;
    (void)parse_status(text.view(), owner);
    Io io;
    (void)parse_io(text.view(), io);
    REQUIRE(text.encloses(parse_comm(text.view())));
    REQUIRE(text.encloses(parse_cgroup(text.view())));
    check_lines(text);
    check_container(text);
  }
}

TEST_CASE("a completed name comes from its source and starts with the comm") {
  Random random(7);
  for (int i = 0; i < kIterations; i++) {
    std::string cut = any_name(random);
    ExactBytes source(random.below(3) == 0
                          ? random.bytes(100)
                          : terminated({any_name(random), "-" + cut, "/opt/" + any_name(random)}));
    CAPTURE(i);
    for (std::string_view name :
         {name_from_cmdline(cut, source.view()), name_from_exe(cut, source.view())}) {
      REQUIRE(source.encloses(name));
      REQUIRE((name.empty() || name.substr(0, cut.size()) == cut));
    }
    REQUIRE(source.encloses(name_from_cmdline("MainThread", source.view())));
  }
}

TEST_CASE("a set of random names agrees with a search through all of them") {
  Random random(42);
  for (int i = 0; i < kIterations; i++) {
    std::vector<std::string> names(random.below(6));
    for (std::string& name : names) name = any_name(random);
    bool ignore_case = random.below(2) == 0;
    NameSet set;
    REQUIRE(set.assign(ExactBytes(terminated(names)).view(), ignore_case) == kOk);
    std::string probe = any_name(random);
    auto same = [&](const std::string& name) {
      return ignore_case ? lower(name) == lower(probe) : name == probe;
    };
    auto begins = [&](const std::string& name) {
      std::string beginning = name.substr(0, probe.size());
      return same(beginning);
    };
    bool is_contained = std::any_of(names.begin(), names.end(), same);
    bool may_be =
        probe.size() >= 15 ? std::any_of(names.begin(), names.end(), begins) : is_contained;
    CAPTURE(i);
    REQUIRE(set.contains(ExactBytes(probe).view()) == is_contained);
    REQUIRE(set.may_contain(ExactBytes(probe).view()) == may_be);
    std::string line = terminated({probe, any_name(random)});
    std::string spaced = line.substr(0, line.size() - 1);
    std::replace(spaced.begin(), spaced.end(), '\0', ' ');
    bool occurs = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return ignore_case ? lower(spaced).find(lower(name)) != std::string::npos
                         : spaced.find(name) != std::string::npos;
    });
    REQUIRE(set.any_within(ExactBytes(line).view()) == occurs);
  }
}
