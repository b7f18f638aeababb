// Handles on processes are kqueues that tell of their end; kqueue(2), and filt_procattach() in
// XNU's kern_event.c.
#include "../process_handle.h"

#include <dlfcn.h>
#include <mach/message.h>
#include <signal.h>
#include <sys/event.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "../platform.h"
#include "../system_calls.h"
#include "../wait_status.h"
#include "handle.h"
#include "process_info.h"

namespace procseek {

namespace {

constexpr int kAttempts = 3;

Status change(int queue, uintptr_t about, int16_t filter, uint16_t flags, uint32_t notes) {
  struct kevent event;
  EV_SET(&event, about, filter, flags, notes, 0, nullptr);
  return counted(::kevent, queue, &event, 1, static_cast<struct kevent*>(nullptr), 0,
                 static_cast<const timespec*>(nullptr)) == 0
             ? Status{kOk}
             : failure(Call::kevent, errno);
}

// Registers for the end of whatever process has the PID. kGone when it has ended, reaped or not.
Status await_end(int queue, int32_t pid) {
  auto about = static_cast<uintptr_t>(pid);
  Status status = change(queue, about, EVFILT_PROC, EV_ADD, NOTE_EXIT | NOTE_EXITSTATUS);
  // How it ends is told to its parent, and to those who may signal it.
  if (status < 0 && error_of(status) == EACCES) {
    status = change(queue, about, EVFILT_PROC, EV_ADD, NOTE_EXIT);
  }
  return status < 0 && error_of(status) == ESRCH ? Status{kGone} : status;
}

// Makes the queue readable.
Status make_ready(int queue) {
  Status status = change(queue, 0, EVFILT_USER, EV_ADD | EV_CLEAR, 0);
  return status == kOk ? change(queue, 0, EVFILT_USER, 0, NOTE_TRIGGER) : status;
}

// Takes down what the kernel has told.
void hear(HandleState& state) {
  struct kevent event;
  timespec at_once{};
  while (counted(::kevent, state.queue, static_cast<const struct kevent*>(nullptr), 0, &event, 1,
                 static_cast<const timespec*>(&at_once)) == 1) {
    if (event.filter != EVFILT_PROC || (event.fflags & NOTE_EXIT) == 0) continue;
    state.is_over = true;
    if (event.fflags & NOTE_EXITSTATUS) {
      state.exit = exit_of(static_cast<uint32_t>(event.data));
      state.has_exit = true;
    }
  }
}

// kGone when the process has another key.
Status verify(int32_t pid, const ProcessKey& key) {
  ProcessKey found;
  Status status = read_key(pid, found);
  return status == kOk && !(found == key) ? Status{kGone} : status;
}

// A zombie keeps its status for its parent, and tells this user's others.
Status ask_zombie(int32_t pid, const ProcessKey& key, Exit& ret_exit) {
  StartInfo info;
  if (read_zombie(pid, info) != kOk || verify(pid, key) != kOk) return kUnsupported;
  ret_exit = exit_of(info.exit_status);
  return kOk;
}

Status key_of(int32_t pid, const Identity& identity, ProcessKey& ret_key) {
  Status status = read_key(pid, ret_key);
  if (status != kOk || !identity) return status;
  Bytes id;
  if (!append_id(pid, ret_key, id)) return out_of_memory();
  return Identity::of({id.data(), id.size()}) == identity ? kOk : kGone;
}

Status outcome_of_signal(int error) {
  return error == ESRCH ? Status{kGone} : failure(Call::kill, error);
}

// macOS 14.4 and later: to the process of this PID and this version alone, by what an audit token
// says of them (sys/ucred.h and bsm/audit.h of XNU). Null before.
using SignalByToken = int (*)(audit_token_t* token, int signal);
SignalByToken signal_by_token() {
  return reinterpret_cast<SignalByToken>(::dlsym(RTLD_DEFAULT, "proc_signal_with_audittoken"));
}

// kUnsupported when it takes kill(2).
Status send_by_token(int32_t pid, const ProcessKey& key, int32_t signal) {
  constexpr int kPid = 5;
  constexpr int kVersion = 7;
  SignalByToken send = signal_by_token();
  if (send == nullptr || signal == 0 || key.kind != ProcessKey::unique_id) return kUnsupported;
  // It has another version once it has executed a program.
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    UniqueInfo info;
    Status status = read_unique_info(pid, info);
    if (status != kOk) return status == kDenied ? Status{kUnsupported} : status;
    if (info.unique_id != key.number) return kGone;
    audit_token_t token = {};
    token.val[kPid] = static_cast<uint32_t>(pid);
    token.val[kVersion] = info.id_version;
    int error = send(&token, signal);
    if (error == 0) return kOk;
    if (error == ENOSYS || error == EINVAL) return kUnsupported;
    if (error != ESRCH) return outcome_of_signal(error);
  }
  // Either a zombie, or executing one program after the other.
  return kUnsupported;
}

Status send_to(int32_t pid, const ProcessKey& key, int32_t signal) {
  Status status = send_by_token(pid, key, signal);
  if (status != kUnsupported) return status;
  status = verify(pid, key);
  if (status != kOk) return status == kDenied ? failure(Call::kill, EACCES) : status;
  // A moment remains in which the PID could be given to another process.
  return counted(::kill, pid, signal) == 0 ? Status{kOk} : outcome_of_signal(errno);
}

}  // namespace

Status ProcessHandle::open(int32_t pid, ProcessHandle& ret_handle) {
  if (pid <= 0) return kGone;
  auto* state = new (std::nothrow) HandleState;
  if (state == nullptr) return out_of_memory();
  ProcessHandle handle(reinterpret_cast<intptr_t>(state));
  state->pid = pid;
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    Status status = read_key(pid, state->key);
    if (status != kOk) return status == kDenied ? Status{kUnsupported} : status;
    if (state->queue >= 0) counted(::close, state->queue);
    state->queue = counted(::kqueue);
    if (state->queue < 0) return failure(Call::kqueue, errno);
    status = await_end(state->queue, pid);
    if (status < 0) return status;
    if (status == kGone) {
      state->is_over = true;
      status = make_ready(state->queue);
      if (status != kOk) return status;
    }
    // Is it its end that will be told?
    status = verify(pid, state->key);
    if (status == kDenied) return kUnsupported;
    if (status == kOk) ret_handle = std::move(handle);
    if (status != kGone) return status;
    // It has been reaped meanwhile. The PID may be another process's by now.
    state->is_over = false;
  }
  return kGone;
}

void ProcessHandle::close() {
  HandleState* state = state_of(*this);
  if (state == nullptr) return;
  if (state->queue >= 0) counted(::close, state->queue);
  delete state;
  native_ = -1;
}

Status ProcessHandle::send(int32_t signal) const {
  const HandleState& state = *state_of(*this);
  return send_to(state.pid, state.key, signal);
}

Status read_exit(const ProcessHandle& handle, int32_t pid, const Identity& identity,
                 Exit& ret_exit) {
  if (HandleState* state = state_of(handle)) {
    hear(*state);
    if (state->has_exit) {
      ret_exit = state->exit;
      return kOk;
    }
    if (!state->is_over) return kPending;
    return ask_zombie(pid, state->key, ret_exit);
  }
  ProcessKey key;
  return key_of(pid, identity, key) == kOk ? ask_zombie(pid, key, ret_exit) : Status{kUnsupported};
}

size_t most_handles() {
  constexpr size_t kShare = 4;
  rlimit limits{};
  if (::getrlimit(RLIMIT_NOFILE, &limits) != 0) return 64;
  return static_cast<size_t>(limits.rlim_cur < INT32_MAX ? limits.rlim_cur : INT32_MAX) / kShare;
}

Status signal_process(int32_t pid, const Identity& identity, int32_t signal) {
  if (pid <= 0) return kGone;
  ProcessKey key;
  Status status = key_of(pid, identity, key);
  if (status == kDenied) return failure(Call::kill, EACCES);
  return status == kOk ? send_to(pid, key, signal) : status;
}

}  // namespace procseek
