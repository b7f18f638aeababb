// Command lines of Windows, which are one text: programs split it themselves. Pure.
#pragma once

#include <string_view>

#include "../bytes.h"

namespace procseek {

// Appends the arguments as CommandLineToArgvW() finds them, a NUL behind each. False when there is
// no memory.
[[nodiscard]] bool append_arguments(std::string_view line, Bytes& ret_arguments);

}  // namespace procseek
