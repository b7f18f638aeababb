// What it takes to end processes together with all that they have started.
#include <string_view>

#include "../platform.h"
#include "children.h"
#include "files.h"
#include "parse.h"
#include "tree_parse.h"

namespace procseek {

namespace {

// Reads a file of one line below /proc/PID. Empty when it cannot be read.
std::string_view read_line(int32_t pid, std::string_view name, char* buffer, size_t size) {
  ProcPath path;
  path.append("/proc/").append(static_cast<uint32_t>(pid)).append(name);
  size_t length;
  return read_small(AT_FDCWD, path.c_str(), buffer, size, length) == kOk
             ? std::string_view(buffer, length)
             : std::string_view();
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

bool is_random_for_all() {
  char buffer[16];
  size_t length;
  Status status =
      read_small(AT_FDCWD, "/proc/sys/kernel/randomize_va_space", buffer, sizeof buffer, length);
  return status == kOk && length > 0 && buffer[0] != '0';
}

bool is_random_for(int32_t pid) {
  char buffer[32];
  return !parse_is_fixed(read_line(pid, "/personality", buffer, sizeof buffer));
}

// Whether the control group of the old freezer that the process is in has frozen it, by itself or
// by one above it.
bool is_frozen_by_group(int32_t pid) {
  constexpr std::string_view kMount = "/sys/fs/cgroup/freezer";
  ProcPath file;
  file.append("/proc/").append(static_cast<uint32_t>(pid)).append("/cgroup");
  Bytes path;
  Bytes text;
  if (read_all(AT_FDCWD, file.c_str(), text) != kOk) return false;
  std::string_view group =
      parse_group(text.view({0, static_cast<uint32_t>(text.size())}), "freezer");
  if (group.empty() || !path.append(kMount) || !path.append(group) ||
      !path.append("/freezer.state") || !path.append('\0')) {
    return false;
  }
  char buffer[32];
  size_t length;
  if (read_small(AT_FDCWD, path.data(), buffer, sizeof buffer, length) != kOk) return false;
  std::string_view state(buffer, length);
  return begins_with(state, "FROZEN") || begins_with(state, "FREEZING");
}

}  // namespace

Status signal_parent(int32_t pid, const Identity& identity, int32_t signal, Bytes& ret_children,
                     Status& ret_listed) {
  // No fork succeeds once SIGKILL has been sent (copy_process() looks for it, holding the lock of
  // the list of processes), and children keep their parent until it has given back its memory:
  // together, the lists before and after hold all.
  ret_listed = append_listed_children(pid, ret_children);
  if (signal < 0) return ret_listed < 0 ? ret_listed : Status{kOk};
  Status sent = signal_process(pid, identity, signal);
  if (sent != kOk || ret_listed != kOk) return sent;
  if (!append_value(ret_children, int32_t{0})) return out_of_memory();
  ret_listed = append_listed_children(pid, ret_children);
  return sent;
}

uint64_t read_origin(int32_t pid, bool is_to_be_random) {
  char buffer[2048];
  std::string_view stat = read_line(pid, "/stat", buffer, sizeof buffer);
  uint64_t origin = parse_origin(stat);
  if (!is_to_be_random || (is_random_for_all() && is_random_for(pid))) return origin;
  return 0;
}

Hold read_hold(int32_t pid) {
  // The old freezer; the new one lets killed processes go, and is no reason.
  char buffer[128];
  std::string_view where = read_line(pid, "/wchan", buffer, sizeof buffer);
  if (begins_with(where, "__refrigerator") || is_frozen_by_group(pid)) return Hold::frozen;
  char text[2048];
  Stat stat;
  bool is_told = parse_stat(read_line(pid, "/stat", text, sizeof text), stat);
  return is_told && stat.state == State::disk_sleep ? Hold::uninterruptible : Hold::none;
}

}  // namespace procseek
