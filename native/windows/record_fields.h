// What Windows tells of a process, as the fields of a record. Pure.
#pragma once

#include <cstdint>

#include "../process.h"
#include "process_list.h"
#include "text.h"

namespace procseek {

// In milliseconds since 1970, of a time in steps of 100 ns since 1601.
double epoch_of(uint64_t time);

// As os.getPriority() tells the priority classes, which have these numbers in the kernel. False for
// any other one.
bool nice_of(uint8_t priority_class, int32_t& ret_nice);

// The fields `name` and `comm`.
Status store_name(WideText name, Record& record);
// The field `id`: the PID, and a time that does not move when the clock is set.
Identity identity_of(int32_t pid, uint64_t created);
// `startTime` and `id`.
Status store_start(uint64_t created, FieldMask wanted, Record& record);
void store_cpu_time(uint64_t user, uint64_t kernel, Record& record);
void store_memory(uint64_t working_set, uint64_t virtual_size, Record& record);
// Of all reading and writing; what of it went to a disk is not told.
void store_io(const Io& io, Record& record);

// All that a list of this kind tells by itself, names where they are wanted.
Status store_listed(const ListedProcess& process, ListKind kind, FieldMask wanted, Record& record);

}  // namespace procseek
