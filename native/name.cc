#include "name.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "comm_hash.h"
#include "sort.h"

namespace procseek {

namespace {

constexpr std::string_view kMainThreadLabels[] = {"MainThread", "node-MainThread"};

// ASCII only: names are bytes, and their encoding is anybody's guess.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::memcmp(text.data(), prefix.data(), prefix.size()) == 0;
}

}  // namespace

std::string_view base_name(std::string_view path, NameRules rules) {
  size_t slash = rules == NameRules::image ? path.find_last_of("\\/") : path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view without_exe(std::string_view name) {
  constexpr std::string_view kEnding = ".exe";
  if (name.size() <= kEnding.size()) return {};
  size_t length = name.size() - kEnding.size();
  bool has_it = std::equal(kEnding.begin(), kEnding.end(), name.begin() + length,
                           [](char ending, char c) { return ending == lower(c); });
  return has_it ? name.substr(0, length) : std::string_view{};
}

bool next_element(std::string_view& list, std::string_view& ret_element) {
  if (list.empty()) return false;
  size_t nul = list.find('\0');
  if (nul == std::string_view::npos) nul = list.size();
  ret_element = list.substr(0, nul);
  list.remove_prefix(std::min(nul + 1, list.size()));
  return true;
}

bool is_main_thread_label(std::string_view comm) {
  for (std::string_view label : kMainThreadLabels) {
    if (comm == label) return true;
  }
  return false;
}

uint32_t comm_hash(std::string_view comm, uint64_t seed) {
  unsigned char bytes[16] = {};
  std::memcpy(bytes, comm.data(), std::min(comm.size(), kCommLength));
  uint64_t words[2] = {};
  for (size_t i = sizeof bytes; i-- > 0;) words[i / 8] = words[i / 8] << 8 | bytes[i];
  return comm_hash_of(words[0], words[1], seed);
}

Status append_label_hashes(Bytes& hashes, uint64_t seed) {
  for (std::string_view label : kMainThreadLabels) {
    if (!append_value(hashes, comm_hash(label, seed))) return out_of_memory();
  }
  return kOk;
}

std::string_view name_from_cmdline(std::string_view comm, std::string_view cmdline) {
  std::string_view argument;
  bool is_label = is_main_thread_label(comm);
  // argv[0], the script in argv[1], or in argv[2] when the script's #! line carries an option (the
  // kernel hands over at most one; execve(2)).
  for (int index = 0; index < 3 && next_element(cmdline, argument); index++) {
    std::string_view base = base_name(argument);
    if (is_label) return base;
    if (starts_with(base, comm)) return base;
    if (index == 1 && !starts_with(argument, "-")) break;
  }
  return {};
}

std::string_view name_from_exe(std::string_view comm, std::string_view exe) {
  std::string_view base = base_name(exe);
  return is_main_thread_label(comm) || starts_with(base, comm) ? base : std::string_view{};
}

int NameSet::in_order_of_keys(const Entry& a, const Entry& b) {
  return std::memcmp(a.key, b.key, sizeof a.key);
}

NameSet::~NameSet() { std::free(entries_); }

Status NameSet::assign(std::string_view list, bool ignore_case) {
  ignore_case_ = ignore_case;
  size_t count = static_cast<size_t>(std::count(list.begin(), list.end(), '\0'));
  entries_ = static_cast<Entry*>(std::calloc(count == 0 ? 1 : count, sizeof(Entry)));
  if (entries_ == nullptr) return out_of_memory();
  std::string_view name;
  while (count_ < count && next_element(list, name)) {
    Entry& entry = entries_[count_];
    first_like(name, entry);
    if (!text_.store(name, entry.name)) return out_of_memory();
    count_++;
  }
  sort<Entry, in_order_of_keys>(entries_, count_);
  return kOk;
}

const NameSet::Entry* NameSet::first_like(std::string_view name, Entry& ret_probe) const {
  char key[sizeof ret_probe.key] = {};
  size_t length = std::min(name.size(), kCommLength);
  for (size_t i = 0; i < length; i++) key[i] = fold(name[i]);
  std::memcpy(ret_probe.key, key, sizeof key);
  return std::lower_bound(
      entries_, entries_ + count_, ret_probe,
      [](const Entry& a, const Entry& b) { return in_order_of_keys(a, b) < 0; });
}

char NameSet::fold(char c) const {
  if (rules_ == NameRules::image) return c == '/' ? '\\' : lower(c);
  return ignore_case_ ? lower(c) : c;
}

bool NameSet::equal(std::string_view name, std::string_view text) const {
  return name.size() == text.size() &&
         std::equal(name.begin(), name.end(), text.begin(),
                    [this](char a, char b) { return fold(a) == fold(b); });
}

bool NameSet::contains(std::string_view name) const {
  if (has_entry(name)) return true;
  if (rules_ != NameRules::image) return false;
  std::string_view shorter = without_exe(name);
  return !shorter.empty() && has_entry(shorter);
}

// A query without a slash can only be a base name, one with a slash only a whole path.
bool NameSet::contains_path(std::string_view path) const {
  return contains(path) || contains(base_name(path, rules_));
}

bool NameSet::has_entry(std::string_view name) const {
  Entry probe;
  for (const Entry* entry = first_like(name, probe); entry != entries_ + count_; entry++) {
    if (std::memcmp(entry->key, probe.key, sizeof probe.key) != 0) return false;
    if (equal(text_.view(entry->name), name)) return true;
  }
  return false;
}

bool NameSet::may_contain(std::string_view comm) const {
  if (rules_ == NameRules::image) return contains(comm);
  if (is_main_thread_label(comm)) return true;
  if (!may_be_cut(comm)) return contains(comm);
  Entry probe;
  for (const Entry* entry = first_like(comm, probe); entry != entries_ + count_; entry++) {
    if (std::memcmp(entry->key, probe.key, sizeof probe.key) != 0) return false;
    std::string_view name = text_.view(entry->name);
    if (name.size() >= comm.size() && equal(name.substr(0, comm.size()), comm)) return true;
  }
  return false;
}

Status NameSet::append_hashes(Bytes& hashes, uint64_t seed) const {
  for (const Entry* entry = entries_; entry != entries_ + count_; entry++) {
    std::string_view name = text_.view(entry->name);
    // Linux shows a kernel worker by its comm and, behind a sign, what it last worked on
    // (wq_worker_comm() in kernel/workqueue.c).
    for (size_t end = 1; end <= std::min(name.size(), kCommLength); end++) {
      bool is_whole = end == std::min(name.size(), kCommLength);
      bool may_end = is_whole || name[end] == '-' || name[end] == '+';
      if (!may_end) continue;
      uint32_t hash = comm_hash(name.substr(0, end), seed);
      if (!append_value(hashes, hash)) return out_of_memory();
    }
  }
  return kOk;
}

bool NameSet::any_within(std::string_view list) const {
  if (list.empty()) return false;
  list.remove_suffix(1);
  auto same = [this](char in_list, char in_name) {
    char shown = in_list == '\0' ? ' ' : in_list;
    return ignore_case_ ? lower(shown) == lower(in_name) : shown == in_name;
  };
  for (const Entry* entry = entries_; entry != entries_ + count_; entry++) {
    std::string_view name = text_.view(entry->name);
    if (std::search(list.begin(), list.end(), name.begin(), name.end(), same) != list.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace procseek
