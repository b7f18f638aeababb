// Bare loops over the system calls of a question: what a benchmark compares with. Deliberately
// apart from the code that they are compared with.
#include <libproc.h>
#include <sys/resource.h>
#include <sys/sysctl.h>

#include <cstdlib>

#include "../platform.h"
#include "../system_calls.h"

namespace procseek {

namespace {

bool read_comm(int32_t pid) {
  proc_bsdshortinfo info;
  return ::proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 1, &info, sizeof info) > 0;
}

// What the default fields stand in: the parent, the start, and whether a thread runs.
bool read_stat(int32_t pid) {
  proc_bsdinfo info;
  proc_taskinfo task;
  if (::proc_pidinfo(pid, PROC_PIDTBSDINFO, 1, &info, sizeof info) <= 0) {
    kinfo_proc kernel;
    int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
    size_t size = sizeof kernel;
    if (::sysctl(name, 4, &kernel, &size, nullptr, 0) != 0 || size == 0) return false;
  }
  (void)::proc_pidinfo(pid, PROC_PIDTASKINFO, 0, &task, sizeof task);
  return true;
}

// Without a question, it only comes by them.
uint32_t read_every(bool (*read)(int32_t pid)) {
  int size = ::proc_listpids(PROC_ALL_PIDS, 0, nullptr, 0);
  if (size <= 0) return 0;
  auto* pids = static_cast<int32_t*>(std::malloc(static_cast<size_t>(size)));
  if (pids == nullptr) return 0;
  int filled = ::proc_listpids(PROC_ALL_PIDS, 0, pids, size);
  uint32_t visited = 0;
  for (int i = 0; i < filled / static_cast<int>(sizeof *pids); i++) {
    visited += read == nullptr || read(pids[i]);
  }
  std::free(pids);
  return visited;
}

}  // namespace

uint32_t run_floor(Floor floor, int32_t pid) {
  if (floor == Floor::every_comm) return read_every(read_comm);
  if (floor == Floor::every_stat) return read_every(read_stat);
  if (floor == Floor::directory) return read_every(nullptr);
  return read_stat(pid);
}

double children_cpu_time() {
  rusage usage;
  if (::getrusage(RUSAGE_CHILDREN, &usage) != 0) return 0;
  auto microseconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
}

uint64_t system_calls() { return system_calls_made; }

}  // namespace procseek
