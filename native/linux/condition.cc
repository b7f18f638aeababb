#include "../condition.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace procseek {

namespace {

static_assert(std::atomic<uint32_t>::is_always_lock_free, "futex(2) waits on a plain number");

}  // namespace

void Condition::wait(Mutex& mutex, int64_t milliseconds) {
  uint32_t seen = notifications_.load(std::memory_order_relaxed);
  mutex.unlock();
  // The kernel's old struct timespec, which this call takes on 32-bit hosts, too.
  struct {
    long seconds;
    long nanoseconds;
  } timeout = {static_cast<long>(milliseconds / 1000),
               static_cast<long>(milliseconds % 1000 * 1000000)};
  (void)::syscall(SYS_futex, &notifications_, FUTEX_WAIT_PRIVATE, seen,
                  milliseconds < 0 ? nullptr : &timeout, nullptr, 0);
  mutex.lock();
}

void Condition::notify_all() {
  notifications_.fetch_add(1, std::memory_order_relaxed);
  (void)::syscall(SYS_futex, &notifications_, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}

}  // namespace procseek
