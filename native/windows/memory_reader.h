// What a process keeps of itself in its own memory, where it may have changed it.
#pragma once

#include "../bytes.h"
#include "../status.h"
#include "nt.h"

namespace procseek {

// All: kDenied when this user may not read the memory of the process, kGone when it has ended or
// has nothing there.

// Appends it as it is, UTF-16.
Status read_own_command_line(HANDLE process, Bytes& ret_line);
// As UTF-8, without a backslash behind it.
Status append_cwd(HANDLE process, Bytes& ret_text);
// KEY=VALUE, a NUL behind each.
Status append_environment(HANDLE process, Bytes& ret_text);

}  // namespace procseek
