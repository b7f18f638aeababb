#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../posix/thread.h"
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

}  // namespace

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

void name_thread() { (void)::prctl(PR_SET_NAME, kThreadName); }

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
