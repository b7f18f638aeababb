// A program in the kernel that answers questions through memory it shares with this process;
// bpf(2). Loaded without a library: a light skeleton brings its own loader, which the kernel runs
// (Linux 5.17 and later).
#pragma once

#include <cstddef>
#include <cstdint>

#include "../status.h"
#include "files.h"

namespace procseek {

// What scripts/bpf.mjs makes of a program: the loader's data, and its code behind that, packed
// (lz4.h).
struct BpfSkeleton {
  const char* packed;
  uint32_t packed_size;
  uint32_t data_size;
  uint32_t code_size;
};

class BpfProgram {
 public:
  BpfProgram() = default;
  BpfProgram(const BpfProgram&) = delete;
  BpfProgram& operator=(const BpfProgram&) = delete;
  ~BpfProgram();

  // `shared_size`: of the only value of the program's only map. An iterator (bpf_iter) is attached.
  // The calling thread takes no signals meanwhile: the kernel gives up checking a program for one.
  Status load(const BpfSkeleton& skeleton, size_t shared_size, bool is_iterator);
  // Runs it once; of an iterator: over everything.
  Status run();

  void* shared() const { return shared_; }

 private:
  Status run_loader(const BpfSkeleton& skeleton);
  Status try_loader(const char* bytes, const BpfSkeleton& skeleton);
  Status map_shared(size_t size);

  Fd map_;
  Fd program_;
  Fd link_;  // of an iterator
  void* shared_ = nullptr;
  size_t shared_size_ = 0;
};

}  // namespace procseek
