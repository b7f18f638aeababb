// What stands in the way of an engine on this host, in words.
#pragma once

#include "../engine.h"
#include "../status.h"
#include "proc_root.h"

namespace procseek {

// Of all engines to which the kernel itself tells of processes: /proc has to show the same ones.
// kOk when nothing does; else why not.
Status find_obstacles_to_kernel_view(const ProcRoot& root, Reason& ret_reason);

// The programs are little-endian, and share with the addon structs that hold 64-bit addresses.
constexpr bool kBpfIsPossible = sizeof(void*) == 8 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
// What can be known without trying.
Status find_obstacles_to_bpf(const ProcRoot& root, Reason& ret_reason);
// Of a kernel's release, as uname(2) tells it.
bool is_older_than(std::string_view release, int32_t major, int32_t minor);

// Whether trying failed for want of something that there may be again in a moment: memory,
// descriptors, or not being interrupted.
bool is_passing(Status status);
// What explains that trying failed.
void explain_events_failure(Status status, std::string_view reason, Reason& ret_reason);
void explain_bpf_failure(Status status, Iteration iteration, Reason& ret_reason);
// Of an engine that is open.
void explain_bpf_trouble(Status status, Reason& ret_reason);

}  // namespace procseek
