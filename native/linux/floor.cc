// Bare loops over the system calls of a question: what a benchmark compares with. Deliberately
// apart from the code that they are compared with.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "../platform.h"
#include "../system_calls.h"

namespace procseek {

namespace {

struct Entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

bool read_file(int directory, const char* path) {
  char text[2048];
  int file = ::openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  bool is_read = ::read(file, text, sizeof text) >= 0;
  ::close(file);
  return is_read;
}

// Without a file, it only comes by them.
uint32_t read_every(const char* file) {
  char buffer[32 * 1024];
  uint32_t visited = 0;
  int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return 0;
  long filled;
  while ((filled = ::syscall(SYS_getdents64, proc, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < filled;) {
      auto* entry = reinterpret_cast<const Entry*>(buffer + at);
      at += entry->length;
      if (entry->name[0] < '0' || entry->name[0] > '9') continue;
      if (file == nullptr) {
        visited++;
        continue;
      }
      char path[32];
      std::snprintf(path, sizeof path, "%.15s%s", entry->name, file);
      visited += read_file(proc, path);
    }
  }
  ::close(proc);
  return visited;
}

}  // namespace

uint32_t run_floor(Floor floor, int32_t pid) {
  if (floor == Floor::every_comm) return read_every("/comm");
  if (floor == Floor::every_stat) return read_every("/stat");
  if (floor == Floor::directory) return read_every(nullptr);
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/stat", static_cast<int>(pid));
  return read_file(AT_FDCWD, path);
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
