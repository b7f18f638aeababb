#include "../condition.h"

#include <ctime>

namespace procseek {

void Condition::wait(Mutex& mutex, int64_t milliseconds) {
  if (milliseconds < 0) {
    (void)pthread_cond_wait(&native_, &mutex.native_);
    return;
  }
  timespec timeout = {static_cast<time_t>(milliseconds / 1000),
                      static_cast<long>(milliseconds % 1000 * 1000000)};
  (void)pthread_cond_timedwait_relative_np(&native_, &mutex.native_, &timeout);
}

void Condition::notify_all() { (void)pthread_cond_broadcast(&native_); }

}  // namespace procseek
