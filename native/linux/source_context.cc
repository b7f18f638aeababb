#include "../source_context.h"

#include <fcntl.h>

#include "files.h"
#include "proc_root.h"

namespace procseek {

// A mount is told apart by its device and by when its root was made, for device numbers are used
// again.
bool SourceContext::is_foreign() {
  FileFacts facts;
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

}  // namespace procseek
