#include "visibility.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "files.h"
#include "parse.h"

namespace procseek {

namespace {

constexpr int kSysPtrace = 19;

// The number behind a label in a line, -1 when there is none.
int32_t number_behind(std::string_view line, std::string_view label) {
  size_t at = line.find(label);
  int32_t number = -1;
  if (at == std::string_view::npos) return number;
  line.remove_prefix(at + label.size());
  size_t digits = 0;
  while (digits < line.size() && line[digits] >= '0' && line[digits] <= '9') digits++;
  (void)parse_number(line.substr(0, digits), number);
  return number;
}

// Whether a group is one of this process's.
bool is_in_group(int32_t group) {
  char buffer[8192];
  char wanted[16];
  size_t length;
  std::snprintf(wanted, sizeof wanted, " %d ", static_cast<int>(group));
  if (read_small(AT_FDCWD, "/proc/self/status", buffer, sizeof buffer, length) != kOk) return false;
  std::string_view lines(buffer, length);
  std::string_view line;
  while (next_line(lines, line)) {
    // Gid: separates by tabs, Groups: by blanks, and ends in one.
    bool is_primary = line.substr(0, 4) == "Gid:";
    if (!is_primary && line.substr(0, 7) != "Groups:") continue;
    std::replace(buffer + (line.data() - buffer), buffer + (line.data() - buffer) + line.size(),
                 '\t', ' ');
    if (line.find(wanted) != std::string_view::npos) return true;
  }
  return false;
}

// What the mount options of a /proc leave out for some: the line that has them, or nothing.
bool find_hiding_options(const ProcRoot& root, Bytes& text, std::string_view& ret_line) {
  char device[32];
  std::snprintf(device, sizeof device, " 0:%u ", static_cast<unsigned>(root.device()));
  if (read_all(AT_FDCWD, "/proc/self/mountinfo", text) != kOk) return false;
  std::string_view lines(text.data(), text.size());
  while (next_line(lines, ret_line)) {
    bool is_proc = ret_line.find(device) != std::string_view::npos &&
                   ret_line.find(" - proc ") != std::string_view::npos;
    size_t option = ret_line.find("hidepid=");
    if (!is_proc || option == std::string_view::npos) continue;
    std::string_view value = ret_line.substr(option + 8);
    if (value.substr(0, 1) != "0" && value.substr(0, 3) != "off") return true;
  }
  return false;
}

}  // namespace

bool has_capability(int capability) {
  struct {
    uint32_t version = 0x20080522;
    int32_t pid = 0;
  } header;
  struct {
    uint32_t effective;
    uint32_t permitted;
    uint32_t inheritable;
  } data[2] = {};
  if (counted(::syscall, SYS_capget, &header, data) != 0) return false;
  return (data[capability / 32].effective >> (capability % 32) & 1) != 0;
}

bool hides_processes(const ProcRoot& root) {
  Bytes text;
  std::string_view line;
  if (has_capability(kSysPtrace) || !find_hiding_options(root, text, line)) return false;
  int32_t group = number_behind(line, "gid=");
  return group < 0 || !is_in_group(group);
}

Status explain_hidden(Reason& ret_reason) {
  if (hides_processes(ProcRoot())) {
    ret_reason.add("/proc hides processes of other users from this one (the mount option hidepid)");
    return kOk;
  }
  // Whatever else keeps their names from being read, as a security module may.
  NumberedEntries entries;
  int32_t pid;
  uint32_t hidden = 0;
  uint32_t all = 0;
  Status status = ProcRoot().open_entries(entries);
  while (status == kOk && (status = entries.next(pid)) == kOk) {
    char comm[64];
    size_t length;
    ProcPath path;
    path.append(static_cast<uint32_t>(pid)).append("/comm");
    all++;
    hidden += read_small(entries.fd(), path.c_str(), comm, sizeof comm, length) == kDenied;
  }
  if (status != kEnd) return as_failure(Call::getdents64, status);
  if (hidden == 0) return kOk;
  char text[96];
  std::snprintf(text, sizeof text, "%u of %u processes may not be looked at by this user", hidden,
                all);
  ret_reason.add(text);
  return kOk;
}

}  // namespace procseek
