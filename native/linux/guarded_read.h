// Reading a file below /proc/PID that takes the lock of the process's memory map, or waits for what
// the process is executing: `cmdline`, `environ` and `io`. Both can be held for as long as somebody
// pleases, say by a page fault in a file of a FUSE file system that does not answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "../bytes.h"
#include "../guarded_calls.h"
#include "process_place.h"

namespace procseek {

// Made use of again and again, so that a pass allocates nothing per process visited.
class GuardedRead {
 public:
  // Without `calls`, reads at once, however long that takes.
  explicit GuardedRead(GuardedCalls* calls) : calls_(calls) {}

  // Appends at most `limit` bytes of the entry to `text`, and tells whether there are more. kStuck
  // when no answer came in time.
  Status read(const ProcessPlace& at, std::string_view entry, int32_t pid, size_t limit,
              Bytes& text, bool& ret_is_cut);
  // Gives back the memory it holds.
  void release() { call_.reset(); }

 private:
  class Call;

  GuardedCalls* calls_;
  std::unique_ptr<GuardedCall> call_;
};

}  // namespace procseek
