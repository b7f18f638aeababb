#include "obstacles.h"

#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "files.h"
#include "parse.h"
#include "proc_root.h"
#include "visibility.h"

namespace procseek {

namespace {

// linux/capability.h
constexpr int kSysAdmin = 21;
constexpr int kPerfmon = 38;
constexpr int kBpf = 39;

bool is_in_initial_user_namespace() {
  constexpr std::string_view kInitial = "user:[4026531837]";  // linux/proc_ns.h
  char target[64];
  ssize_t length = counted(::readlink, "/proc/self/ns/user", target, sizeof target);
  return length < 0 || std::string_view(target, static_cast<size_t>(length)) == kInitial;
}

// A file's first bytes; nothing when it cannot be read.
std::string_view head(const char* path, char* buffer, size_t size) {
  size_t length;
  return read_small(AT_FDCWD, path, buffer, size, length) == kOk ? std::string_view(buffer, length)
                                                                 : std::string_view();
}

// Of this thread. There is /proc/thread-self only since Linux 3.17.
bool has_seccomp_filter() {
  char buffer[4096];
  ProcPath status;
  status.append("/proc/self/task/")
      .append(static_cast<uint32_t>(::syscall(SYS_gettid)))
      .append("/status");
  return head(status.c_str(), buffer, sizeof buffer).find("\nSeccomp:\t2") !=
         std::string_view::npos;
}

bool is_locked_down() {
  char buffer[128];
  return head("/sys/kernel/security/lockdown", buffer, sizeof buffer).find("[confidentiality]") !=
         std::string_view::npos;
}

}  // namespace

bool is_older_than(std::string_view release, int32_t major, int32_t minor) {
  auto next_number = [&release] {
    int32_t number = 0;
    size_t digits = 0;
    while (digits < release.size() && release[digits] >= '0' && release[digits] <= '9') digits++;
    (void)parse_number(release.substr(0, digits), number);
    release.remove_prefix(digits == release.size() ? digits : digits + 1);
    return number;
  };
  int32_t of_major = next_number();
  return of_major < major || (of_major == major && next_number() < minor);
}

Status find_obstacles_to_kernel_view(const ProcRoot& root, Reason& ret_reason) {
  bool is_foreign = root.is_foreign();
  if (is_foreign) {
    ret_reason.add("procRoot shows the processes of another PID namespace than this process's");
  } else {
    Fd directory;
    ProcRoot own;
    Status status = ProcRoot::open("/proc", directory, own);
    if (status != kOk) return status;
    is_foreign = own.is_foreign();
    if (is_foreign) ret_reason.add("/proc shows the processes of another PID namespace");
  }
  return is_foreign ? failure(Call::openat, EOPNOTSUPP) : Status{kOk};
}

Status find_obstacles_to_bpf(const ProcRoot& root, Reason& ret_reason) {
  auto refuse = [&ret_reason](int error, std::string_view reason) {
    ret_reason.add(reason);
    return failure(Call::bpf, error);
  };
  if (!kBpfIsPossible) return refuse(ENOSYS, "needs a 64-bit, little-endian host");
  utsname host;
  if (::uname(&host) == 0 && is_older_than(host.release, 5, 17)) {
    ret_reason.add("needs Linux 5.17 or later, and this is ");
    return refuse(ENOSYS, host.release);
  }
  bool lacks_bpf = !has_capability(kBpf) && !has_capability(kSysAdmin);
  bool lacks_perfmon = !has_capability(kPerfmon) && !has_capability(kSysAdmin);
  if (lacks_bpf || lacks_perfmon) {
    ret_reason.add("needs the capabilit");
    ret_reason.add(lacks_bpf && lacks_perfmon ? "ies CAP_BPF and CAP_PERFMON"
                   : lacks_bpf                ? "y CAP_BPF"
                                              : "y CAP_PERFMON");
    return refuse(EPERM, "");
  }
  if (!is_in_initial_user_namespace()) return refuse(EPERM, "not in the initial user namespace");
  // The kernel would tell what /proc hides from this user.
  return hides_processes(root) ? refuse(EPERM, "/proc hides processes from this user (hidepid)")
                               : Status{kOk};
}

bool is_passing(Status status) {
  int error = error_of(status);
  return error == ENOMEM || error == EMFILE || error == ENFILE || error == EAGAIN || error == EINTR;
}

void explain_events_failure(Status status, std::string_view reason, Reason& ret_reason) {
  int error = error_of(status);
  bool is_refused = error == EPERM || error == EACCES || error == ENOSYS;
  if (is_passing(status) || error == ENOBUFS) return;
  ret_reason.add(reason);
  if (is_refused && has_seccomp_filter()) ret_reason.add(" (or a seccomp filter refuses them)");
}

void explain_bpf_trouble(Status status, Reason& ret_reason) {
  char text[64];
  std::snprintf(text, sizeof text, "running the program in the kernel failed (error %d)",
                error_of(status));
  ret_reason.add(text);
}

void explain_bpf_failure(Status status, Iteration iteration, Reason& ret_reason) {
  int error = error_of(status);
  // Not for want of the engine.
  if (is_passing(status)) return;
  if ((error == EPERM || error == EACCES || error == ENOSYS) && has_seccomp_filter()) {
    ret_reason.add("bpf(2) is refused, probably by a seccomp filter");
  } else if (error == EOPNOTSUPP) {
    ret_reason.add("the kernel keeps processes from the programs in it");
  } else if (error == ENOSYS) {
    ret_reason.add("the kernel has no bpf(2) (CONFIG_BPF_SYSCALL)");
  } else if (error == EPERM && is_locked_down()) {
    ret_reason.add("bpf(2) is refused: the kernel is locked down");
  } else if (error == EPERM || error == EACCES) {
    ret_reason.add("bpf(2) is refused");
  } else if (counted(::access, "/sys/kernel/btf/vmlinux", F_OK) != 0) {
    ret_reason.add("the kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
  } else if (iteration == Iteration::processes) {
    ret_reason.add(
        "the kernel does not take the program: iterating over processes needs Linux 6.7");
  } else {
    ret_reason.add("the kernel does not take the program");
  }
}

}  // namespace procseek
