// Where the processes are described: /proc, or another mount of its kind, such as that of the host
// in a container. A value: whoever opened a directory keeps it open.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string_view>

#include "../status.h"
#include "files.h"

namespace procseek {

class ProcRoot {
 public:
  // This process's own /proc.
  ProcRoot() = default;
  // ENOENT and the like when there is none, ENODEV when it is something else.
  static Status open(const char* path, Fd& ret_directory, ProcRoot& ret_root);

  // Whether it is what /proc shows at the moment, rather than one directory that was opened.
  bool is_system_view() const { return directory_ == AT_FDCWD; }
  // Whether PIDs below it are not those that this process's system calls take.
  bool is_foreign() const { return is_foreign_; }
  // Of the system's view, what SourceContext::is_foreign() tells.
  void set_foreign(bool is_foreign) { is_foreign_ = is_foreign; }
  // Whether it shows this process by the number that its own system calls go by. A failure when it
  // is not the root of a /proc, or that cannot be told.
  Status shows_own_namespace(bool& ret_is_own) const;
  // What tells it from others (its device's minor number).
  uint32_t device() const;

  // Of the root itself.
  bool ask(FileFacts& ret_facts) const;
  Status open_entries(NumberedEntries& entries) const;
  // Where paths of processes are relative to.
  int directory() const { return directory_; }
  // What they begin with.
  std::string_view prefix() const { return directory_ == AT_FDCWD ? "/proc/" : ""; }
  ProcPath path(int32_t pid) const;

  // Whether processes are to be seen here at all.
  Status check() const;
  // Whether a process has this PID: kGone for none, and for a thread's id. Of this process's own
  // namespace also one that it may not look at.
  Status exists(int32_t pid) const;
  // See list_children() in platform.h.
  Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) const;

 private:
  bool is_proc() const;

  int directory_ = AT_FDCWD;
  bool is_foreign_ = false;
};

}  // namespace procseek
