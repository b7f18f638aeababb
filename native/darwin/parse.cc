#include "parse.h"

#include <algorithm>
#include <cstring>

#include "layouts.h"

namespace procseek {

namespace {

template <class T>
T load(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// Up to the NUL, if there is one.
std::string_view text_at(std::string_view bytes, size_t offset, size_t size) {
  std::string_view text = bytes.substr(offset, size);
  return text.substr(0, std::min(text.find('\0'), text.size()));
}

uint64_t microseconds(uint64_t seconds, uint64_t rest) { return seconds * 1000000 + rest; }

// Behind a path of this size the kernel puts NULs up to a multiple of eight
// (exec_extract_strings() in kern_exec.c). What follows may begin with one of its own.
void skip_padding(size_t path_size, std::string_view& bytes) {
  size_t padding = std::min((8 - path_size % 8) % 8, bytes.size());
  bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), padding));
}

// Cuts an element off `bytes`, its NUL included. What is left of a cut one has none.
std::string_view cut_element(std::string_view& bytes) {
  size_t nul = bytes.find('\0');
  std::string_view element =
      bytes.substr(0, nul == std::string_view::npos ? bytes.size() : nul + 1);
  bytes.remove_prefix(element.size());
  return element;
}

// What the kernel tells dyld begins with the address of the preemption-free zone
// (exec_add_apple_strings() in kern_exec.c). NULs stand before it, up to a multiple of eight: none,
// one time in eight.
bool begins_what_dyld_is_told(std::string_view element) {
  constexpr std::string_view kFirst = "pfz=0x";
  return element.substr(0, kFirst.size()) == kFirst;
}

}  // namespace

bool parse_short_info(std::string_view bytes, ShortInfo& ret_info) {
  using namespace short_info;
  if (bytes.size() < kSize) return false;
  ret_info.pid = load<int32_t>(bytes, kPid);
  ret_info.ppid = load<int32_t>(bytes, kPpid);
  ret_info.pgid = load<int32_t>(bytes, kPgid);
  ret_info.status = load<uint32_t>(bytes, kStatus);
  ret_info.comm = text_at(bytes, kComm, kCommSize);
  ret_info.uid = load<uint32_t>(bytes, kRealUid);
  ret_info.gid = load<uint32_t>(bytes, kRealGid);
  return true;
}

bool parse_bsd_info(std::string_view bytes, StartInfo& ret_info) {
  using namespace bsd_info;
  if (bytes.size() < kSize) return false;
  ret_info.pid = load<int32_t>(bytes, kPid);
  ret_info.status = load<uint32_t>(bytes, kStatus);
  ret_info.terminal = load<int32_t>(bytes, kTerminal);
  ret_info.nice = load<int32_t>(bytes, kNice);
  ret_info.start =
      microseconds(load<uint64_t>(bytes, kStartSeconds), load<uint64_t>(bytes, kStartMicroseconds));
  ret_info.exit_status = load<uint32_t>(bytes, kExitStatus);
  return true;
}

bool parse_kinfo(std::string_view bytes, StartInfo& ret_info) {
  using namespace kinfo;
  if (bytes.size() < kSize) return false;
  ret_info.pid = load<int32_t>(bytes, kPid);
  ret_info.status = load<uint8_t>(bytes, kStatus);
  ret_info.terminal = load<int32_t>(bytes, kTerminal);
  ret_info.nice = load<int8_t>(bytes, kNice);
  ret_info.start =
      microseconds(load<uint64_t>(bytes, kStartSeconds), load<uint32_t>(bytes, kStartMicroseconds));
  return true;
}

bool parse_unique_info(std::string_view bytes, UniqueInfo& ret_info) {
  using namespace unique_info;
  if (bytes.size() < kSize) return false;
  ret_info.unique_id = load<uint64_t>(bytes, kUniqueId);
  ret_info.id_version = load<uint32_t>(bytes, kIdVersion);
  return true;
}

bool parse_task_info(std::string_view bytes, TaskInfo& ret_info) {
  using namespace task_info;
  if (bytes.size() < kSize) return false;
  ret_info.virtual_size = load<uint64_t>(bytes, kVirtualSize);
  ret_info.resident_size = load<uint64_t>(bytes, kResidentSize);
  ret_info.user_time = load<uint64_t>(bytes, kTotalUser);
  ret_info.system_time = load<uint64_t>(bytes, kTotalSystem);
  ret_info.threads = load<int32_t>(bytes, kThreads);
  ret_info.running = load<int32_t>(bytes, kRunning);
  return true;
}

bool parse_usage_info(std::string_view bytes, UsageInfo& ret_info) {
  using namespace usage_info;
  if (bytes.size() < kSize) return false;
  ret_info.bytes_read = load<uint64_t>(bytes, kBytesRead);
  ret_info.bytes_written = load<uint64_t>(bytes, kBytesWritten);
  return true;
}

bool parse_directories(std::string_view bytes, Directories& ret_directories) {
  using namespace path_info;
  if (bytes.size() < kSize) return false;
  ret_directories.cwd = text_at(bytes, kCwd, kPathSize);
  ret_directories.root = text_at(bytes, kRoot, kPathSize);
  return true;
}

bool parse_arguments(std::string_view bytes, Arguments& ret_arguments) {
  if (bytes.size() < sizeof(int32_t)) return false;
  int32_t count = load<int32_t>(bytes, 0);
  bytes.remove_prefix(sizeof count);
  // The path by which it was executed comes first.
  std::string_view path = cut_element(bytes);
  if (count < 0 || path.size() <= 1) return false;
  skip_padding(path.size(), bytes);

  const char* first = bytes.data();
  while (count > 0 && !bytes.empty()) {
    (void)cut_element(bytes);
    count--;
  }
  ret_arguments.cmdline = {first, static_cast<size_t>(bytes.data() - first)};
  ret_arguments.has_environ = count == 0 && !bytes.empty();
  if (!ret_arguments.has_environ) bytes = {};

  first = bytes.data();
  size_t length = 0;
  while (!bytes.empty() && bytes.front() != '\0' && !begins_what_dyld_is_told(bytes)) {
    length += cut_element(bytes).size();
  }
  ret_arguments.environ = {first, length};
  return true;
}

State state_of(uint32_t status, int32_t running) {
  switch (status) {
    case kIdle:
      return State::idle;
    case kStopped:
      return State::stopped;
    case kZombie:
      return State::zombie;
    case kRunnable:
    case kSleeping:
      if (running < 0) return State::unknown;
      return running == 0 ? State::sleeping : State::running;
    default:
      return State::unknown;
  }
}

double milliseconds_of(uint64_t ticks, uint64_t frequency) {
  return static_cast<double>(ticks) * 1e3 / static_cast<double>(frequency);
}

bool append_id(int32_t pid, const ProcessKey& key, Bytes& text) {
  char digits[20];
  auto append_number = [&](uint64_t number) {
    size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return text.append({digits + first, sizeof digits - first});
  };
  return append_number(static_cast<uint32_t>(pid)) &&
         text.append(key.kind == ProcessKey::unique_id ? "-" : "@") && append_number(key.number);
}

void pseudo_terminal_path(int32_t device, char (&ret_path)[kTerminalPathSize]) {
  // minor() of sys/types.h; the driver names its devices by three digits, and has 1000 at most
  // (tty_ptmx.c).
  uint32_t minor = static_cast<uint32_t>(device) & 0xffffff;
  std::memcpy(ret_path, kPseudoTerminal, kTerminalPathSize);
  for (size_t at = kTerminalPathSize - 1; at-- > kTerminalPathSize - 4; minor /= 10) {
    ret_path[at] = static_cast<char>('0' + minor % 10);
  }
}

}  // namespace procseek
