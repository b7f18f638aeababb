#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../platform.h"

namespace procseek {

namespace {

// Enough for what getpwuid_r(3) may load; musl's default is too small for that, glibc's is large.
constexpr size_t kStackSize = 512 * 1024;

// Sets the calling thread's signal mask, 64 signals as the kernel has them: sigprocmask(2).
// pthread_sigmask(3) would be one more name that glibc gave a new version.
uint64_t set_signal_mask(uint64_t mask) {
  constexpr int kSet = 2;  // SIG_SETMASK
  uint64_t before = 0;
  (void)::syscall(SYS_rt_sigprocmask, kSet, &mask, &before, sizeof mask);
  return before;
}

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
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  // Signals are for the threads of the host program: the new thread inherits that it takes none.
  uint64_t before = set_signal_mask(~uint64_t{0});
  int error = pthread_create(&thread, &attributes, enter, this);
  (void)set_signal_mask(before);
  pthread_attr_destroy(&attributes);
  if (error != 0) return failure(Call::pthread_create, error);
  native_ = static_cast<uintptr_t>(thread);
  return kOk;
}

void Thread::join() {
  if (native_ != 0) pthread_join(static_cast<pthread_t>(native_), nullptr);
  native_ = 0;
}

}  // namespace procseek
