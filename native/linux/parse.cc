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

bool is_hexadecimal(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

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
  stat.rss_pages = numbers.next();
  if (!numbers.is_complete()) return false;
  ret_stat = stat;
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
    size_t colon = line.find(':');
    size_t second = colon == std::string_view::npos ? colon : line.find(':', colon + 1);
    if (second == std::string_view::npos) continue;
    std::string_view path = line.substr(second + 1);
    if (starts_with(line, "0::")) return path;
    if (first.empty()) first = path;
    if (line.substr(colon + 1, second - colon - 1) == "name=systemd") systemd = path;
  }
  return systemd.empty() ? first : systemd;
}

std::string_view parse_container_id(std::string_view text) {
  constexpr size_t kLength = 64;
  // Podman and CRI-O run a monitor per container, outside of it, in a group with the same digits.
  constexpr std::string_view kMonitorPrefix = "conmon-";
  size_t run = 0;
  for (size_t i = 0; i <= text.size(); i++) {
    if (i < text.size() && is_hexadecimal(text[i])) {
      run++;
      continue;
    }
    if (run == kLength && !ends_with(text.substr(0, i - kLength), kMonitorPrefix)) {
      return text.substr(i - kLength, kLength);
    }
    run = 0;
  }
  return {};
}

}  // namespace procseek
