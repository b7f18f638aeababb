#include <algorithm>

#include "../platform.h"
#include "parents.h"
#include "snapshot.h"

namespace procseek {

// Windows knows who created a process and not whom it created; one list tells of all.
Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) {
  Snapshot snapshot;
  Status status = snapshot.take_any();
  if (status != kOk) return status;
  const ProcessList& list = snapshot.list();
  for (size_t i = 0; i < list.size(); i++) {
    ListedProcess process = list.at(i);
    bool is_candidate = std::find(parents, parents + count, process.creator) != parents + count;
    if (!is_candidate || find_parent(list, process) == 0) continue;
    if (!append_value(ret_children, process.pid)) return out_of_memory();
  }
  return kOk;
}

// A list of all processes tells of every parent at once: it is not worth taking one for each.
Status signal_parent(int32_t pid, const Identity& identity, int32_t signal, Bytes&,
                     Status& ret_listed) {
  ret_listed = kUnsupported;
  return signal < 0 ? Status{kOk} : signal_process(pid, identity, signal);
}

}  // namespace procseek
