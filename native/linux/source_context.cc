#include "../source_context.h"

#include <fcntl.h>

#include "../platform.h"
#include "files.h"
#include "proc_root.h"

namespace procseek {

// A mount is told apart by its device and by when its root was made, for device numbers are used
// again.
bool SourceContext::check_foreign() {
  FileFacts facts;
  checked_at_.store(steady_clock(), std::memory_order_relaxed);
  if (!ask_file(AT_FDCWD, "/proc", 0, facts)) return false;  // there is none, as will be noticed
  Lock lock(mutex_);
  if (facts.device == view_device_ && facts.changed == view_changed_) return is_foreign_;
  bool is_own = true;
  Status status = ProcRoot().shows_own_namespace(is_own);
  // Without an answer, as when file descriptors have run out, it is asked for again.
  if (status != kOk) return is_foreign_;
  view_device_ = facts.device;
  view_changed_ = facts.changed;
  return is_foreign_ = !is_own;
}

bool SourceContext::is_foreign() {
  int64_t checked_at = checked_at_.load(std::memory_order_relaxed);
  if (checked_at == INT64_MIN || steady_clock() - checked_at >= kFresh) return check_foreign();
  Lock lock(mutex_);
  return is_foreign_;
}

}  // namespace procseek
