// Lists of processes as Windows makes them, and as they cannot be.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "exact_bytes.h"
#include "random.h"
#include "wide.h"
#include "windows/process_list.h"
#include "windows/record_fields.h"

using namespace procseek;

namespace {

constexpr uint64_t kBase = 0x1d0f2a60000;

struct Entry {
  uint64_t pid;
  uint64_t creator;
  uint64_t birth;
  std::u16string name;
};

// Where the parts of an entry are.
struct Layout {
  size_t name;
  size_t pid;
  size_t creator;
  size_t birth;
  size_t size;
};
constexpr Layout kBasic = {0x20, 0x08, 0x10, 0x18, 0x30};
constexpr Layout kFull = {0x38, 0x50, 0x58, 0x20, 0x100};

const Layout& layout_of(ListKind kind) { return kind == ListKind::basic ? kBasic : kFull; }

// As the kernel writes it: the name behind the entry, or behind its threads, the next one aligned.
std::string list_of(ListKind kind, const std::vector<Entry>& entries, uint64_t base = kBase) {
  const Layout& layout = layout_of(kind);
  std::string list;
  for (size_t i = 0; i < entries.size(); i++) {
    const Entry& entry = entries[i];
    std::string one(layout.size, '\0');
    if (kind == ListKind::full) {
      one.resize(layout.size + 2 * 0x50, 'T');
      put<uint32_t>(one, 0x04, 2);                               // threads
      put<uint64_t>(one, 0x28, 50000000);                        // user time
      put<uint64_t>(one, 0x30, 15000);                           // kernel time
      put<uint32_t>(one, 0x60, 300 + static_cast<uint32_t>(i));  // handles
      put<uint32_t>(one, 0x64, 1);                               // session
      put<uint64_t>(one, 0x78, 0x20000000000);                   // virtual memory
      put<uint64_t>(one, 0x90, 0x123000);                        // working set
      for (size_t n = 0; n < 6; n++) put<uint64_t>(one, 0xd0 + 8 * n, 100 + n);
    }
    put<uint64_t>(one, layout.pid, entry.pid);
    put<uint64_t>(one, layout.creator, entry.creator);
    put<uint64_t>(one, layout.birth, entry.birth);
    auto size = static_cast<uint16_t>(2 * entry.name.size());
    if (size != 0) {
      put<uint16_t>(one, layout.name, size);
      put<uint16_t>(one, layout.name + 2, static_cast<uint16_t>(size + 2));
      put<uint64_t>(one, layout.name + 8, base + list.size() + one.size());
    }
    one += wide_bytes(entry.name) + std::string(2, '\0');
    one.resize((one.size() + 7) & ~size_t{7});
    if (i + 1 < entries.size()) put<uint32_t>(one, 0, static_cast<uint32_t>(one.size()));
    list += one;
  }
  return list;
}

const std::vector<Entry> kProcesses = {
    {0, 0, 0, u""},
    {4, 0, 1, u"System"},
    {9000, 1234, 70, u"node.exe"},
    {120, 4, 2, u"Registry"},
    {1234, 4, 60, u"Zürich.exe"},
    {5000, 9000, 65, u"older.exe"},  // than the one that has its creator's PID
    {5004, 7777, 80, u"orphan.exe"},
};

struct Parsed {
  explicit Parsed(ListKind kind, const std::string& buffer, uint64_t base = kBase) : bytes(buffer) {
    REQUIRE(list.assign(kind, bytes.view(), base));
  }
  std::string name_of(int32_t pid) const {
    ListedProcess process;
    Bytes text;
    REQUIRE(list.find(pid, process));
    REQUIRE(append_utf8(process.name, text));
    return {text.data(), text.size()};
  }
  int32_t parent_of(int32_t pid) const {
    ListedProcess process;
    REQUIRE(list.find(pid, process));
    return list.parent_of(process);
  }
  std::vector<int32_t> pids() const {
    std::vector<int32_t> all;
    for (size_t i = 0; i < list.size(); i++) all.push_back(list.pid_at(i));
    return all;
  }

  ExactBytes bytes;
  ProcessList list;
};

constexpr ListKind kKinds[] = {ListKind::basic, ListKind::full};

}  // namespace

TEST_CASE("a list is told by ascending PIDs and without the idle process") {
  for (ListKind kind : kKinds) {
    Parsed parsed(kind, list_of(kind, kProcesses));
    CHECK(parsed.pids() == std::vector<int32_t>{4, 120, 1234, 5000, 5004, 9000});
    CHECK(parsed.name_of(4) == "System");
    CHECK(parsed.name_of(120) == "Registry");
    CHECK(parsed.name_of(1234) == "Zürich.exe");
    CHECK(parsed.name_of(9000) == "node.exe");
    ListedProcess process;
    for (int32_t pid : {0, 5, 8, 1233, 9001, INT32_MAX})
      CHECK_FALSE(parsed.list.find(pid, process));
  }
}

TEST_CASE("a parent is the creator that is older than its child") {
  for (ListKind kind : kKinds) {
    Parsed parsed(kind, list_of(kind, kProcesses));
    CHECK(parsed.parent_of(4) == 0);
    CHECK(parsed.parent_of(120) == 4);
    CHECK(parsed.parent_of(9000) == 1234);
    CHECK(parsed.parent_of(5000) == 0);  // its creator's PID is another one's
    CHECK(parsed.parent_of(5004) == 0);  // its creator has ended
  }
}

TEST_CASE("the full list tells what a process uses") {
  Parsed parsed(ListKind::full, list_of(ListKind::full, kProcesses));
  ListedProcess process;
  REQUIRE(parsed.list.find(9000, process));
  Record record;
  record.reset(9000);
  FieldMask wanted = bit(Field::name) | bit(Field::id);
  REQUIRE(store_listed(process, ListKind::full, wanted, record) == kOk);
  CHECK(record.view(record.name) == "node.exe");
  CHECK(record.view(record.comm) == "node.exe");
  CHECK(record.view(record.id) == "9000-70");
  CHECK(record.threads == 2);
  CHECK(record.fds == 302);
  CHECK(record.sid == 1);
  CHECK(record.cpuTime.user == 5000);
  CHECK(record.cpuTime.system == 1.5);
  CHECK(record.rss == 0x123000);
  CHECK(record.vsize == 0x20000000000);
  CHECK(record.io.readCalls == 100);
  CHECK(record.io.writeCalls == 101);
  CHECK(record.io.readChars == 103);
  CHECK(record.io.writeChars == 104);
  CHECK(std::isnan(record.io.readBytes));
  CHECK(std::isnan(record.io.writeBytes));
  for (Field field :
       {Field::name, Field::comm, Field::id, Field::startTime, Field::threads, Field::fds,
        Field::sid, Field::cpuTime, Field::rss, Field::vsize, Field::io}) {
    CHECK(record.has(field));
  }
  CHECK_FALSE((record.present & bit(Field::ppid)) != 0);
}

TEST_CASE("the short list tells names alone") {
  Parsed parsed(ListKind::basic, list_of(ListKind::basic, kProcesses));
  ListedProcess process;
  REQUIRE(parsed.list.find(9000, process));
  Record record;
  record.reset(9000);
  REQUIRE(store_listed(process, ListKind::basic, ~FieldMask{0}, record) == kOk);
  CHECK(record.present == (bit(Field::pid) | bit(Field::name) | bit(Field::comm)));
  CHECK(record.view(record.name) == "node.exe");
}

TEST_CASE("of two processes that had one PID the later one is told") {
  for (ListKind kind : kKinds) {
    Parsed parsed(kind, list_of(kind, {{8, 0, 1, u"a"}, {12, 0, 2, u"b"}, {8, 0, 3, u"c"}}));
    CHECK(parsed.pids() == std::vector<int32_t>{8, 12});
    CHECK(parsed.name_of(8) == "c");
  }
}

TEST_CASE("a list that breaks off is told up to there") {
  for (ListKind kind : kKinds) {
    std::string whole = list_of(kind, kProcesses);
    size_t before = 0;
    for (size_t length = 0; length <= whole.size(); length++) {
      Parsed parsed(kind, whole.substr(0, length));
      REQUIRE(parsed.list.size() >= before);
      before = parsed.list.size();
      for (size_t i = 0; i < before; i++) (void)parsed.list.at(i);
    }
    CHECK(before == 6);
  }
}

TEST_CASE("a name that lies outside of the list is none") {
  for (ListKind kind : kKinds) {
    std::string list = list_of(kind, {{8, 0, 1, u"name"}});
    size_t name = layout_of(kind).name;
    for (uint64_t address : {uint64_t{0}, uint64_t{1}, kBase - 1, kBase + list.size() - 7,
                             kBase + list.size(), kBase + (uint64_t{1} << 40), ~uint64_t{0}}) {
      put<uint64_t>(list, name + 8, address);
      Parsed parsed(kind, list);
      CHECK(parsed.name_of(8) == "");
    }
  }
}

TEST_CASE("a PID beyond what a number holds is left out") {
  for (ListKind kind : kKinds) {
    Parsed parsed(kind, list_of(kind, {{uint64_t{1} << 31, 0, 1, u"a"},
                                       {~uint64_t{0}, 0, 1, u"b"},
                                       {INT32_MAX, ~uint64_t{0}, 1, u"c"}}));
    CHECK(parsed.pids() == std::vector<int32_t>{INT32_MAX});
    CHECK(parsed.parent_of(INT32_MAX) == 0);
  }
}

TEST_CASE("an empty list has nobody") {
  for (ListKind kind : kKinds) CHECK(Parsed(kind, "").list.size() == 0);
}

TEST_CASE("any list is survived") {
  Random random(73);
  for (int i = 0; i < 20000; i++) {
    ListKind kind = kKinds[random.below(2)];
    std::string bytes =
        random.below(4) == 0 ? random.bytes(600) : random.mutated(list_of(kind, kProcesses));
    Parsed parsed(kind, bytes, random.below(2) == 0 ? kBase : random.next());
    int32_t last = 0;
    for (size_t at = 0; at < parsed.list.size(); at++) {
      ListedProcess process = parsed.list.at(at);
      REQUIRE(process.pid > last);
      last = process.pid;
      REQUIRE(parsed.bytes.encloses({process.name.bytes, 2 * process.name.count}));
      Bytes text;
      REQUIRE(append_utf8(process.name, text));
      (void)parsed.list.parent_of(process);
    }
  }
}

TEST_CASE("times of Windows become those since 1970") {
  CHECK(epoch_of(116444736000000000) == 0);
  CHECK(epoch_of(134402192172504210) == doctest::Approx(1795745617250.421).epsilon(1e-15));
  CHECK(epoch_of(0) < 0);  // of processes that the kernel made before it knew the time
}

TEST_CASE("an identity is the PID and the time, and has room for the largest of both") {
  auto text = [](const Identity& id) { return std::string(id.bytes, id.length); };
  CHECK(text(identity_of(32, 134402192172504210)) == "32-134402192172504210");
  CHECK(text(identity_of(INT32_MAX, INT64_MAX)) == "2147483647-9223372036854775807");
  CHECK_FALSE(identity_of(4, 10) == identity_of(4, 1));
  CHECK_FALSE(identity_of(4, 10) == identity_of(41, 0));
}

TEST_CASE("priority classes are told as Node.js tells them") {
  int32_t nice = 5;
  CHECK_FALSE(nice_of(0, nice));
  CHECK_FALSE(nice_of(7, nice));
  CHECK_FALSE(nice_of(255, nice));
  CHECK(nice == 5);
  const int32_t expected[] = {19, 0, -14, -20, 10, -7};
  for (uint8_t number = 1; number <= 6; number++) {
    CHECK(nice_of(number, nice));
    CHECK(nice == expected[number - 1]);
  }
}
