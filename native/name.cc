#include "name.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "comm_hash.h"
#include "sort.h"

namespace procseek {

namespace {

constexpr std::string_view kMainThreadLabels[] = {"MainThread", "node-MainThread"};

// What the kernel calls a file of memfd_create(2), and what stands in front of that in a path.
constexpr std::string_view kMemoryFile = "memfd:";
constexpr std::string_view kMemoryFilePath = "/memfd:";

// How many arguments may come before the script: interpreters that are scripts themselves are put
// in front of it, with one option each (execve(2)).
constexpr int kMostArguments = 5;

// ASCII only: names are bytes, and their encoding is anybody's guess.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::memcmp(text.data(), prefix.data(), prefix.size()) == 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Of a descriptor, which are 31 bits.
bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 && std::all_of(text.begin(), text.end(), is_digit);
}

bool is_path(std::string_view comm) {
  return (starts_with(comm, "/") && comm.size() > 1) || starts_with(comm, "./") ||
         starts_with(comm, "../");
}

// The labels that there is no list of.
bool is_unlisted_label(std::string_view comm) {
  return starts_with(comm, kMemoryFile) || is_path(comm) || is_number(comm);
}

// At most kNameLength bytes, and no half of a character of UTF-8 at the end.
std::string_view bounded(std::string_view name) {
  if (name.size() <= kNameLength) return name;
  size_t end = kNameLength;
  auto continues = [&](size_t at) { return (static_cast<unsigned char>(name[at]) & 0xc0) == 0x80; };
  while (end > kNameLength - 3 && continues(end)) end--;
  return name.substr(0, continues(end) ? kNameLength : end);
}

// Whether it begins with a drive, or with the two backslashes of a network.
bool is_windows_path(std::string_view path) {
  if (starts_with(path, "\\\\")) return true;
  return path.size() > 3 && lower(path[0]) >= 'a' && lower(path[0]) <= 'z' && path[1] == ':' &&
         (path[2] == '\\' || path[2] == '/');
}

// Wine puts the path that Windows would know into argv[0].
std::string_view base_of_argument(std::string_view argument) {
  return base_name(argument, is_windows_path(argument) ? NameRules::image : NameRules::task);
}

// Whether it leads to what a process has open, where names are numbers.
bool is_descriptor(std::string_view path) {
  return starts_with(path, "/dev/fd/") || starts_with(path, "/proc/");
}

// Whether it is the path of a file that an interpreter may have been given.
bool is_file(std::string_view argument) {
  return argument.find('/') != std::string_view::npos && !is_descriptor(argument);
}

std::string_view without_dash(std::string_view argv0) {
  return argv0.substr(starts_with(argv0, "-") ? 1 : 0);
}

// argv[0], and what is known of it.
struct FirstArgument {
  std::string_view text;
  // Nothing but padding follows: the process has written a title over its arguments.
  bool is_title = false;

  FirstArgument(std::string_view argv0, std::string_view rest) : text(argv0) {
    size_t last = argv0.find_last_not_of(' ');
    size_t length = last == std::string_view::npos ? 0 : last + 1;
    bool is_last = rest.find_first_not_of('\0') == std::string_view::npos;
    is_title = length < argv0.size() || (!rest.empty() && is_last && !is_windows_path(argv0));
    text = argv0.substr(0, length);
  }

  // Where a name that reaches beyond `from` ends at the latest: at `: `, or where options begin, as
  // in what programs write that show all of their command line. Names may have blanks, and so one
  // blank ends a name only where there is a title for certain; two are padding.
  size_t end_of_name(std::string_view name, size_t from) const {
    for (size_t i = from; i < name.size(); i++) {
      bool is_last = i + 1 == name.size();
      if (name[i] == ':' && (is_last ? is_title : name[i + 1] == ' ')) return i;
      if (name[i] != ' ') continue;
      bool is_padding = !is_last && name[i + 1] == ' ';
      bool precedes_option = i + 2 < name.size() && name[i + 1] == '-' && name[i + 2] != ' ';
      if (is_title || is_padding || precedes_option) return i;
    }
    return name.size();
  }

  // The name that begins with a cut comm. A title may tell of files, in which case the last slash
  // is none of the program's path.
  std::string_view name_beginning_with(std::string_view comm) const {
    for (size_t end : {text.size(), end_of_name(text, 0), text.find(' ')}) {
      if (end == std::string_view::npos) continue;
      std::string_view base = base_of_argument(text.substr(0, end));
      for (std::string_view name : {base, without_dash(base)}) {
        if (starts_with(name, comm)) return name.substr(0, end_of_name(name, comm.size()));
      }
    }
    return {};
  }

  // The name in place of a label.
  std::string_view name() const {
    std::string_view base = without_dash(base_of_argument(text.substr(0, end_of_name(text, 0))));
    return is_label(base) ? std::string_view{} : base;
  }

  // The name in place of a path that the text begins with.
  std::string_view name_behind(std::string_view path) const {
    if (!starts_with(text, path)) return {};
    size_t end = std::min(text.find(' ', path.size()), end_of_name(text, path.size()));
    return base_name(text.substr(0, end), NameRules::task);
  }
};

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

bool is_label(std::string_view comm) {
  return is_main_thread_label(comm) || is_unlisted_label(comm);
}

uint32_t comm_hash(std::string_view comm, uint64_t seed) {
  if (is_unlisted_label(comm)) comm = kMemoryFile;
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
  return append_value(hashes, comm_hash(kMemoryFile, seed)) ? kOk : out_of_memory();
}

std::string_view name_from_exe(std::string_view comm, std::string_view exe) {
  // What such memory is called, its maker has chosen, and the program does not know.
  if (starts_with(exe, kMemoryFilePath)) return {};
  std::string_view base = base_name(exe, NameRules::task);
  if (is_main_thread_label(comm)) return bounded(base);
  if (!starts_with(base, comm)) return {};
  // As long as the comm, it may have been executed by the longer name of a link.
  bool says_more = base.size() > comm.size() || is_label(comm);
  return says_more ? bounded(base) : std::string_view{};
}

std::string_view name_from_cmdline(std::string_view comm, std::string_view cmdline) {
  std::string_view argument;
  if (!next_element(cmdline, argument)) return {};
  FirstArgument first(argument, cmdline);
  if (is_path(comm)) return bounded(first.name_behind(comm));
  if (is_main_thread_label(comm)) return bounded(first.name());

  // A file may be called by a number too.
  bool is_whole = is_label(comm);
  auto is_named = [&](std::string_view base) {
    return is_whole ? base == comm : starts_with(base, comm);
  };
  std::string_view name = first.name_beginning_with(comm);
  if (!name.empty() && is_named(name) && !is_descriptor(argument)) return bounded(name);
  for (int i = 1; i < kMostArguments && next_element(cmdline, argument); i++) {
    if (starts_with(argument, "-") || (is_whole && !is_file(argument))) continue;
    std::string_view base = base_of_argument(argument);
    if (is_named(base)) return bounded(base);
  }
  return is_whole ? bounded(first.name()) : std::string_view{};
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

bool NameSet::contains_argv0(std::string_view argv0) const {
  if (contains_path(argv0)) return true;
  if (rules_ == NameRules::image) return false;
  std::string_view base = base_of_argument(argv0);
  std::string_view name = without_dash(argv0);
  return contains(base) || contains(without_dash(base)) || contains(name);
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
  if (is_label(comm)) return true;
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
