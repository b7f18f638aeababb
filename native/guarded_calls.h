// System calls that may not return for as long as another process pleases: those that take the lock
// of its memory map, or ask a file system or a directory server.
//
// Such a call is made on a thread of its own. Whoever asked waits for at most kPatience; then the
// call is abandoned together with its thread, which ends when the call returns, however late that
// is. What was abandoned is remembered until then: the same is not asked again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "condition.h"
#include "mutex.h"
#include "status.h"

namespace procseek {

// One such call. It owns all that it touches, for it may outlive whoever asked.
class GuardedCall {
 public:
  virtual ~GuardedCall() = default;

  // On the thread that makes the call.
  virtual void make() = 0;

  // On the thread of whoever asks, at most once for each use, and only when it matters: takes down
  // what tells this call's subject from others.
  virtual void identify() {}
  // Whether `other`, which was abandoned, keeps this one from being asked. Both are identified.
  virtual bool is_blocked_by(const GuardedCall& other) const = 0;
  // Whether it seems that this call will not return: asked only where too many do not.
  virtual bool seems_stuck() { return false; }
  // Which class it is of.
  virtual const void* kind() const = 0;
};

// Those of one JavaScript environment. At most one thread makes them, besides those abandoned; it
// ends a moment after the last call. Used from any thread; calls are made one after the other.
class GuardedCalls {
 public:
  // In milliseconds: for how long a call is waited for.
  static constexpr int64_t kPatience = 100;
  // With so many calls abandoned, those that seem stuck are not made.
  static constexpr size_t kFewAbandoned = 8;
  // With so many, none are.
  static constexpr size_t kMostAbandoned = 16;

  // Null when there is no memory. Held once.
  static GuardedCalls* create();
  void hold() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // kOk once the call has been made. kStuck when it was abandoned, and `call` is gone; or when it
  // was not made, because it would not return either. A failure when there is no thread to be had.
  Status make(std::unique_ptr<GuardedCall>& call);

  // How many are abandoned at the moment.
  size_t abandoned() const;

 private:
  class Maker;

  GuardedCalls() = default;
  ~GuardedCalls() = default;
  Status allow(GuardedCall& call) const;
  Status await(Maker& maker, std::unique_ptr<GuardedCall>& call);
  void abandon(Maker& maker, std::unique_ptr<GuardedCall>& call);
  void forget(Maker& maker);

  std::atomic<int> holders_{1};
  mutable Mutex mutex_;  // of all that follows
  Condition turn_;
  bool is_in_use_ = false;      // somebody's call is being made
  Maker* maker_ = nullptr;      // the thread, if there is one
  Maker* abandoned_ = nullptr;  // a list
  size_t abandoned_count_ = 0;
};

}  // namespace procseek
