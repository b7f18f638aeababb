// Handles on processes are pidfds; pidfd_open(2), pidfd_send_signal(2).
#include "../process_handle.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>

#include "../platform.h"
#include "../wait_status.h"
#include "files.h"
#include "parse.h"

// The numbers are the same on all architectures; older headers lack them.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

namespace procseek {

namespace {

// struct pidfd_info of linux/pidfd.h, as of Linux 6.13.
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup;
  uint32_t pids[3];
  uint32_t ids[8];
  int32_t exit_status;
};
static_assert(sizeof(PidfdInfo) == 64, "PIDFD_INFO_SIZE_VER0");

constexpr uint64_t kExitStatus = 1 << 3;  // PIDFD_INFO_EXIT, Linux 6.15
constexpr unsigned long kGetInfo = _IOWR(0xff, 11, PidfdInfo);

constexpr int kByHandle = 3;  // P_PIDFD, Linux 5.4

// The kernel keeps the status of a process that has been reaped with its pidfds.
Status ask_handle(int handle, Exit& ret_exit) {
  PidfdInfo info = {};
  info.mask = kExitStatus;
  if (::ioctl(handle, kGetInfo, &info) != 0) {
    // The process is just being reaped; its status will be there in a moment.
    return errno == ESRCH ? kPending : kUnsupported;
  }
  if ((info.mask & kExitStatus) == 0) return kPending;
  ret_exit = exit_of(static_cast<uint32_t>(info.exit_status));
  return kOk;
}

// A child of this process, which is left for others to reap.
Status ask_as_parent(int kind, intptr_t id, Exit& ret_exit) {
  siginfo_t info = {};
  int options = WEXITED | WNOHANG | WNOWAIT;
  if (::waitid(static_cast<idtype_t>(kind), static_cast<id_t>(id), &info, options) != 0 ||
      info.si_pid == 0) {
    return kUnsupported;
  }
  if (info.si_code == CLD_EXITED) {
    ret_exit.code = info.si_status & 0xff;
    ret_exit.signal = 0;
  } else {
    ret_exit.code = -1;
    ret_exit.signal = info.si_status & 0x7f;
  }
  return kOk;
}

// A zombie's status stands at the end of its `stat`; as 0 for those who may not ptrace(2) it, who
// may not follow its links either.
Status ask_zombie(int32_t pid, const Identity& identity, Exit& ret_exit) {
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return kUnsupported;
  Record record;
  Status status = source->find(pid, Record::kLife, record);
  if (status != kOk || !record.has_ended()) return kUnsupported;
  if (identity && !(record.identity() == identity)) return kUnsupported;
  ProcPath link;
  link.append("/proc/").append(static_cast<uint32_t>(pid)).append("/exe");
  char target[1];
  if (::readlink(link.c_str(), target, sizeof target) >= 0 || errno != ENOENT) return kUnsupported;
  ProcPath file;
  file.append("/proc/").append(static_cast<uint32_t>(pid)).append("/stat");
  char buffer[2048];
  size_t length;
  uint32_t exit_status;
  Stat stat;
  if (read_small(AT_FDCWD, file.c_str(), buffer, sizeof buffer, length) != kOk ||
      !parse_stat({buffer, length}, stat) || stat.state != State::zombie ||
      !parse_exit_status({buffer, length}, exit_status)) {
    return kUnsupported;
  }
  ret_exit = exit_of(exit_status);
  return kOk;
}

}  // namespace

Status ProcessHandle::open(int32_t pid, ProcessHandle& ret_handle) {
  if (pid <= 0) return kGone;
  long fd = counted(::syscall, SYS_pidfd_open, pid, 0);
  if (fd >= 0) {
    ret_handle = ProcessHandle(fd);
    return kOk;
  }
  // A thread's id gives EINVAL or, of late, ENOENT.
  if (errno == ESRCH || errno == ENOENT) return kGone;
  if (errno == EINVAL) return process_exists(pid) ? kUnsupported : kGone;
  return failure(Call::pidfd_open, errno);
}

void ProcessHandle::close() {
  if (native_ != -1) counted(::close, static_cast<int>(native_));
  native_ = -1;
}

Status ProcessHandle::send(int32_t signal) const {
  long result = counted(::syscall, SYS_pidfd_send_signal, static_cast<int>(native_), signal,
                        static_cast<void*>(nullptr), 0);
  if (result == 0) return kOk;
  return errno == ESRCH ? Status{kGone} : failure(Call::pidfd_send_signal, errno);
}

namespace {

// Whether a sandbox does not know the call, as opposed to the kernel not letting this user signal
// the process: that is seen by a descriptor that is none.
bool is_unknown_call(Status refusal) {
  int error = error_of(refusal);
  if (error != EPERM) return error == ENOSYS;
  long result = counted(::syscall, SYS_pidfd_send_signal, -1, 0, static_cast<void*>(nullptr), 0);
  return result != 0 && errno == EPERM;
}

}  // namespace

Status read_exit(const ProcessHandle& handle, int32_t pid, const Identity& identity,
                 Exit& ret_exit) {
  Status status = kUnsupported;
  if (handle) {
    status = ask_handle(static_cast<int>(handle.native()), ret_exit);
    if (status == kOk || ask_as_parent(kByHandle, handle.native(), ret_exit) == kOk) return kOk;
  } else if (ask_as_parent(P_PID, pid, ret_exit) == kOk) {
    return kOk;
  }
  if (ask_zombie(pid, identity, ret_exit) != kOk) return status;
  // Without an identity, it was the zombie of the handle if that has not been reaped meanwhile.
  if (!identity && handle) (void)ask_handle(static_cast<int>(handle.native()), ret_exit);
  return kOk;
}

size_t most_handles() {
  constexpr size_t kShare = 4;
  // prlimit(2), Linux 2.6.36; getrlimit(2) has no numbers of 64 bits on all architectures.
  uint64_t limits[2] = {};
  if (::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, nullptr, limits) != 0) return 256;
  return static_cast<size_t>(limits[0] < INT32_MAX ? limits[0] : INT32_MAX) / kShare;
}

Status signal_process(int32_t pid, const Identity& identity, int32_t signal) {
  ProcessHandle handle;
  Status held = ProcessHandle::open(pid, handle);
  if (held == kGone) return kGone;
  if (identity) {
    std::unique_ptr<Source> source = make_source();
    if (source == nullptr) return out_of_memory();
    Record record;
    Status status = source->find(pid, bit(Field::id), record);
    if (status != kOk) return status;
    if (!(record.identity() == identity)) return kGone;
  }
  if (handle) {
    Status status = handle.send(signal);
    // A sandbox may know the one call and not the other.
    if (status >= 0 || !is_unknown_call(status)) return status;
  }
  // Without a handle, a moment remains in which the PID could be given to another process.
  if (!process_exists(pid)) return kGone;
  if (::kill(pid, signal) == 0) return kOk;
  return errno == ESRCH ? Status{kGone} : failure(Call::kill, errno);
}

}  // namespace procseek
