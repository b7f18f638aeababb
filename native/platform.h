// What each platform's folder provides, by the same name.
#pragma once

#include <memory>

#include "process.h"

namespace procseek {

// The stateless source, which works on every host of the platform. Null when there is no memory.
std::unique_ptr<Source> make_source();

// Whether a process has this PID: a thread's id is none, and a process that this user may not look
// at is one.
bool process_exists(int32_t pid);

// Appends the PIDs (int32_t) of all children of `parents` to `ret_children`. A child that lives
// throughout the call is always among them; one that came or went meanwhile may be. Parents that do
// not exist have none. kUnsupported when this host cannot tell without looking at every process.
Status list_children(const int32_t* parents, size_t count, Bytes& ret_children);

}  // namespace procseek
