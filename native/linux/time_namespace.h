// How far this process's steady clock is from the host's, which the kernel's events go by;
// time_namespaces(7).
#pragma once

#include <cstdint>
#include <string_view>

namespace procseek {

// What is to be added to milliseconds of the host's CLOCK_MONOTONIC, as timens_offsets tells it.
// False when that is no such file.
bool parse_monotonic_offset(std::string_view offsets, int64_t& ret_milliseconds);

// False when it cannot be told, and the times of events are of no use.
bool read_monotonic_offset(int64_t& ret_milliseconds);

}  // namespace procseek
