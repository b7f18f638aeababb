// A hold on one process, which no reuse of its PID turns into another one.
#pragma once

#include <cstdint>
#include <utility>

#include "process.h"
#include "status.h"

namespace procseek {

class ProcessHandle {
 public:
  ProcessHandle() = default;
  ProcessHandle(ProcessHandle&& other) noexcept : native_(std::exchange(other.native_, -1)) {}
  ProcessHandle& operator=(ProcessHandle&& other) noexcept {
    std::swap(native_, other.native_);
    return *this;
  }
  ProcessHandle(const ProcessHandle&) = delete;
  ProcessHandle& operator=(const ProcessHandle&) = delete;
  ~ProcessHandle() { close(); }

  // kGone when there is no such process; kUnsupported when this host has no such handles; a failure
  // when there is none to be had at the moment.
  static Status open(int32_t pid, ProcessHandle& ret_handle);
  void close();

  // kGone when it has ended, and been reaped.
  Status send(int32_t signal) const;

  explicit operator bool() const { return native_ != -1; }
  intptr_t native() const { return native_; }

 private:
  explicit ProcessHandle(intptr_t native) : native_(native) {}
  intptr_t native_ = -1;
};

// How a process ended that has ended, with or without a handle. kOk when it can be told;
// kUnsupported when it cannot; kPending when it may be later, once the process has been reaped.
Status read_exit(const ProcessHandle& handle, int32_t pid, const Identity& identity,
                 Exit& ret_exit);

}  // namespace procseek
