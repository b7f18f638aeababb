#include "handle.h"

#include "errors.h"

namespace procseek {

Status open_process(int32_t pid, ACCESS_MASK rights, Handle& ret_handle) {
  // The system takes the number of a thread, or of a handle, for the multiple of 4 below.
  if (pid <= 0 || pid % 4 != 0) return kGone;
  nt::ObjectAttributes attributes = {};
  attributes.size = sizeof attributes;
  nt::ClientId id = {static_cast<uintptr_t>(pid), 0};
  HANDLE handle = nullptr;
  nt::Status status = nt::NtOpenProcess(&handle, rights, &attributes, &id);
  // What the call is given is right, but for the number.
  if (status == nt::kInvalidParameter) return kGone;
  if (status >= 0) ret_handle = Handle(handle);
  return outcome(Call::NtOpenProcess, status);
}

bool has_ended(HANDLE process) { return WaitForSingleObject(process, 0) == WAIT_OBJECT_0; }

Status open_living(int32_t pid, ACCESS_MASK rights, Handle& ret_handle) {
  Status status = open_process(pid, rights, ret_handle);
  if (status == kOk && has_ended(ret_handle.get())) {
    ret_handle.reset();
    return kGone;
  }
  return status;
}

Status query_process(HANDLE process, nt::ProcessClass what, void* buffer, ULONG size) {
  nt::Status status =
      nt::NtQueryInformationProcess(process, static_cast<ULONG>(what), buffer, size, nullptr);
  return outcome(Call::NtQueryInformationProcess, status);
}

}  // namespace procseek
