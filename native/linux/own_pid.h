// The number of this process where its own PID namespace need not be the one that is shown.
#pragma once

#include <cstdint>

#include "proc_root.h"

namespace procseek {

// The PID that this process has below `root`; 0 when it is not among the processes there.
int32_t own_pid_below(const ProcRoot& root);

}  // namespace procseek
