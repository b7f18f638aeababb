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

// For benchmarks.

// A bare loop over the system calls that a question cannot do without; the numbers are those of
// src/binding.ts.
enum class Floor : uint32_t {
  every_comm,  // of every process the file that holds its name
  every_stat,  // of every process the file that holds the default fields
  one_stat,    // of one process
};
// Returns how many processes it came by.
uint32_t run_floor(Floor floor, int32_t pid);

// CPU time of the ended child processes of this process, in microseconds.
double children_cpu_time();

// System calls that lookups have made on this thread.
uint64_t system_calls();

}  // namespace procseek
