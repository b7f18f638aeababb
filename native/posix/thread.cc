#include "thread.h"

#include <cstdlib>
#include <cstring>

namespace procseek {

namespace {

struct Entry {
  void (*run)(void*);
  void* argument;
};

void* enter_detached(void* data) {
  Entry entry = *static_cast<Entry*>(data);
  std::free(data);
  name_thread();
  entry.run(entry.argument);
  return nullptr;
}

}  // namespace

static_assert(sizeof(pthread_t) <= sizeof(uintptr_t), "Thread::native_ holds one");

void* Thread::enter(void* thread) {
  auto* self = static_cast<Thread*>(thread);
  name_thread();
  self->run_(self->argument_);
  return nullptr;
}

Status Thread::start(void (*run)(void*), void* argument) {
  run_ = run;
  argument_ = argument;
  pthread_t thread;
  Status status = start_thread(enter, this, thread);
  if (status == kOk) std::memcpy(&native_, &thread, sizeof thread);
  return status;
}

void Thread::join() {
  if (native_ == 0) return;
  pthread_t thread;
  std::memcpy(&thread, &native_, sizeof thread);
  pthread_join(thread, nullptr);
  native_ = 0;
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

}  // namespace procseek
