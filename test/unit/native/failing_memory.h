// Allocations that fail when a test wants them to: those of the code under test, which asks by
// realloc(3) and by the operator new that does not throw. The linker has to wrap the first one.
#pragma once

#include <cstdint>

// The first `spared` allocations succeed, the `count` after them fail, and the rest succeed.
void fail_memory(int64_t spared, int64_t count);
// From now on all succeed. How many have failed.
int64_t heal_memory();

// Heals at the latest when the test is left.
struct MemoryHealer {
  ~MemoryHealer() { heal_memory(); }
};
