// Lists of PIDs, as proc_listpids() of libproc.h gives them.
#pragma once

#include <cstdint>

#include "../bytes.h"
#include "../status.h"

namespace procseek {

// proc_listpids(), or what stands in for it.
using ListPids = int (*)(uint32_t type, uint32_t about, void* buffer, int size);

// Appends PIDs (int32_t), ascending, without duplicates. Without that of the kernel, which is 0: as
// in ps(1), it is no process. Complete: a process that lives throughout the call is among them, if
// it is of this type.
Status list_pids(ListPids list, uint32_t type, uint32_t about, Bytes& ret_pids);

}  // namespace procseek
