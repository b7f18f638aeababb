// Names of terminals.
#pragma once

#include <cstdint>

#include "../bytes.h"
#include "../status.h"

namespace procseek {

// Appends the path of the terminal with this device number. kGone when this host has no name for
// it.
Status append_terminal(int32_t device, Bytes& text);

}  // namespace procseek
