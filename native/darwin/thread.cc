#include <signal.h>

#include "../posix/thread.h"

namespace procseek {

namespace {

// As much as macOS gives of itself: getpwuid_r(3) may load much.
constexpr size_t kStackSize = 512 * 1024;

}  // namespace

Status start_thread(void* (*enter)(void*), void* argument, pthread_t& ret_thread) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return failure(Call::pthread_create, error);
  (void)pthread_attr_setstacksize(&attributes, kStackSize);
  // Signals are for the threads of the host program: the new thread inherits that it takes none.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&ret_thread, &attributes, enter, argument);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  return error == 0 ? Status{kOk} : failure(Call::pthread_create, error);
}

void name_thread() { (void)pthread_setname_np(kThreadName); }

uint64_t current_thread_id() { return 0; }

bool is_thread_blocked(uint64_t) { return true; }

}  // namespace procseek
