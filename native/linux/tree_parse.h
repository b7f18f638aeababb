// What ending process trees reads from files of /proc: pure functions over bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace procseek {

// A number made of where the program, its data, its heap and its stack begin, from `stat`: the same
// in all that were forked from one another, until they execute a program. 0 when `stat` withholds
// them, or is of a process without memory of its own.
uint64_t parse_origin(std::string_view stat);

// Whether the kernel has been told not to place programs at random for this process
// (ADDR_NO_RANDOMIZE), from `personality`; also when that is not of the known form.
bool parse_is_fixed(std::string_view personality);

// The path of a process in the hierarchy of this controller, from `cgroup`; empty when there is
// none.
std::string_view parse_group(std::string_view cgroup, std::string_view controller);

// Whether a file with one PID in each line holds this one.
bool lists_pid(std::string_view pids, int32_t pid);

}  // namespace procseek
