// Prints the most memory that a pass over all processes holds at a time: `pass_memory EXTRA` starts
// so many sleeping processes first. A line per kind of pass: its name, bytes, rows told, bytes
// left. Linked with --wrap for each function of malloc(3).
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "pass.h"
#include "platform.h"

namespace {

bool is_counting = false;
size_t held = 0;
size_t peak = 0;

void* count(void* block) {
  if (is_counting) held += malloc_usable_size(block);
  if (held > peak) peak = held;
  return block;
}

void discount(void* block) {
  if (is_counting) held -= malloc_usable_size(block);
}

}  // namespace

extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_realloc(void* block, size_t size);
void __real_free(void* block);

void* __wrap_malloc(size_t size) { return count(__real_malloc(size)); }
void* __wrap_calloc(size_t number, size_t size) { return count(__real_calloc(number, size)); }
// Old and new block are there at the same time, as far as anybody can know.
void* __wrap_realloc(void* block, size_t size) {
  size_t old_size = malloc_usable_size(block);
  void* moved = count(__real_realloc(block, size));
  if (is_counting) held -= old_size;
  return moved;
}
void __wrap_free(void* block) {
  discount(block);
  __real_free(block);
}
}

void* operator new(size_t size) { return __wrap_malloc(size); }
void* operator new[](size_t size) { return __wrap_malloc(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return __wrap_malloc(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return __wrap_malloc(size); }
void operator delete(void* block) noexcept { __wrap_free(block); }
void operator delete[](void* block) noexcept { __wrap_free(block); }
void operator delete(void* block, size_t) noexcept { __wrap_free(block); }
void operator delete[](void* block, size_t) noexcept { __wrap_free(block); }

namespace procseek {

void measure(const char* kind, std::string_view names, FieldMask fields) {
  held = peak = 0;
  is_counting = true;
  size_t rows = 0;
  Status status = kOk;
  {
    Pass pass(make_source());
    QueryOptions options;
    options.any_name = names.empty();
    options.fields = fields | bit(Field::pid);
    Query* query = pass.add(options);
    status = query->assign_names(names, false);
    while (status == kOk) {
      status = pass.step();
      rows += query->batch().rows();
    }
  }
  is_counting = false;
  if (status != kEnd) std::exit(1);
  std::printf("%s %zu %zu %zu\n", kind, peak, rows, held);
}

}  // namespace procseek

int main(int argument_count, char** arguments) {
  using namespace procseek;
  int extra = argument_count > 1 ? std::atoi(arguments[1]) : 0;
  for (int i = 0; i < extra; i++) {
    pid_t child = fork();
    if (child < 0) return 1;
    if (child > 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) pause();
  }
  FieldMask defaults = bit(Field::name) | bit(Field::ppid) | bit(Field::state) |
                       bit(Field::startTime) | bit(Field::id);
  // All but those that a process can make as large as it likes.
  FieldMask bounded = (bit(Field::containerId) << 1) - 1;
  bounded &= ~(bit(Field::cmdline) | bit(Field::environ));
  measure("absent", {"procseek-absent", sizeof "procseek-absent"}, defaults);
  measure("default", {}, defaults);
  measure("bounded", {}, bounded);
}
