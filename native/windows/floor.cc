// Bare loops over the system calls of a question: what a benchmark compares with. Deliberately
// apart from the code that they are compared with.
#include <cstdlib>

#include "../platform.h"
#include "nt.h"

namespace procseek {

namespace {

constexpr ULONG kShortList = 252;
constexpr ULONG kLongList = 5;

uint32_t count_entries(const char* entry) {
  uint32_t count = 1;
  while (ULONG next = *reinterpret_cast<const ULONG*>(entry)) {
    entry += next;
    count++;
  }
  return count;
}

// 0 when the system does not make such a list.
uint32_t read_list(ULONG kind) {
  uint32_t visited = 0;
  ULONG size = 1 << 20;
  nt::Status status = nt::kInfoLengthMismatch;
  for (int attempt = 0; attempt < 8 && status == nt::kInfoLengthMismatch; attempt++) {
    auto* buffer = static_cast<char*>(std::malloc(size));
    if (buffer == nullptr) return 0;
    status = nt::NtQuerySystemInformation(kind, buffer, size, nullptr);
    if (status >= 0) visited = count_entries(buffer);
    std::free(buffer);
    size *= 2;
  }
  return visited;
}

uint32_t read_one(int32_t pid) {
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, static_cast<DWORD>(pid));
  if (process == nullptr) return 0;
  FILETIME times[4];
  bool is_read = GetProcessTimes(process, &times[0], &times[1], &times[2], &times[3]);
  CloseHandle(process);
  return is_read;
}

}  // namespace

uint32_t run_floor(Floor floor, int32_t pid) {
  if (floor == Floor::one_stat) return read_one(pid);
  uint32_t visited = floor == Floor::every_stat ? 0 : read_list(kShortList);
  return visited != 0 ? visited : read_list(kLongList);
}

// Windows keeps no account of children that have ended.
double children_cpu_time() { return 0; }

// Nor are its calls counted here: there are no counters to compare the number with.
uint64_t system_calls() { return 0; }

}  // namespace procseek
