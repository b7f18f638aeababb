// What Windows answers, as Statuses: libuv's numbers (error_numbers.h).
#pragma once

#include "../status.h"
#include "nt.h"

namespace procseek {

// kGone for a process that has ended, kDenied for one that may not be looked at; anything else,
// like running out of memory, is a failure.
Status outcome(Call call, nt::Status status);

// For what concerns no process.
Status failure_of(Call call, nt::Status status);
// Likewise, by GetLastError().
Status last_failure(Call call);

}  // namespace procseek
