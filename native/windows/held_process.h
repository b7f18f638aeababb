// What a ProcessHandle holds on Windows, and its place among those whose end is waited for.
#pragma once

#include <cstdint>

#include "handle.h"

namespace procseek {

struct HeldProcess;

// Who is told of ends, from any thread. Not while a HeldProcess is being closed.
class EndListener {
 public:
  virtual void has_ended(HeldProcess& held) = 0;
  // Nothing may be kept of it from here on.
  virtual void forget(HeldProcess& held) = 0;

 protected:
  ~EndListener() = default;
};

struct HeldProcess {
  Handle process;

  // Of a follower.
  HANDLE wait = nullptr;
  EndListener* listener = nullptr;
  int32_t token = 0;
  HeldProcess* next = nullptr;  // of those that have ended and have not been told
  bool is_untold = false;
};

}  // namespace procseek
