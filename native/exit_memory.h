// How processes ended that have ended, to be told again. From any thread; knows no operating
// system.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bytes.h"
#include "mutex.h"
#include "process.h"

namespace procseek {

class ExitMemory {
 public:
  // The exits of so many processes are remembered, the last ones that were told: 64 bytes each, in
  // a run that grows with them.
  static constexpr size_t kMost = 8192;

  ExitMemory() = default;
  ExitMemory(const ExitMemory&) = delete;
  ExitMemory& operator=(const ExitMemory&) = delete;

  // Nothing is remembered of a process without an identity, or when it is not known how it ended.
  // Without memory for one more, the oldest makes room for it, if there is one.
  void store(int32_t pid, const Identity& identity, const Exit& exit);
  // False when this process is not remembered.
  bool recall(int32_t pid, const Identity& identity, Exit& ret_exit) const;

  // Shared by an environment and its monitors, one after the other.
  void hold() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  struct End {
    int32_t pid;
    Identity identity;
    Exit exit;
  };

  End* ends() { return reinterpret_cast<End*>(ends_.data()); }
  size_t count() const { return ends_.size() / sizeof(End); }

  std::atomic<int> holders_{1};
  mutable Mutex mutex_;  // of all that follows
  Bytes ends_;           // End; from kMost on a ring
  size_t oldest_ = 0;
};

}  // namespace procseek
