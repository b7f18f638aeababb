// Who is whose parent: Windows tells the PID of a process's creator, which never changes, and may
// be another process's by now.
#pragma once

#include <cstdint>

#include "handle.h"
#include "process_list.h"

namespace procseek {

// Whether the one process was created before the other.
bool is_older(HANDLE one, HANDLE other);

// The PID of the parent of a listed process; 0 when that has ended.
int32_t find_parent(const ProcessList& list, const ListedProcess& process);

}  // namespace procseek
