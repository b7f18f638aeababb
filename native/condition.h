// Waiting, under a mutex, for another thread to say that something has changed. By what the system
// has: the C library's condition variables differ from one libc to the next.
#pragma once

#include <atomic>
#include <cstdint>

#include "mutex.h"

#if defined(__APPLE__)
#include <pthread.h>
#endif

namespace procseek {

class Condition {
 public:
  Condition() = default;
  Condition(const Condition&) = delete;
  Condition& operator=(const Condition&) = delete;

  // Releases the mutex, sleeps until notify_all() is called or so many milliseconds (-1: without
  // end) have passed, and locks the mutex again. May return early: whoever waits checks again what
  // it waits for.
  void wait(Mutex& mutex, int64_t milliseconds);
  void notify_all();

#if defined(__APPLE__)
  ~Condition() { pthread_cond_destroy(&native_); }

 private:
  pthread_cond_t native_ = PTHREAD_COND_INITIALIZER;
#elif defined(_WIN32)
 private:
  void* native_ = nullptr;  // a CONDITION_VARIABLE
#else
 private:
  std::atomic<uint32_t> notifications_{0};  // a futex
#endif
};

}  // namespace procseek
