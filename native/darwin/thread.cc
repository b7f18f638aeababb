#include <pthread.h>
#include <signal.h>

#include <cstdlib>

#include "../platform.h"

namespace procseek {

namespace {

// As much as macOS gives of itself: getpwuid_r(3) may load much.
constexpr size_t kStackSize = 512 * 1024;

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

struct Entry {
  void (*run)(void*);
  void* argument;
};

void* enter_detached(void* data) {
  Entry entry = *static_cast<Entry*>(data);
  std::free(data);
  entry.run(entry.argument);
  return nullptr;
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
  pthread_t thread;
  Status status = start_thread(enter, this, thread);
  if (status == kOk) native_ = reinterpret_cast<uintptr_t>(thread);
  return status;
}

Status Thread::start_detached(void (*run)(void*), void* argument) {
  auto* entry = static_cast<Entry*>(std::malloc(sizeof(Entry)));
  if (entry == nullptr) return out_of_memory();
  *entry = {run, argument};
  pthread_t thread;
  Status status = start_thread(enter_detached, entry, thread);
  if (status == kOk) {
    (void)pthread_detach(thread);
  } else {
    std::free(entry);
  }
  return status;
}

void Thread::join() {
  if (native_ != 0) pthread_join(reinterpret_cast<pthread_t>(native_), nullptr);
  native_ = 0;
}

uint64_t current_thread_id() { return 0; }

bool is_thread_blocked(uint64_t) { return true; }

}  // namespace procseek
