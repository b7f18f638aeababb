// What the sources of one JavaScript environment share: what is known of the view of processes that
// this host gives, and calls that may not return.
#pragma once

#include <atomic>
#include <cstdint>

#include "guarded_calls.h"
#include "mutex.h"

namespace procseek {

// Used from any thread.
class SourceContext {
 public:
  // Null when there is no memory. Held once.
  static SourceContext* create();
  void hold() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  GuardedCalls& guarded_calls() { return *calls_; }

  // Whether the PIDs that the system's own view shows are another namespace's than those that this
  // process's system calls take: a /proc of another PID namespace. Found out anew when another one
  // has been mounted.
  bool is_foreign();

 private:
  explicit SourceContext(GuardedCalls* calls) : calls_(calls) {}
  ~SourceContext() { calls_->release(); }

  std::atomic<int> holders_{1};
  GuardedCalls* calls_;
  Mutex mutex_;  // of all that follows
  // Tells one mount of /proc from any other.
  uint64_t view_device_ = 0;
  uint64_t view_changed_ = 0;
  bool is_foreign_ = false;
};

}  // namespace procseek
