// Threads as pthreads(7) has them.
#pragma once

#include <pthread.h>

#include "../platform.h"

namespace procseek {

// By each system: one that takes no signals.
Status start_thread(void* (*enter)(void*), void* argument, pthread_t& ret_thread);

// Whoever looks at the host program's threads can tell whose these are.
constexpr char kThreadName[] = "procseek";

// By each system: gives the calling thread that name.
void name_thread();

}  // namespace procseek
