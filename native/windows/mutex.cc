#include "../mutex.h"

#include "nt.h"

namespace procseek {

static_assert(sizeof(SRWLOCK) == sizeof(void*), "Mutex::native_ is one");

void Mutex::lock() { AcquireSRWLockExclusive(reinterpret_cast<SRWLOCK*>(&native_)); }

void Mutex::unlock() { ReleaseSRWLockExclusive(reinterpret_cast<SRWLOCK*>(&native_)); }

}  // namespace procseek
