// What of the processes on this host this user may not see.
#pragma once

#include "../platform.h"
#include "proc_root.h"

namespace procseek {

// Of this thread, effective; the numbers are those of linux/capability.h.
bool has_capability(int capability);

// Whether other users' processes are left out below it, or kept from being read (the hidepid
// option; proc(5)), and this user is not exempt by a capability or by a group.
bool hides_processes(const ProcRoot& root);

}  // namespace procseek
