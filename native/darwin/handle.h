// What a ProcessHandle holds on macOS.
#pragma once

#include <cstdint>

#include "../process.h"
#include "../process_handle.h"
#include "parse.h"

namespace procseek {

// macOS has nothing that keeps a PID from being reused. So it is a kqueue(2) on which the kernel
// tells of the end of the process, and the key of that process, by which it is verified before it
// is acted upon.
struct HandleState {
  int32_t pid = 0;
  ProcessKey key;
  int queue = -1;  // becomes readable when the process has ended
  bool is_over = false;
  bool has_exit = false;
  Exit exit;
};

// Null without a handle.
inline HandleState* state_of(const ProcessHandle& handle) {
  return handle ? reinterpret_cast<HandleState*>(handle.native()) : nullptr;
}

}  // namespace procseek
