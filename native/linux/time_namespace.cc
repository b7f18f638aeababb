#include "time_namespace.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "files.h"

namespace procseek {

namespace {

std::string_view read_namespace(const char* link, char* buffer, size_t size) {
  ssize_t length = ::readlink(link, buffer, size);
  return {buffer, length < 0 ? 0 : static_cast<size_t>(length)};
}

// Past blanks; of as many digits as no milliseconds overflow with. False when there is none.
bool next_number(std::string_view& text, int64_t& ret_number) {
  size_t at = text.find_first_not_of(" \t");
  if (at == text.npos) return false;
  bool is_negative = text[at] == '-';
  if (is_negative) at++;
  size_t first = at;
  ret_number = 0;
  while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - first < 15) {
    ret_number = ret_number * 10 + (text[at++] - '0');
  }
  if (is_negative) ret_number = -ret_number;
  text.remove_prefix(at);
  return at != first && (text.empty() || text[0] < '0' || text[0] > '9');
}

}  // namespace

// "monotonic <seconds> <nanoseconds>", and a line for the boot time. Seconds are rounded down.
bool parse_monotonic_offset(std::string_view offsets, int64_t& ret_milliseconds) {
  constexpr std::string_view kClock = "monotonic";
  size_t at = offsets.find(kClock);
  if (at == offsets.npos) return false;
  offsets.remove_prefix(at + kClock.size());
  int64_t seconds;
  int64_t nanoseconds;
  if (!next_number(offsets, seconds) || !next_number(offsets, nanoseconds)) return false;
  ret_milliseconds = seconds * 1000 + nanoseconds / 1000000;
  return true;
}

bool read_monotonic_offset(int64_t& ret_milliseconds) {
  char own[64];
  char childrens[64];
  std::string_view of_own = read_namespace("/proc/self/ns/time", own, sizeof own);
  ret_milliseconds = 0;
  // Before Linux 5.6 there are no such namespaces, and this file is missing among the others.
  if (of_own.empty()) return errno == ENOENT && ::access("/proc/self/ns/pid", F_OK) == 0;
  if (of_own == "time:[4026531834]") return true;
  // The offsets are those of the namespace that children will be in.
  char buffer[256];
  size_t length;
  return of_own == read_namespace("/proc/self/ns/time_for_children", childrens, sizeof childrens) &&
         read_small(AT_FDCWD, "/proc/self/timens_offsets", buffer, sizeof buffer, length) == kOk &&
         parse_monotonic_offset({buffer, length}, ret_milliseconds);
}

}  // namespace procseek
