// Sorting by the C library, whose one function serves all types: the C++ library's would be
// compiled anew for each of them, a kilobyte a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace procseek {

template <class T>
int in_order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// `compare`: below or above 0 as the first one belongs before or behind the second one.
template <class T, int (*compare)(const T&, const T&) = in_order<T>>
void sort(T* first, size_t count) {
  if (count < 2) return;
  std::qsort(first, count, sizeof(T), [](const void* a, const void* b) {
    return compare(*static_cast<const T*>(a), *static_cast<const T*>(b));
  });
}

// In order, and each only once. Returns how many are left.
template <class T>
size_t sort_and_unite(T* first, size_t count) {
  sort(first, count);
  return static_cast<size_t>(std::unique(first, first + count) - first);
}

}  // namespace procseek
