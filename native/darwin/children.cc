#include <libproc.h>

#include "../platform.h"
#include "../system_calls.h"
#include "layouts.h"
#include "parse.h"
#include "pids.h"

namespace procseek {

namespace {

// The kernel lists those whose debugger has adopted them with their first parent as well. One that
// is gone, or has another parent, has had it since it was listed, or is such a one.
bool is_child_of(int32_t parent, int32_t child) {
  constexpr uint64_t kZombiesToo = 1;
  char buffer[short_info::kSize];
  ShortInfo info;
  int size = static_cast<int>(sizeof buffer);
  int filled = counted(::proc_pidinfo, child, PROC_PIDT_SHORTBSDINFO, kZombiesToo, buffer, size);
  return filled == size && parse_short_info({buffer, sizeof buffer}, info) && info.ppid == parent;
}

}  // namespace

Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) {
  auto list = [](uint32_t type, uint32_t about, void* buffer, int size) {
    return counted(::proc_listpids, type, about, buffer, size);
  };
  Bytes children;
  for (size_t i = 0; i < count; i++) {
    children.clear();
    if (parents[i] <= 0) continue;
    // The kernel goes through its list without letting it change.
    Status status = list_pids(list, PROC_PPID_ONLY, static_cast<uint32_t>(parents[i]), children);
    if (status != kOk) return status;
    for (int32_t child : values_of<int32_t>(children)) {
      if (!is_child_of(parents[i], child)) continue;
      if (!append_value(ret_children, child)) return out_of_memory();
    }
  }
  return kOk;
}

Status signal_parent(int32_t pid, const Identity& identity, int32_t signal, Bytes& ret_children,
                     Status& ret_listed) {
  ret_listed = list_children(&pid, 1, ret_children);
  if (signal < 0) return ret_listed < 0 ? ret_listed : Status{kOk};
  Status sent = signal_process(pid, identity, signal);
  if (sent != kOk || ret_listed != kOk) return sent;
  if (!append_value(ret_children, int32_t{0})) return out_of_memory();
  ret_listed = list_children(&pid, 1, ret_children);
  return sent;
}

}  // namespace procseek
