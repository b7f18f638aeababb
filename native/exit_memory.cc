#include "exit_memory.h"

namespace procseek {

void ExitMemory::store(int32_t pid, const Identity& identity, const Exit& exit) {
  if (!identity || exit.signal_or_unknown() < 0) return;
  Lock lock(mutex_);
  End end = {pid, identity, exit};
  for (size_t i = 0; i < count(); i++) {
    if (ends()[i].pid != pid || !(ends()[i].identity == identity)) continue;
    ends()[i] = end;
    return;
  }
  if (count() < kMost && append_value(ends_, end)) return;
  if (count() == 0) return;
  ends()[oldest_] = end;
  oldest_ = (oldest_ + 1) % count();
}

bool ExitMemory::recall(int32_t pid, const Identity& identity, Exit& ret_exit) const {
  if (!identity) return false;
  Lock lock(mutex_);
  for (const End& end : values_of<End>(ends_)) {
    if (end.pid != pid || !(end.identity == identity)) continue;
    ret_exit = end.exit;
    return true;
  }
  return false;
}

}  // namespace procseek
