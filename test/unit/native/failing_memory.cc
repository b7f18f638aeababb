#include "failing_memory.h"

#include <atomic>
#include <cstddef>
#include <new>

namespace {

std::atomic<bool> is_scarce{false};
std::atomic<int64_t> asked{0};
std::atomic<int64_t> failed{0};
std::atomic<int64_t> first{0};
std::atomic<int64_t> last{0};

bool fails() {
  if (!is_scarce) return false;
  int64_t number = asked++;
  if (number < first || number >= last) return false;
  failed++;
  return true;
}

}  // namespace

void fail_memory(int64_t spared, int64_t count) {
  asked = failed = 0;
  first = spared;
  last = spared + count;
  is_scarce = true;
}

int64_t heal_memory() {
  is_scarce = false;
  return failed;
}

extern "C" {
void* __real_realloc(void* memory, size_t size);
void* __wrap_realloc(void* memory, size_t size) {
  return fails() ? nullptr : __real_realloc(memory, size);
}
}

void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return fails() ? nullptr : ::operator new(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return fails() ? nullptr : ::operator new[](size);
}
