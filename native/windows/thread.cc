#include <cstdlib>

#include "../platform.h"
#include "errors.h"

namespace procseek {

namespace {

// Reserved, of which as much is used as is needed.
constexpr SIZE_T kStackSize = 512 * 1024;

struct Entry {
  void (*run)(void*);
  void* argument;
};

DWORD WINAPI enter_detached(void* data) {
  Entry entry = *static_cast<Entry*>(data);
  std::free(data);
  entry.run(entry.argument);
  return 0;
}

}  // namespace

void* Thread::enter(void* thread) {
  auto* self = static_cast<Thread*>(thread);
  self->run_(self->argument_);
  return nullptr;
}

Status Thread::start(void (*run)(void*), void* argument) {
  run_ = run;
  argument_ = argument;
  struct Entry {
    static DWORD WINAPI call(void* thread) {
      (void)enter(thread);
      return 0;
    }
  };
  HANDLE thread = CreateThread(nullptr, kStackSize, Entry::call, this,
                               STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (thread == nullptr) return last_failure(Call::CreateThread);
  native_ = reinterpret_cast<uintptr_t>(thread);
  return kOk;
}

void Thread::join() {
  if (native_ == 0) return;
  auto thread = reinterpret_cast<HANDLE>(native_);
  (void)WaitForSingleObject(thread, INFINITE);
  CloseHandle(thread);
  native_ = 0;
}

Status Thread::start_detached(void (*run)(void*), void* argument) {
  auto* entry = static_cast<Entry*>(std::malloc(sizeof(Entry)));
  if (entry == nullptr) return out_of_memory();
  *entry = {run, argument};
  HANDLE thread = CreateThread(nullptr, kStackSize, enter_detached, entry,
                               STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (thread == nullptr) {
    std::free(entry);
    return last_failure(Call::CreateThread);
  }
  CloseHandle(thread);
  return kOk;
}

uint64_t current_thread_id() { return GetCurrentThreadId(); }

bool is_thread_blocked(uint64_t) { return true; }

}  // namespace procseek
