// HANDLEs, which close themselves, and those of processes.
#pragma once

#include <utility>

#include "../status.h"
#include "nt.h"

namespace procseek {

class Handle {
 public:
  Handle() = default;
  explicit Handle(HANDLE handle) : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { reset(); }

  void reset() {
    if (handle_ != nullptr) CloseHandle(handle_);
    handle_ = nullptr;
  }
  HANDLE get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  HANDLE handle_ = nullptr;
};

// To be told of a process, and of its end: what is granted for most of them.
constexpr ACCESS_MASK kLook = PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE;

// kGone when there is no such process, kDenied when there is one and this user has not all of
// `rights`. One that has ended can be opened as long as somebody else keeps a handle on it.
Status open_process(int32_t pid, ACCESS_MASK rights, Handle& ret_handle);

// Of a handle with SYNCHRONIZE.
bool has_ended(HANDLE process);

// kGone when it has ended.
Status open_living(int32_t pid, ACCESS_MASK rights, Handle& ret_handle);

template <class Answer>
Status query(HANDLE process, nt::ProcessClass what, Answer& ret_answer);

Status query_process(HANDLE process, nt::ProcessClass what, void* buffer, ULONG size);

template <class Answer>
Status query(HANDLE process, nt::ProcessClass what, Answer& ret_answer) {
  return query_process(process, what, &ret_answer, sizeof ret_answer);
}

}  // namespace procseek
