#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "../platform.h"
#include "files.h"
#include "parse.h"

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

Status start_thread(void* (*enter)(void*), void* argument, pthread_t& ret_thread) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackSize);
  // Signals are for the threads of the host program: the new thread inherits that it takes none.
  uint64_t before = set_signal_mask(~uint64_t{0});
  int error = pthread_create(&ret_thread, &attributes, enter, argument);
  (void)set_signal_mask(before);
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
  if (status == kOk) native_ = static_cast<uintptr_t>(thread);
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
  if (native_ != 0) pthread_join(static_cast<pthread_t>(native_), nullptr);
  native_ = 0;
}

uint64_t current_thread_id() { return static_cast<uint64_t>(::syscall(SYS_gettid)); }

bool is_thread_blocked(uint64_t id) {
  char buffer[2048];
  size_t length;
  ProcPath path;
  path.append("/proc/self/task/").append(static_cast<uint32_t>(id)).append("/stat");
  Stat stat;
  bool is_known = read_small(AT_FDCWD, path.c_str(), buffer, sizeof buffer, length) == kOk &&
                  parse_stat({buffer, length}, stat);
  return !is_known || stat.state != State::running;
}

}  // namespace procseek
