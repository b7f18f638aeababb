// What the kernel lists as the children of a process, for those who check it in their own way.
#pragma once

#include <cstdint>

#include "../bytes.h"
#include "../status.h"

namespace procseek {

// Appends the PIDs (int32_t) that the kernel lists as children at this moment, without asking
// whether they still are. None when the process is gone. kUnsupported as list_children() of
// platform.h.
Status append_listed_children(int32_t parent, Bytes& ret_children);

}  // namespace procseek
