#include "tree_parse.h"

#include <algorithm>

namespace procseek {

namespace {

// Cuts the part before the first `separator`, and that itself, off `text`.
std::string_view cut(std::string_view& text, char separator) {
  size_t end = std::min(text.find(separator), text.size());
  std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

bool parse_decimal(std::string_view text, uint64_t& ret_value) {
  if (text.empty() || text.size() > 20) return false;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<uint64_t>(c - '0');
  }
  ret_value = value;
  return true;
}

}  // namespace

uint64_t parse_origin(std::string_view stat) {
  // startcode, startstack, start_data and start_brk of proc_pid_stat(5), of which the third field
  // is the first behind the name.
  constexpr int kFirst = 3;
  constexpr int kFields[] = {26, 28, 45, 47};
  constexpr int kStack = 28;
  size_t close = stat.rfind(')');
  if (close == std::string_view::npos || close + 2 > stat.size()) return 0;
  std::string_view rest = stat.substr(close + 2);
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (int field = kFirst, next = 0; next < 4; field++) {
    if (rest.empty()) return 0;
    std::string_view text = cut(rest, ' ');
    if (field != kFields[next]) continue;
    next++;
    uint64_t address;
    if (!parse_decimal(text, address) || (field == kStack && address == 0)) return 0;
    for (int shift = 0; shift < 64; shift += 8) {
      hash = (hash ^ (address >> shift & 0xff)) * 0x100000001b3;
    }
  }
  return hash;
}

bool parse_is_fixed(std::string_view personality) {
  // Eight hexadecimal digits; the flag is 0x0040000.
  constexpr size_t kDigits = 8;
  constexpr size_t kAt = 3;
  if (personality.size() < kDigits) return true;
  char digit = personality[kAt];
  bool is_letter = digit >= 'a' && digit <= 'f';
  if (!is_letter && (digit < '0' || digit > '9')) return true;
  int value = is_letter ? digit - 'a' + 10 : digit - '0';
  return (value & 4) != 0;
}

std::string_view parse_group(std::string_view cgroup, std::string_view controller) {
  while (!cgroup.empty()) {
    std::string_view path = cut(cgroup, '\n');
    (void)cut(path, ':');  // the hierarchy's number
    std::string_view controllers = cut(path, ':');
    while (!controllers.empty()) {
      if (cut(controllers, ',') == controller) return path;
    }
  }
  return {};
}

bool lists_pid(std::string_view pids, int32_t pid) {
  uint64_t listed;
  while (!pids.empty()) {
    if (parse_decimal(cut(pids, '\n'), listed) && listed == static_cast<uint64_t>(pid)) return true;
  }
  return false;
}

}  // namespace procseek
