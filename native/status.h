// What an operation came to, as one integer that crosses to JavaScript unchanged.
#pragma once

#include <cstdint>

#include "error_numbers.h"

namespace procseek {

// Zero is success. Positive values are ordinary outcomes that the caller handles. A negative value
// is a failure: the negated error number (error_numbers.h), with the call that failed in the bits
// above.
using Status = int32_t;

enum Outcome : Status {
  kOk = 0,
  kEnd = 1,          // nothing left to visit
  kGone = 2,         // no such process (any more), or a thread id
  kDenied = 3,       // the process exists, and this user may not look at it
  kUnsupported = 4,  // this host has no such mechanism
  kPending = 5,      // not yet
  kStuck = 6,        // no answer within reasonable time: withheld
};

// The calls that can fail; `call_names` in JavaScript's `syscall` property.
#define PROCSEEK_CALLS(X)        \
  X(malloc)                      \
  X(openat)                      \
  X(read)                        \
  X(getdents64)                  \
  X(readlinkat)                  \
  X(fstatfs)                     \
  X(getpwuid_r)                  \
  X(tgkill)                      \
  X(pidfd_open)                  \
  X(pidfd_send_signal)           \
  X(kill)                        \
  X(socket)                      \
  X(bind)                        \
  X(send)                        \
  X(recv)                        \
  X(epoll_create1)               \
  X(epoll_ctl)                   \
  X(epoll_wait)                  \
  X(eventfd)                     \
  X(proc_listpids)               \
  X(proc_pidinfo)                \
  X(proc_pidpath)                \
  X(proc_pid_rusage)             \
  X(sysctl)                      \
  X(kqueue)                      \
  X(kevent)                      \
  X(pthread_create)              \
  X(bpf)                         \
  X(mmap)                        \
  X(NtQuerySystemInformation)    \
  X(NtOpenProcess)               \
  X(NtQueryInformationProcess)   \
  X(OpenProcessToken)            \
  X(GetTokenInformation)         \
  X(NtSuspendProcess)            \
  X(NtResumeProcess)             \
  X(NtTerminateProcess)          \
  X(LookupAccountSidW)           \
  X(CreateEventW)                \
  X(RegisterWaitForSingleObject) \
  X(CreateThread)

enum class Call : uint8_t {
#define X(name) name,
  PROCSEEK_CALLS(X)
#undef X
};

constexpr int kCallShift = 16;

constexpr Status failure(Call call, int error) {
  return -(error | (static_cast<Status>(call) << kCallShift));
}

// The error number of a failure.
constexpr int error_of(Status failed) { return -failed & ((1 << kCallShift) - 1); }

// Whether the host or this process has run out of something, which concerns whatever is asked next,
// too; other failures are about the process that was asked for.
constexpr bool is_exhaustion(Status status) {
  if (status >= 0) return false;
  int error = error_of(status);
  return error == error_number::kNoMemory || error == error_number::kTooManyFiles ||
         error == error_number::kFileTableFull || error == error_number::kTryAgain;
}

inline Status out_of_memory() { return failure(Call::malloc, error_number::kNoMemory); }

}  // namespace procseek
