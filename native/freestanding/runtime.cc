// What the code needs of a C++ library, for prebuilds, which link with none: then one file serves
// hosts with any C++ library, or without. A build by node-gyp takes the compiler's own instead.
#include <cstdlib>
#include <new>

namespace {

// Where the library would throw: nothing here asks for what could fail so.
[[noreturn]] void fail() { __builtin_trap(); }

void* allocate(std::size_t size) { return std::malloc(size == 0 ? 1 : size); }

}  // namespace

namespace std {

const nothrow_t nothrow{};

[[noreturn]] void __throw_out_of_range_fmt(const char*, ...) { fail(); }

}  // namespace std

void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

extern "C" {

[[noreturn]] void __cxa_pure_virtual() { fail(); }

}  // extern "C"
