// A handle on a process keeps its PID from being given away, and tells how it ended.
#include "../process_handle.h"

#include <new>

#include "../platform.h"
#include "errors.h"
#include "held_process.h"
#include "record_fields.h"

namespace procseek {

namespace {

// uv/errno.h
constexpr int kNotPermitted = 4048;
constexpr int kNotImplemented = 4054;

// As libuv numbers them; the last two have no number on Windows, and get those of Linux.
enum Signal : int32_t {
  kTest = 0,
  kInterrupt = 2,
  kQuit = 3,
  kKill = 9,
  kTerminate = 15,
  kContinue = 18,
  kStop = 19,
};

bool ends(int32_t signal) {
  return signal == kInterrupt || signal == kQuit || signal == kKill || signal == kTerminate;
}

bool suspends(int32_t signal) { return signal == kStop || signal == kContinue; }

// What processes exit with that are killed, as with process.kill() of Node.js.
constexpr nt::Status kKilled = 1;

Status send_to(HANDLE process, int32_t signal) {
  if (signal == kTest) return kOk;
  Call call = Call::NtTerminateProcess;
  nt::Status status;
  if (signal == kStop) {
    call = Call::NtSuspendProcess;
    status = nt::NtSuspendProcess(process);
  } else if (signal == kContinue) {
    call = Call::NtResumeProcess;
    status = nt::NtResumeProcess(process);
  } else {
    status = nt::NtTerminateProcess(process, kKilled);
  }
  // One that is about to end is beyond the reach of signals, as a zombie is elsewhere.
  if (status == nt::kProcessIsTerminating) return kOk;
  Status sent = outcome(call, status);
  return sent == kDenied ? failure(call, kNotPermitted) : sent;
}

// Whether the very process that is held is the one of `identity`; without one, any is.
Status verify(HANDLE process, int32_t pid, const Identity& identity) {
  if (!identity) return kOk;
  nt::ProcessTimes times = {};
  Status status = query(process, nt::ProcessClass::times, times);
  if (status != kOk) return status;
  return identity_of(pid, times.created) == identity ? kOk : kGone;
}

// Any code may be one that a process has ended with, STILL_ACTIVE included.
Status read_code(HANDLE process, Exit& ret_exit) {
  if (!has_ended(process)) return kPending;
  nt::ProcessBasic basic = {};
  Status status = query(process, nt::ProcessClass::basic, basic);
  if (status != kOk) return kUnsupported;
  ret_exit.code = static_cast<uint32_t>(basic.exit_status);
  ret_exit.signal = 0;
  return kOk;
}

// One that this user may not even look at: is it the one, and still there?
Status refuse(int32_t pid, const Identity& identity) {
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return out_of_memory();
  Record record;
  Status status = source->find(pid, bit(Field::id), record);
  if (status != kOk) return status;
  bool is_another = identity && !(record.identity() == identity);
  return is_another ? Status{kGone} : failure(Call::NtOpenProcess, kNotPermitted);
}

HeldProcess* held_by(intptr_t native) { return reinterpret_cast<HeldProcess*>(native); }

}  // namespace

Status ProcessHandle::open(int32_t pid, ProcessHandle& ret_handle) {
  Handle process;
  Status status = open_living(pid, kLook, process);
  if (status == kDenied) return failure(Call::NtOpenProcess, kNotPermitted);
  if (status != kOk) return status;
  auto* held = new (std::nothrow) HeldProcess;
  if (held == nullptr) return out_of_memory();
  held->process = std::move(process);
  ret_handle = ProcessHandle(reinterpret_cast<intptr_t>(held));
  return kOk;
}

void ProcessHandle::close() {
  if (native_ == -1) return;
  HeldProcess* held = held_by(native_);
  if (held->listener != nullptr) held->listener->forget(*held);
  delete held;
  native_ = -1;
}

// The PID stays that of the process as long as it is held.
Status ProcessHandle::send(int32_t signal) const {
  DWORD pid = GetProcessId(held_by(native_)->process.get());
  return signal_process(static_cast<int32_t>(pid), Identity{}, signal);
}

Status read_exit(const ProcessHandle& handle, int32_t pid, const Identity& identity,
                 Exit& ret_exit) {
  if (handle) return read_code(held_by(handle.native())->process.get(), ret_exit);
  // It may be there yet, for somebody else holds on to it.
  Handle process;
  if (!identity || open_process(pid, kLook, process) != kOk ||
      verify(process.get(), pid, identity) != kOk || read_code(process.get(), ret_exit) != kOk) {
    return kUnsupported;
  }
  return kOk;
}

// They take no file descriptors.
size_t most_handles() { return SIZE_MAX; }

Status signal_process(int32_t pid, const Identity& identity, int32_t signal) {
  bool is_known = signal == kTest || ends(signal) || suspends(signal);
  if (!is_known) {
    return process_exists(pid) ? failure(Call::NtTerminateProcess, kNotImplemented) : Status{kGone};
  }
  ACCESS_MASK rights = kLook;
  if (suspends(signal)) rights |= PROCESS_SUSPEND_RESUME;
  if (ends(signal)) rights |= PROCESS_TERMINATE;
  Handle process;
  Status status = open_living(pid, rights, process);
  if (status == kDenied) return refuse(pid, identity);
  if (status == kOk) status = verify(process.get(), pid, identity);
  return status == kOk ? send_to(process.get(), signal) : status;
}

}  // namespace procseek
