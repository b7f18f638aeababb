// Counts the system calls that lookups make, for benchmarks to tell what a question took.
#pragma once

#include <cstdint>

namespace procseek {

// Of this thread.
inline thread_local uint64_t system_calls_made = 0;

// Makes one. Counts first: the first touch of a thread's own variable may change errno.
template <class Function, class... Arguments>
auto counted(Function system_call, Arguments... arguments) {
  system_calls_made++;
  return system_call(arguments...);
}

}  // namespace procseek
