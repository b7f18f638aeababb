#include "children.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "../platform.h"

#include "files.h"
#include "parse.h"
#include "proc_root.h"

namespace procseek {

// /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN; filesystems/proc.rst) lists the children that
// thread TID started. The kernel warrants it for frozen processes only. On live ones it errs in two
// ways, both of which can be seen afterwards:
// - It continues behind the child it told last. When that one has been reaped meanwhile, it counts
//   from the start instead, and skips as many as have been reaped: some child told is then gone.
// - When a thread ends, its children move to another thread, which may have been read already: the
//   thread is then gone.
// So an answer of which all children and threads are still there was complete.

namespace {

constexpr int kAttempts = 4;

// With more threads than this, asking each of them costs more than looking at every process.
constexpr size_t kMostThreads = 1000;

Status append_number(Bytes& numbers, int32_t number) {
  return append_value(numbers, number) ? kOk : out_of_memory();
}

struct Numbers {
  explicit Numbers(const Bytes& bytes, size_t from = 0)
      : first(reinterpret_cast<const int32_t*>(bytes.data() + from)),
        last(reinterpret_cast<const int32_t*>(bytes.data() + bytes.size())) {}
  const int32_t* begin() const { return first; }
  const int32_t* end() const { return last; }
  const int32_t* first;
  const int32_t* last;
};

Status list_threads(const ProcRoot& root, int32_t pid, Bytes& ret_threads) {
  NumberedEntries entries;
  Status status = entries.open(root.directory(), root.path(pid).append("task").c_str());
  int32_t thread;
  while (status == kOk && (status = entries.next(thread)) == kOk) {
    status = append_number(ret_threads, thread);
  }
  return status == kEnd ? kOk : status;
}

// Those of a text with spaces between them.
Status append_numbers(std::string_view text, Bytes& ret_numbers) {
  Status status = kOk;
  while (!text.empty() && status == kOk) {
    size_t space = std::min(text.find(' '), text.size());
    int32_t number;
    if (parse_number(text.substr(0, space), number)) status = append_number(ret_numbers, number);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return status;
}

Status append_children_of_thread(const ProcRoot& root, int32_t pid, int32_t thread, Bytes& text,
                                 Bytes& ret_children) {
  ProcPath path = root.path(pid).append("task/");
  path.append(static_cast<uint32_t>(thread)).append("/children");
  text.clear();
  Status status = read_all(root.directory(), path.c_str(), text);
  if (status != kOk) return status;
  return append_numbers(text.view({0, static_cast<uint32_t>(text.size())}), ret_children);
}

// Whether a thread is there that was found not to list its children: then none does, in this
// kernel.
bool has_thread(const ProcRoot& root, int32_t pid, int32_t thread) {
  ProcPath path = root.path(pid).append("task/");
  path.append(static_cast<uint32_t>(thread)).append("/stat");
  Fd file;
  return open_at(root.directory(), path.c_str(), O_PATH, file) == kOk;
}

// kGone when the child has been reaped or adopted since it was listed.
Status verify_child(const ProcRoot& root, int32_t parent, int32_t child) {
  char buffer[2048];
  size_t length;
  ProcPath path = root.path(child).append("stat");
  Status status = read_small(root.directory(), path.c_str(), buffer, sizeof buffer, length);
  // A child hidden from this user is there all the same.
  if (status != kOk) return status == kDenied ? kOk : status;
  Stat stat;
  return parse_stat({buffer, length}, stat) && stat.ppid == parent ? kOk : kGone;
}

// kGone when something changed meanwhile.
Status try_to_list(const ProcRoot& root, int32_t parent, Bytes& text, Bytes& ret_children) {
  Bytes threads;
  Bytes threads_after;
  size_t from = ret_children.size();
  Status status = list_threads(root, parent, threads);
  if (status != kOk) return status;
  if (threads.size() > kMostThreads * sizeof(int32_t)) return kUnsupported;
  for (int32_t thread : Numbers(threads)) {
    status = append_children_of_thread(root, parent, thread, text, ret_children);
    if (status == kGone && has_thread(root, parent, thread)) return kUnsupported;
    if (status != kOk) return status;
  }
  for (int32_t child : Numbers(ret_children, from)) {
    status = verify_child(root, parent, child);
    if (status != kOk) return status;
  }
  status = list_threads(root, parent, threads_after);
  if (status != kOk) return status;
  // A thread that came meanwhile can only have children that came meanwhile, or moved to it.
  for (int32_t thread : Numbers(threads)) {
    Numbers after(threads_after);
    if (std::find(after.begin(), after.end(), thread) == after.end()) return kGone;
  }
  return kOk;
}

}  // namespace

namespace {

// Few processes have several threads, or more children than one read tells of: kUnsupported for
// these, and where something else is the matter.
Status append_few_children(const ProcRoot& root, int32_t parent, Bytes& ret_children) {
  constexpr uint64_t kOneThread = 3;  // the links of a directory that has one below it
  FileFacts facts;
  ProcPath path = root.path(parent).append("task");
  if (!ask_file(root.directory(), path.c_str(), 0, facts) || facts.links != kOneThread) {
    return kUnsupported;
  }
  char buffer[4096];
  size_t length;
  path.append("/").append(static_cast<uint32_t>(parent)).append("/children");
  Status status = read_small(root.directory(), path.c_str(), buffer, sizeof buffer, length);
  // The kernel fills what it is given as far as another number fits.
  if (status != kOk || length > sizeof buffer - 16) return kUnsupported;
  return append_numbers({buffer, length}, ret_children);
}

}  // namespace

Status append_listed_children(int32_t parent, Bytes& ret_children) {
  ProcRoot root;
  if (append_few_children(root, parent, ret_children) == kOk) return kOk;
  Bytes threads;
  Bytes text;
  Status status = list_threads(root, parent, threads);
  if (status == kGone) return kOk;
  if (status != kOk) return status;
  if (threads.size() > kMostThreads * sizeof(int32_t)) return kUnsupported;
  for (int32_t thread : Numbers(threads)) {
    status = append_children_of_thread(root, parent, thread, text, ret_children);
    if (status == kGone && has_thread(root, parent, thread)) return kUnsupported;
    if (status != kOk && status != kGone) return status;
  }
  return kOk;
}

Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) {
  return ProcRoot().list_children(parents, count, ret_children);
}

Status ProcRoot::list_children(const int32_t* parents, size_t count, Bytes& ret_children) const {
  Bytes text;
  for (size_t i = 0; i < count; i++) {
    size_t from = ret_children.size();
    Status status = kGone;
    for (int attempt = 0; attempt < kAttempts && status == kGone; attempt++) {
      ret_children.truncate(from);
      Status existence = exists(parents[i]);
      if (existence < 0) return existence;
      if (existence != kOk) break;
      status = try_to_list(*this, parents[i], text, ret_children);
    }
    if (status < 0) return status;
    // There, and not to be listed: too many threads, or a kernel without this.
    if (status != kOk && exists(parents[i]) == kOk) return kUnsupported;
  }
  return kOk;
}

}  // namespace procseek
