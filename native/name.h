// What a process is called, and sets of names to compare with. Pure: bytes in, bytes out.
//
// The name of a process is its comm, with two exceptions. A comm that the kernel cut at 15 bytes is
// completed by the base name of the executable, else of argv[0], else of the script that an
// interpreter was given: the first that begins with the cut name and says more. A comm that says
// nothing of the program (is_label) is replaced by the base name of the executable, or of argv[0].
// What a process writes behind the program's name in argv[0] is a title, and no part of the name.
// On Windows the name is the file name of the image, and a query may leave out its `.exe`.
#pragma once

#include <cstdint>
#include <string_view>

#include "bytes.h"
#include "status.h"

namespace procseek {

// Linux keeps 15 bytes of a user task's name (TASK_COMM_LEN in linux/sched.h), so a comm this long
// may have been cut.
constexpr size_t kCommLength = 15;

// The most bytes that a name has, whatever it was taken from: a file's name has no more (NAME_MAX
// in linux/limits.h), and what a process writes into its arguments may be endless.
constexpr size_t kNameLength = 255;

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

// True for a comm that says nothing of the program:
// - the label of a main thread;
// - what the kernel calls a program that was executed by a descriptor (execveat(2)): its number, or
//   the name of the memory (memfd_create(2)) that holds the program;
// - a path, which a process that set its title has made its comm, as much of it as fits.
bool is_label(std::string_view comm);

// By which to find the processes of a comm. Upper and lower case are alike, and so are all labels
// but those of main threads. The seed is whoever's table it is (Source::comm_seed).
uint32_t comm_hash(std::string_view comm, uint64_t seed);

inline bool may_be_cut(std::string_view comm) { return comm.size() >= kCommLength; }

inline bool needs_completion(std::string_view comm) { return may_be_cut(comm) || is_label(comm); }

// The name of a process of such a comm, as these sources have it; nothing when they do not say more
// than the comm. The executable is to be asked first: a process cannot write to its path, and
// reading that takes no lock of the process. Of `cmdline` the beginning will do.
std::string_view name_from_exe(std::string_view comm, std::string_view exe);
std::string_view name_from_cmdline(std::string_view comm, std::string_view cmdline);

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
  // Likewise, of the first argument: a login shell has a dash in front of its name, and Wine knows
  // a program by its path in Windows.
  bool contains_argv0(std::string_view argv0) const;
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
