// What ending processes together with all that they have started asks for, on a platform that has
// none of it.
#include "platform.h"

namespace procseek {

uint64_t read_origin(int32_t, bool) { return 0; }

Hold read_hold(int32_t) { return Hold::none; }

Status kill_control_group(std::string_view, int32_t) { return kUnsupported; }

}  // namespace procseek
