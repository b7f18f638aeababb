#include "parse.h"

#include <algorithm>
#include <cstring>

namespace procseek {

namespace {

constexpr uint64_t kKernelThreadFlag = 0x00200000;  // PF_KTHREAD, linux/sched.h

// Reads decimal numbers from a line, one after the other.
class Numbers {
 public:
  explicit Numbers(std::string_view text) : text_(text) {}

  void skip(int count) {
    while (count-- > 0) {
      skip_blanks();
      text_.remove_prefix(std::min(text_.find(' '), text_.size()));
    }
  }
  // 0 behind the last one; is_complete() tells.
  int64_t next() {
    skip_blanks();
    size_t i = 0;
    bool is_negative = i < text_.size() && text_[i] == '-';
    if (is_negative) i++;
    size_t first_digit = i;
    uint64_t number = 0;
    for (; i < text_.size() && text_[i] >= '0' && text_[i] <= '9'; i++) {
      number = number * 10 + static_cast<uint64_t>(text_[i] - '0');
    }
    if (i == first_digit) is_complete_ = false;
    text_.remove_prefix(i);
    return static_cast<int64_t>(is_negative ? 0 - number : number);
  }
  int32_t next_i32() { return static_cast<int32_t>(next()); }
  uint64_t next_u64() { return static_cast<uint64_t>(next()); }
  bool is_complete() const { return is_complete_; }

 private:
  void skip_blanks() {
    size_t i = 0;
    while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\t')) i++;
    text_.remove_prefix(i);
  }

  std::string_view text_;
  bool is_complete_ = true;
};

State state_of(char letter) {
  switch (letter) {
    case 'R':
      return State::running;
    case 'S':
      return State::sleeping;
    case 'D':
      return State::disk_sleep;
    case 'T':
      return State::stopped;
    case 't':
      return State::tracing_stop;
    case 'Z':
      return State::zombie;
    case 'X':
    case 'x':
      return State::dead;
    case 'I':
      return State::idle;
    case 'P':
      return State::parked;
    default:
      return State::unknown;
  }
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hexadecimal(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

bool are_hexadecimal(std::string_view text, size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), is_hexadecimal);
}

// What stands in a line of `cgroup` behind the number and the controllers; of none, no view at all.
std::string_view path_of_hierarchy(std::string_view line) {
  size_t colon = line.find(':');
  size_t second = colon == std::string_view::npos ? colon : line.find(':', colon + 1);
  return second == std::string_view::npos ? std::string_view{} : line.substr(second + 1);
}

// Of Amazon ECS on Fargate: the task's 32 digits, and a number for the container.
bool is_ecs_id(std::string_view text) {
  constexpr size_t kDigits = 32;
  return text.size() > kDigits + 1 && are_hexadecimal(text.substr(0, kDigits), kDigits) &&
         text[kDigits] == '-' && std::all_of(text.begin() + kDigits + 1, text.end(), is_digit);
}

// Of Garden: five groups of digits, eight and then four, of which the last may have more.
bool is_garden_id(std::string_view text) {
  size_t dashes = 0;
  size_t run = 0;
  for (char c : text) {
    if (c != '-' && !is_hexadecimal(c)) return false;
    run = c == '-' ? 0 : run + 1;
    if (c != '-') continue;
    dashes++;
  }
  constexpr size_t kFirst = 8;
  constexpr size_t kGroup = 4;
  if (dashes != 4 || run < kGroup) return false;
  for (size_t at = kFirst; dashes > 0; at += kGroup + 1, dashes--) {
    if (at >= text.size() || text[at] != '-') return false;
  }
  return true;
}

// The container that an element of a path is the cgroup of. A scope of systemd is called by what
// made it, and the container; likewise the directories of some runtimes. Other units that are
// called by so many digits are not containers: health checks, mounts, timers. Nor are the monitors
// that Podman and CRI-O run for each container, outside of it.
std::string_view container_of(std::string_view element) {
  constexpr std::string_view kScope = ".scope";
  constexpr size_t kDigits = 64;
  bool is_scope = ends_with(element, kScope);
  if (is_scope) element.remove_suffix(kScope.size());
  if (element.size() < kDigits) return {};
  std::string_view id = element.substr(element.size() - kDigits);
  if (!are_hexadecimal(id, kDigits)) return {};
  std::string_view maker = element.substr(0, element.size() - kDigits);
  if (maker.empty()) return id;
  if (ends_with(maker, "conmon-")) return {};
  // containerd, where the driver of its cgroups is not that of the kubelet:
  // `slice:cri-containerd:id`.
  if (maker.back() == ':') return id;
  if (is_scope) return maker.back() == '-' ? id : std::string_view{};
  bool is_directory = maker == "libpod-" || maker == "libpod-payload-" || maker == "crio-" ||
                      maker == "docker-" || maker == "cri-containerd-";
  return is_directory ? id : std::string_view{};
}

std::string_view innermost_container(std::string_view path) {
  constexpr std::string_view kDeleted = " (deleted)";
  if (ends_with(path, kDeleted)) path.remove_suffix(kDeleted.size());
  std::string_view found;
  bool is_ecs = false;
  bool is_garden = false;
  while (!path.empty()) {
    size_t slash = std::min(path.find('/'), path.size());
    std::string_view element = path.substr(0, slash);
    path.remove_prefix(std::min(slash + 1, path.size()));
    bool is_other = (is_ecs && is_ecs_id(element)) || (is_garden && is_garden_id(element));
    std::string_view container = is_other ? element : container_of(element);
    if (!container.empty()) found = container;
    is_ecs |= element == "ecs";
    is_garden |= element == "garden";
  }
  return found;
}

}  // namespace

bool next_line(std::string_view& text, std::string_view& ret_line) {
  if (text.empty()) return false;
  size_t newline = std::min(text.find('\n'), text.size());
  ret_line = text.substr(0, newline);
  text.remove_prefix(std::min(newline + 1, text.size()));
  return true;
}

std::string_view parse_comm(std::string_view text) {
  if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return text;
}

bool parse_stat(std::string_view text, Stat& ret_stat) {
  // The name stands in parentheses and may contain some: it reaches from the first to the last.
  size_t open = text.find('(');
  const void* last = memrchr(text.data(), ')', text.size());  // faster than rfind, by far
  if (open == std::string_view::npos || last == nullptr) return false;
  size_t close = static_cast<size_t>(static_cast<const char*>(last) - text.data());
  if (close < open) return false;
  if (text.size() < close + 4) return false;
  Stat stat;
  stat.comm = text.substr(open + 1, close - open - 1);
  stat.state = state_of(text[close + 2]);

  Numbers numbers(text.substr(close + 3));  // from field 4 of proc_pid_stat(5)
  stat.ppid = numbers.next_i32();
  stat.pgid = numbers.next_i32();
  stat.sid = numbers.next_i32();
  stat.tty = numbers.next_i32();
  numbers.skip(1);  // tpgid
  stat.is_kernel_thread = (numbers.next_u64() & kKernelThreadFlag) != 0;
  numbers.skip(4);  // minflt cminflt majflt cmajflt
  stat.user_ticks = numbers.next_u64();
  stat.system_ticks = numbers.next_u64();
  numbers.skip(3);  // cutime cstime priority
  stat.nice = numbers.next_i32();
  stat.threads = numbers.next_i32();
  numbers.skip(1);  // itrealvalue
  stat.start_ticks = numbers.next_u64();
  stat.vsize = numbers.next_u64();
  if (!numbers.is_complete()) return false;
  ret_stat = stat;
  return true;
}

bool parse_statm(std::string_view text, Memory& ret_memory) {
  Numbers numbers(text);
  Memory memory;
  memory.size = numbers.next_u64();
  memory.resident = numbers.next_u64();
  if (!numbers.is_complete()) return false;
  ret_memory = memory;
  return true;
}

bool parse_exit_status(std::string_view text, uint32_t& ret_status) {
  size_t close = text.rfind(')');
  if (close == std::string_view::npos) return false;
  Numbers numbers(text.substr(close + 1));
  numbers.skip(49);  // from field 3, the state, to field 51
  ret_status = static_cast<uint32_t>(numbers.next());
  return numbers.is_complete();
}

bool parse_status(std::string_view text, Owner& ret_owner) {
  bool has_uid = false;
  bool has_gid = false;
  std::string_view line;
  while (!(has_uid && has_gid) && next_line(text, line)) {
    bool is_uid = starts_with(line, "Uid:");
    if (!is_uid && !starts_with(line, "Gid:")) continue;
    Numbers numbers(line.substr(4));
    (is_uid ? ret_owner.uid : ret_owner.gid) = static_cast<uint32_t>(numbers.next());
    (is_uid ? has_uid : has_gid) = numbers.is_complete();
  }
  return has_uid && has_gid;
}

bool parse_ids(std::string_view text, ProcessIds& ret_ids) {
  bool has_pid = false;
  std::string_view line;
  while (next_line(text, line)) {
    if (starts_with(line, "Tgid:")) {
      Numbers numbers(line.substr(5));
      ret_ids.pid = static_cast<int32_t>(numbers.next());
      has_pid = numbers.is_complete();
    } else if (starts_with(line, "NSpid:")) {
      for (Numbers numbers(line.substr(6)); numbers.next(), numbers.is_complete();) {
        ret_ids.namespaces++;
      }
      break;
    }
  }
  return has_pid;
}

bool parse_io(std::string_view text, Io& ret_io) {
  struct Line {
    std::string_view label;
    double* value;
  };
  Io io;
  const Line lines[] = {{"rchar:", &io.readChars},      {"wchar:", &io.writeChars},
                        {"syscr:", &io.readCalls},      {"syscw:", &io.writeCalls},
                        {"read_bytes:", &io.readBytes}, {"write_bytes:", &io.writeBytes}};
  size_t found = 0;
  std::string_view line;
  while (next_line(text, line)) {
    for (const Line& known : lines) {
      if (!starts_with(line, known.label)) continue;
      Numbers numbers(line.substr(known.label.size()));
      *known.value = static_cast<double>(numbers.next_u64());
      found += numbers.is_complete();
    }
  }
  if (found != std::size(lines)) return false;
  ret_io = io;
  return true;
}

std::string_view parse_cgroup(std::string_view text) {
  std::string_view first;
  std::string_view systemd;
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view path = path_of_hierarchy(line);
    if (path.data() == nullptr) continue;
    if (starts_with(line, "0::")) return path;
    if (first.empty()) first = path;
    std::string_view before = line.substr(0, line.size() - path.size() - 1);
    if (ends_with(before, ":name=systemd")) systemd = path;
  }
  return systemd.empty() ? first : systemd;
}

std::string_view parse_container_id(std::string_view text) {
  std::string_view line;
  while (next_line(text, line)) {
    std::string_view id = innermost_container(path_of_hierarchy(line));
    if (!id.empty()) return id;
  }
  return {};
}

}  // namespace procseek
