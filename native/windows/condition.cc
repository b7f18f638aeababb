#include "../condition.h"

#include "nt.h"

namespace procseek {

static_assert(sizeof(CONDITION_VARIABLE) == sizeof(void*), "Condition::native_ is one");

void Condition::wait(Mutex& mutex, int64_t milliseconds) {
  auto* lock = reinterpret_cast<SRWLOCK*>(&mutex.native_);
  DWORD timeout = milliseconds < 0 ? INFINITE : static_cast<DWORD>(milliseconds);
  (void)SleepConditionVariableSRW(reinterpret_cast<CONDITION_VARIABLE*>(&native_), lock, timeout,
                                  0);
}

void Condition::notify_all() {
  WakeAllConditionVariable(reinterpret_cast<CONDITION_VARIABLE*>(&native_));
}

}  // namespace procseek
