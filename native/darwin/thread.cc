#include <pthread.h>
#include <signal.h>

#include "../platform.h"

namespace procseek {

namespace {

// As much as macOS gives of itself: getpwuid_r(3) may load much.
constexpr size_t kStackSize = 512 * 1024;

}  // namespace

static_assert(sizeof(pthread_t) <= sizeof(uintptr_t), "Thread::native_ holds one");

void* Thread::enter(void* thread) {
  auto* self = static_cast<Thread*>(thread);
  self->run_(self->argument_);
  return nullptr;
}

Status Thread::start(void (*run)(void*), void* argument) {
  run_ = run;
  argument_ = argument;
  pthread_attr_t attributes;
  pthread_t thread;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return failure(Call::pthread_create, error);
  (void)pthread_attr_setstacksize(&attributes, kStackSize);
  // Signals are for the threads of the host program: the new thread inherits that it takes none.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&thread, &attributes, enter, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return failure(Call::pthread_create, error);
  native_ = reinterpret_cast<uintptr_t>(thread);
  return kOk;
}

void Thread::join() {
  if (native_ != 0) pthread_join(reinterpret_cast<pthread_t>(native_), nullptr);
  native_ = 0;
}

}  // namespace procseek
