#include "../platform.h"
#include "errors.h"

namespace procseek {

namespace {

// Reserved, of which as much is used as is needed.
constexpr SIZE_T kStackSize = 512 * 1024;

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

}  // namespace procseek
