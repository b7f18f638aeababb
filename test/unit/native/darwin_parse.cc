// What macOS fills in of a process, from bytes laid out as its headers say.
#include "darwin/parse.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "darwin/layouts.h"
#include "exact_bytes.h"
#include "random.h"

using namespace procseek;

namespace {

// Zeroes, and what is put into them.
class Structure {
 public:
  explicit Structure(size_t size) : bytes_(size, '\0') {}
  template <class T>
  Structure& put(size_t offset, T value) {
    REQUIRE(offset + sizeof value <= bytes_.size());
    std::memcpy(&bytes_[offset], &value, sizeof value);
    return *this;
  }
  Structure& put_text(size_t offset, std::string_view text) {
    REQUIRE(offset + text.size() <= bytes_.size());
    text.copy(&bytes_[offset], text.size());
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Every parser, on bytes that must be neither read beyond nor answered from anything else.
template <class Answer>
void refuses_less(bool (*parse)(std::string_view, Answer&), size_t size) {
  for (size_t length = 0; length < size; length++) {
    ExactBytes bytes(std::string(length, '\xff'));
    Answer answer;
    CHECK_FALSE(parse(bytes.view(), answer));
  }
  ExactBytes bytes(std::string(size, '\xff'));
  Answer answer;
  CHECK(parse(bytes.view(), answer));
}

const std::string kTold = std::string("pfz=0x7fffffe00000\0stack_guard=0x1\0ptr_munge=\0", 47);

std::string padded(std::string text) {
  text.resize((text.size() + 7) / 8 * 8, '\0');
  return text;
}

// As KERN_PROCARGS2 has it: how many arguments, the path, and all strings, each part up to a
// multiple of eight bytes.
std::string arguments(int32_t count, const std::string& path, const std::vector<std::string>& argv,
                      const std::vector<std::string>& environ) {
  std::string bytes = padded(path + '\0');
  for (const auto* list : {&argv, &environ}) {
    for (const std::string& text : *list) bytes.append(text).push_back('\0');
  }
  return std::string(reinterpret_cast<const char*>(&count), sizeof count) + padded(bytes) + kTold;
}

struct Parsed {
  bool is_one = false;
  bool has_environ = false;
  std::string cmdline;
  std::string environ;
};

Parsed parse(const std::string& text) {
  ExactBytes bytes(text);
  Arguments found;
  Parsed parsed;
  parsed.is_one = parse_arguments(bytes.view(), found);
  if (!parsed.is_one) return parsed;
  REQUIRE(bytes.encloses(found.cmdline));
  REQUIRE(bytes.encloses(found.environ));
  parsed.cmdline = found.cmdline;
  parsed.environ = found.environ;
  parsed.has_environ = found.has_environ;
  return parsed;
}

std::string list(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined.append(text).push_back('\0');
  return joined;
}

std::string id(int32_t pid, ProcessKey key) {
  Bytes text;
  REQUIRE(append_id(pid, key, text));
  return {text.data(), text.size()};
}

}  // namespace

TEST_CASE("macOS: short info tells what everybody may know") {
  // struct proc_bsdshortinfo
  Structure bytes(64);
  bytes.put<uint32_t>(0, 4711).put<uint32_t>(4, 1).put<uint32_t>(8, 4700).put<uint32_t>(12, 2);
  bytes.put_text(16, "Google Chrome H").put<uint32_t>(32, 0x4004);
  bytes.put<uint32_t>(36, 1).put<uint32_t>(40, 2).put<uint32_t>(44, 501).put<uint32_t>(48, 20);
  ExactBytes exact(bytes.bytes());
  ShortInfo info;
  REQUIRE(parse_short_info(exact.view(), info));
  CHECK(info.pid == 4711);
  CHECK(info.ppid == 1);
  CHECK(info.pgid == 4700);
  CHECK(info.status == kRunnable);
  CHECK(info.comm == "Google Chrome H");
  CHECK(info.uid == 501);
  CHECK(info.gid == 20);
  REQUIRE(exact.encloses(info.comm));
}

TEST_CASE("macOS: a comm may be empty, fill its place, or be anything but a NUL") {
  for (std::string comm : {"", "a", "0123456789abcdef", "\xff(\n) x"}) {
    Structure bytes(64);
    bytes.put_text(16, comm).put<uint32_t>(32, 0xffffffff);
    ShortInfo info;
    REQUIRE(parse_short_info(bytes.bytes(), info));
    CHECK(shown(info.comm) == shown(comm));
  }
}

TEST_CASE("macOS: the start, the terminal and the exit status of one's own process") {
  // struct proc_bsdinfo
  Structure bytes(136);
  bytes.put<uint32_t>(4, 5).put<uint32_t>(8, 3 << 8).put<uint32_t>(12, 77);
  bytes.put<uint32_t>(108, 0x10000003).put<int32_t>(116, -20);
  bytes.put<uint64_t>(120, 1700000000).put<uint64_t>(128, 123456);
  StartInfo info;
  REQUIRE(parse_bsd_info(ExactBytes(bytes.bytes()).view(), info));
  CHECK(info.pid == 77);
  CHECK(info.status == kZombie);
  CHECK(info.exit_status == 3 << 8);
  CHECK(info.terminal == 0x10000003);
  CHECK(info.nice == -20);
  CHECK(info.start == 1700000000123456);
}

TEST_CASE("macOS: the same of another user's, from the kernel's list") {
  // struct kinfo_proc
  Structure bytes(648);
  bytes.put<int64_t>(0, 1700000000).put<int32_t>(8, 999999);
  bytes.put<uint8_t>(36, 4).put<int32_t>(40, 78).put<int8_t>(242, -5).put<int32_t>(572, -1);
  bytes.put<uint32_t>(12, 0xffffffff);  // padding of the time
  StartInfo info;
  REQUIRE(parse_kinfo(ExactBytes(bytes.bytes()).view(), info));
  CHECK(info.pid == 78);
  CHECK(info.status == kStopped);
  CHECK(info.nice == -5);
  CHECK(info.terminal == kNoTerminal);
  CHECK(info.start == 1700000000999999);
}

TEST_CASE("macOS: a unique id has 64 bits") {
  // struct proc_uniqidentifierinfo
  Structure bytes(56);
  bytes.put<uint64_t>(16, 0x123456789abcdef0).put<uint64_t>(24, 1).put<int32_t>(32, -2);
  UniqueInfo info;
  REQUIRE(parse_unique_info(ExactBytes(bytes.bytes()).view(), info));
  CHECK(info.unique_id == 0x123456789abcdef0);
  CHECK(info.id_version == 0xfffffffe);
}

TEST_CASE("macOS: memory, times and threads") {
  // struct proc_taskinfo
  Structure bytes(96);
  bytes.put<uint64_t>(0, 400ull << 30).put<uint64_t>(8, 5 << 20);
  bytes.put<uint64_t>(16, 24000000).put<uint64_t>(24, 12000000);
  bytes.put<uint64_t>(32, 1).put<uint64_t>(40, 2);  // of those alive
  bytes.put<int32_t>(84, 12).put<int32_t>(88, 3);
  TaskInfo info;
  REQUIRE(parse_task_info(ExactBytes(bytes.bytes()).view(), info));
  CHECK(info.virtual_size == 400ull << 30);
  CHECK(info.resident_size == 5 << 20);
  CHECK(info.user_time == 24000000);
  CHECK(info.system_time == 12000000);
  CHECK(info.threads == 12);
  CHECK(info.running == 3);
}

TEST_CASE("macOS: bytes read from and written to storage") {
  // struct rusage_info_v4
  Structure bytes(296);
  bytes.put<uint64_t>(144, 1234567890123).put<uint64_t>(152, 42);
  UsageInfo info;
  REQUIRE(parse_usage_info(ExactBytes(bytes.bytes()).view(), info));
  CHECK(info.bytes_read == 1234567890123);
  CHECK(info.bytes_written == 42);
}

TEST_CASE("macOS: directories, of which most processes have no root") {
  // struct proc_vnodepathinfo
  Structure bytes(2352);
  bytes.put_text(152, "/Users/a b");
  ExactBytes exact(bytes.bytes());
  Directories directories;
  REQUIRE(parse_directories(exact.view(), directories));
  CHECK(directories.cwd == "/Users/a b");
  CHECK(directories.root.empty());

  Structure full(2352);
  full.put_text(152, std::string(1024, 'c')).put_text(1176, "no path");
  full.put_text(1328, std::string(1024, 'r'));
  ExactBytes all(full.bytes());
  REQUIRE(parse_directories(all.view(), directories));
  CHECK(directories.cwd == std::string(1024, 'c'));
  CHECK(directories.root == std::string(1024, 'r'));
  REQUIRE(all.encloses(directories.root));
}

TEST_CASE("macOS: less than a structure is none") {
  refuses_less(parse_short_info, short_info::kSize);
  refuses_less(parse_bsd_info, bsd_info::kSize);
  refuses_less(parse_kinfo, kinfo::kSize);
  refuses_less(parse_unique_info, unique_info::kSize);
  refuses_less(parse_task_info, task_info::kSize);
  refuses_less(parse_usage_info, usage_info::kSize);
  refuses_less(parse_directories, path_info::kSize);
}

TEST_CASE("macOS: arguments and environment, whatever NULs stand between them") {
  // All lengths of the path, and of the last variable: so many bytes up to a multiple of eight.
  for (size_t path = 1; path < 18; path++) {
    for (size_t value = 0; value < 18; value++) {
      std::vector<std::string> environ = {"A=1", "B=" + std::string(value, 'v')};
      Parsed parsed = parse(arguments(3, std::string(path, '/'), {"node", "-e", "x y"}, environ));
      CAPTURE(path);
      CAPTURE(value);
      REQUIRE(parsed.is_one);
      CHECK(shown(parsed.cmdline) == shown(list({"node", "-e", "x y"})));
      CHECK(shown(parsed.environ) == shown(list(environ)));
      CHECK(parsed.has_environ);
    }
  }
}

TEST_CASE("macOS: empty arguments are arguments") {
  for (size_t path = 1; path < 18; path++) {
    Parsed parsed = parse(arguments(4, std::string(path, '/'), {"", "a", "", ""}, {"A=1"}));
    CAPTURE(path);
    REQUIRE(parsed.is_one);
    CHECK(shown(parsed.cmdline) == shown(list({"", "a", "", ""})));
    CHECK(parsed.environ == list({"A=1"}));
  }
}

TEST_CASE("macOS: a process without arguments, or without an environment") {
  Parsed parsed = parse(arguments(0, "/bin/ls", {}, {"A=1"}));
  REQUIRE(parsed.is_one);
  CHECK(parsed.cmdline.empty());
  CHECK(parsed.environ == list({"A=1"}));
  for (size_t last = 0; last < 9; last++) {
    parsed = parse(arguments(2, "/bin/ls", {"ls", std::string(last, 'x')}, {}));
    CAPTURE(last);
    REQUIRE(parsed.is_one);
    CHECK(parsed.cmdline == list({"ls", std::string(last, 'x')}));
    CHECK(parsed.environ.empty());
    CHECK(parsed.has_environ);
  }
}

TEST_CASE("macOS: an environment that the kernel leaves out is withheld") {
  std::string whole = arguments(2, "/bin/ls", {"ls", "-l"}, {});
  // It ends behind the last argument.
  Parsed parsed = parse(whole.substr(0, 4 + 8 + 6));
  REQUIRE(parsed.is_one);
  CHECK(shown(parsed.cmdline) == shown(list({"ls", "-l"})));
  CHECK_FALSE(parsed.has_environ);
}

TEST_CASE("macOS: arguments that say there are more of them than there are") {
  for (int32_t count : {4, 1000, INT32_MAX}) {
    Parsed parsed = parse(arguments(count, "/bin/ls", {"ls", "a", "b"}, {}));
    REQUIRE(parsed.is_one);
    CHECK(parsed.cmdline.substr(0, 7) == list({"ls", "a", "b"}));
    // What dyld is told is taken for arguments; there is nothing that tells them apart.
    CHECK(parsed.has_environ == (count == 4));
  }
}

TEST_CASE("macOS: bytes that are no arguments") {
  CHECK_FALSE(parse("").is_one);
  CHECK_FALSE(parse(std::string(3, '\0')).is_one);
  CHECK_FALSE(parse(std::string(4, '\0')).is_one);
  CHECK_FALSE(parse(std::string(64, '\0')).is_one);
  CHECK_FALSE(parse(arguments(-1, "/bin/ls", {"ls"}, {})).is_one);
  CHECK_FALSE(parse(arguments(INT32_MIN, "/bin/ls", {"ls"}, {})).is_one);
}

TEST_CASE("macOS: arguments cut anywhere are a beginning of what they were") {
  std::vector<std::string> environ = {"HOME=/Users/a", "LANG="};
  std::string whole = arguments(2, "/bin/sh", {"sh", "-c"}, environ);
  for (size_t length = 0; length <= whole.size(); length++) {
    Parsed parsed = parse(whole.substr(0, length));
    CAPTURE(length);
    if (!parsed.is_one) CHECK(length < 4 + 2);
    CHECK(list({"sh", "-c"}).substr(0, parsed.cmdline.size()) == parsed.cmdline);
    CHECK(list(environ).substr(0, parsed.environ.size()) == parsed.environ);
  }
}

TEST_CASE("macOS: parsers survive random bytes and answer from nothing but these") {
  Random random(20261127);
  const std::vector<std::string> fixtures = {
      arguments(2, "/bin/sh", {"sh", "-c"}, {"HOME=/Users/a", "LANG="}),
      arguments(1, "/usr/local/bin/node", {""}, {}), std::string(64, '\0')};
  for (int i = 0; i < 20000; i++) {
    ExactBytes text(random.below(3) == 0 ? random.bytes(3000)
                                         : random.mutated(random.one_of(fixtures)));
    CAPTURE(i);
    Arguments found;
    if (parse_arguments(text.view(), found)) {
      REQUIRE(text.encloses(found.cmdline));
      REQUIRE(text.encloses(found.environ));
      REQUIRE((found.has_environ || found.environ.empty()));
    }
    ShortInfo info;
    if (parse_short_info(text.view(), info)) {
      REQUIRE(text.encloses(info.comm));
      REQUIRE(info.comm.size() <= 16);
    }
    Directories directories;
    if (parse_directories(text.view(), directories)) {
      REQUIRE(text.encloses(directories.cwd));
      REQUIRE(text.encloses(directories.root));
    }
  }
}

TEST_CASE("macOS: whether a process runs is told by its threads alone") {
  CHECK(state_of(kRunnable, 1) == State::running);
  CHECK(state_of(kRunnable, 0) == State::sleeping);
  CHECK(state_of(kSleeping, 0) == State::sleeping);
  CHECK(state_of(kRunnable, -1) == State::unknown);
  for (int32_t running : {-1, 0, 1}) {
    CHECK(state_of(kIdle, running) == State::idle);
    CHECK(state_of(kStopped, running) == State::stopped);
    CHECK(state_of(kZombie, running) == State::zombie);
    CHECK(state_of(0, running) == State::unknown);
    CHECK(state_of(0xffffffff, running) == State::unknown);
  }
}

TEST_CASE("macOS: ticks of either kind of machine are milliseconds") {
  CHECK(milliseconds_of(24000, 24000000) == doctest::Approx(1));
  CHECK(milliseconds_of(1000000, 1000000000) == doctest::Approx(1));
  CHECK(milliseconds_of(0, 24000000) == 0);
}

TEST_CASE("macOS: identities by unique id and by start are never alike") {
  CHECK(id(1, {ProcessKey::unique_id, 1}) == "1-1");
  CHECK(id(99999, {ProcessKey::unique_id, UINT64_MAX}) == "99999-18446744073709551615");
  CHECK(id(4711, {ProcessKey::start_time, 1700000000123456}) == "4711@1700000000123456");
  CHECK(id(INT32_MAX, {ProcessKey::start_time, 0}) == "2147483647@0");
  CHECK_FALSE(ProcessKey{ProcessKey::unique_id, 7} == ProcessKey{ProcessKey::start_time, 7});
  CHECK_FALSE(ProcessKey{} == ProcessKey{ProcessKey::unique_id, 0});
  CHECK(ProcessKey{ProcessKey::unique_id, 7} == ProcessKey{ProcessKey::unique_id, 7});
  // The longest one is an Identity.
  CHECK(id(INT32_MAX, {ProcessKey::unique_id, UINT64_MAX}).size() <= sizeof Identity::bytes);
}

TEST_CASE("macOS: pseudo terminals are numbered by three digits") {
  auto path = [](int32_t device) {
    char text[kTerminalPathSize];
    pseudo_terminal_path(device, text);
    return std::string(text);
  };
  CHECK(path(0x10000000) == "/dev/ttys000");
  CHECK(path(0x10000007) == "/dev/ttys007");
  CHECK(path(0x10000000 | 511) == "/dev/ttys511");
  CHECK(path(0x0f000000 | 999) == "/dev/ttys999");
  // No such number is given out; whoever gets this path finds another device there, or none.
  CHECK(path(static_cast<int32_t>(0xffffffff)) == "/dev/ttys215");
}
