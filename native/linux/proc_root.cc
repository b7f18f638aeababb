#include "proc_root.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "../platform.h"
#include "parse.h"

namespace procseek {

namespace {

// kGone when it is not there (any more).
Status read_ids(int directory, const char* path, ProcessIds& ret_ids) {
  char buffer[4096];
  size_t length;
  Status status = read_small(directory, path, buffer, sizeof buffer, length);
  if (status != kOk) return status;
  return parse_ids({buffer, length}, ret_ids) ? kOk : failure(Call::read, EPROTO);
}

}  // namespace

Status ProcRoot::open(const char* path, Fd& ret_directory, ProcRoot& ret_root) {
  Status status = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, ret_directory);
  if (status != kOk) return as_failure(Call::openat, status);
  ret_root = ProcRoot();
  ret_root.directory_ = ret_directory.get();
  bool is_own = false;
  status = ret_root.shows_own_namespace(is_own);
  ret_root.is_foreign_ = !is_own;
  return status;
}

Status ProcRoot::shows_own_namespace(bool& ret_is_own) const {
  // The root of one, and not some directory in it.
  constexpr uint64_t kRootInode = 1;  // PROC_ROOT_INO, linux/proc_ns.h
  FileFacts facts;
  bool is_within = ask(facts) && facts.inode != kRootInode;
  if (is_within || !is_proc()) return failure(Call::fstatfs, ENODEV);
  ProcessIds self;
  Status status =
      read_ids(directory_, ProcPath().append(prefix()).append("self/status").c_str(), self);
  if (status < 0) return status;
  // Told how often a process is numbered below this root; before Linux 4.1, how it is.
  ret_is_own =
      status == kOk &&
      (self.namespaces != 0 ? self.namespaces == 1 : self.pid == static_cast<int32_t>(::getpid()));
  return kOk;
}

// Without the libc, whose structures differ: the type comes first in the kernel's.
bool ProcRoot::is_proc() const {
  constexpr long kProcMagic = 0x9fa0;  // PROC_SUPER_MAGIC, statfs(2)
  long kind[64] = {};
  long result = is_system_view() ? counted(::syscall, SYS_statfs, "/proc", kind)
                                 : counted(::syscall, SYS_fstatfs, directory_, kind);
  return result == 0 && kind[0] == kProcMagic;
}

uint32_t ProcRoot::device() const {
  FileFacts facts;
  return ask(facts) ? facts.device_minor() : 0;
}

bool ProcRoot::ask(FileFacts& ret_facts) const {
  return is_system_view() ? ask_file(AT_FDCWD, "/proc", 0, ret_facts)
                          : ask_file(directory_, "", AT_EMPTY_PATH, ret_facts);
}

Status ProcRoot::open_entries(NumberedEntries& entries) const {
  return entries.open(directory_, is_system_view() ? "/proc" : ".");
}

ProcPath ProcRoot::path(int32_t pid) const {
  return ProcPath().append(prefix()).append(static_cast<uint32_t>(pid)).append("/");
}

Status ProcRoot::check() const {
  // An open directory stays what it is.
  if (!is_system_view()) return kOk;
  // What a foreign one calls `self`, if anything, is not this process.
  if (is_foreign_) return kOk;
  return counted(::access, "/proc/self", F_OK) == 0
             ? kOk
             : as_failure(Call::openat, outcome(Call::openat, errno));
}

Status ProcRoot::exists(int32_t pid) const {
  if (!is_foreign_) return process_exists(pid) ? kOk : kGone;
  if (pid <= 0) return kGone;
  ProcessIds ids;
  Status status = read_ids(directory_, path(pid).append("status").c_str(), ids);
  if (status == kDenied) return kOk;
  return status == kOk && ids.pid != pid ? kGone : status;
}

}  // namespace procseek
