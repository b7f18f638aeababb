// What a process is called, and sets of names to compare with. Pure: bytes in, bytes out.
//
// The name of a process is its comm; completed when the kernel cut it (from the base name of
// argv[0], else of the script the interpreter was given, else of the executable, whichever starts
// with the cut name); replaced when a runtime overwrote it with the label of its main thread (by
// the base name of the executable, or of argv[0] where the executable is withheld).
// On Windows it is the file name of the image, and a query may leave out its `.exe`.
#pragma once

#include <cstdint>
#include <string_view>

#include "bytes.h"
#include "status.h"

namespace procseek {

// Linux keeps 15 bytes of a user task's name (TASK_COMM_LEN in linux/sched.h), so a comm this long
// may have been cut.
constexpr size_t kCommLength = 15;

// How this platform's processes come by their names, and compare them.
enum class NameRules : uint8_t {
  task,   // by a comm of bytes, which may have been cut; paths have slashes
  image,  // by their image's file name, whose case does not matter; paths have either slash
};

#if defined(_WIN32)
constexpr NameRules kNameRules = NameRules::image;
#else
constexpr NameRules kNameRules = NameRules::task;
#endif

std::string_view base_name(std::string_view path, NameRules rules = kNameRules);

// Without the ending that a query may leave out: nothing when there is none.
std::string_view without_exe(std::string_view name);

// Walks a list of which every element ends in a NUL. False at the end.
bool next_element(std::string_view& list, std::string_view& ret_element);

// Appends the hashes of what the next one is true for.
Status append_label_hashes(Bytes& hashes, uint64_t seed);

// True for what Node.js 24 and later, and others, call their main thread.
bool is_main_thread_label(std::string_view comm);

// By which to find the processes of a comm. Upper and lower case are alike; the seed is whoever's
// table it is (Source::comm_seed).
uint32_t comm_hash(std::string_view comm, uint64_t seed);

inline bool may_be_cut(std::string_view comm) { return comm.size() >= kCommLength; }

inline bool needs_completion(std::string_view comm) {
  return may_be_cut(comm) || is_main_thread_label(comm);
}

// The completed name as these sources have it, or nothing.
std::string_view name_from_cmdline(std::string_view comm, std::string_view cmdline);
std::string_view name_from_exe(std::string_view comm, std::string_view exe);

// Names to look for: equal, as the completion of a cut comm, or within a longer text.
class NameSet {
 public:
  explicit NameSet(NameRules rules = kNameRules) : rules_(rules) {}
  NameSet(const NameSet&) = delete;
  NameSet& operator=(const NameSet&) = delete;
  ~NameSet();

  // To be called once: takes `count` names from `list`, a NUL behind each.
  Status assign(std::string_view list, bool ignore_case);

  bool empty() const { return count_ == 0; }
  bool contains(std::string_view name) const;
  // Likewise, or the base name of `path`.
  bool contains_path(std::string_view path) const;
  // Whether a process of this comm may have one of the names, as far as its comm tells.
  bool may_contain(std::string_view comm) const;
  // Whether the next one can be told by the rules.
  bool has_hashes() const { return rules_ == NameRules::task; }
  // Appends the hashes (uint32_t) of all comms for which may_contain() may be true, but for labels.
  Status append_hashes(Bytes& hashes, uint64_t seed) const;
  // Whether one of the names occurs in the elements of `list`, read with a space between them.
  bool any_within(std::string_view list) const;

 private:
  // Names are sorted by their first kCommLength bytes: those of a cut comm and of all its possible
  // completions are the same.
  struct Entry {
    uint64_t key[2];
    Span name;
  };
  static int in_order_of_keys(const Entry& a, const Entry& b);
  const Entry* first_like(std::string_view name, Entry& ret_probe) const;
  bool has_entry(std::string_view name) const;
  bool equal(std::string_view name, std::string_view text) const;
  char fold(char c) const;

  NameRules rules_;
  Bytes text_;
  Entry* entries_ = nullptr;
  size_t count_ = 0;
  bool ignore_case_ = false;
};

}  // namespace procseek
