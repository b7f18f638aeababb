// Mutual exclusion by what the system has, without the C++ library, which a prebuild does not
// bring.
#pragma once

#if !defined(_WIN32)
#include <pthread.h>
#endif

namespace procseek {

class Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

#if defined(_WIN32)
  void lock();
  void unlock();

 private:
  friend class Condition;
  void* native_ = nullptr;  // an SRWLOCK
#else
  ~Mutex() { pthread_mutex_destroy(&native_); }
  void lock() { pthread_mutex_lock(&native_); }
  void unlock() { pthread_mutex_unlock(&native_); }

 private:
  friend class Condition;
  pthread_mutex_t native_ = PTHREAD_MUTEX_INITIALIZER;
#endif
};

// Holds a mutex as long as it lives.
class Lock {
 public:
  explicit Lock(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Lock() { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace procseek
