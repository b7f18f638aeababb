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
  // process's system calls take: a /proc of another PID namespace. As it is now, for whoever acts
  // on processes; another one may have been mounted.
  bool check_foreign();
  // Likewise, as it was a moment ago (kFresh): for lookups, of which each would cost more.
  bool is_foreign();

  // In milliseconds.
  static constexpr int64_t kFresh = 200;

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
  std::atomic<int64_t> checked_at_{INT64_MIN};
};

}  // namespace procseek
