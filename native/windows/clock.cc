#include "../platform.h"
#include "nt.h"
#include "record_fields.h"

namespace procseek {

namespace {

uint64_t number_of(const FILETIME& time) {
  return uint64_t{time.dwHighDateTime} << 32 | time.dwLowDateTime;
}

}  // namespace

void pause_thread(int64_t milliseconds) { Sleep(static_cast<DWORD>(milliseconds)); }

int64_t steady_clock() {
  LARGE_INTEGER frequency;
  LARGE_INTEGER count;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&count);
  int64_t seconds = count.QuadPart / frequency.QuadPart;
  return seconds * 1000 + count.QuadPart % frequency.QuadPart * 1000 / frequency.QuadPart;
}

double wall_clock() {
  FILETIME now;
  GetSystemTimePreciseAsFileTime(&now);
  return epoch_of(number_of(now));
}

// In steps of the clock's tick, some 15 ms.
double thread_cpu_time() {
  FILETIME created;
  FILETIME exited;
  FILETIME kernel;
  FILETIME user;
  if (!GetThreadTimes(GetCurrentThread(), &created, &exited, &kernel, &user)) return 0;
  return static_cast<double>(number_of(kernel) + number_of(user)) / 1e4;
}

}  // namespace procseek
