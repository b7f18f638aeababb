// Lists of processes as NtQuerySystemInformation() fills them, in 64-bit programs. Pure: nothing is
// copied but where the processes stand, and nothing in the buffer is trusted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../bytes.h"
#include "../process.h"
#include "text.h"

namespace procseek {

enum class ListKind : uint32_t {
  basic = 252,  // SystemBasicProcessInformation, Windows 11 26100.4770: who there is
  full = 5,     // SystemProcessInformation: what they use as well, and all of their threads
};

// What a list tells of one process; the last part is of ListKind::full.
struct ListedProcess {
  int32_t pid = 0;
  int32_t creator = 0;  // whose PID may be another one's by now
  // Grows from process to process: a sequence number or, in ListKind::full, when it was created, in
  // steps of 100 ns since 1601.
  uint64_t birth = 0;
  WideText name;  // none of the idle process

  int32_t threads = 0;
  int32_t handles = 0;
  int32_t session = 0;
  uint64_t user_time = 0;  // in steps of 100 ns
  uint64_t kernel_time = 0;
  uint64_t working_set = 0;
  uint64_t virtual_size = 0;
  Io io;
};

class ProcessList {
 public:
  // A list that the system filled `buffer` with, at the address `base`, which its pointers speak
  // of. False when there is no memory. A list that breaks off is one up to there.
  [[nodiscard]] bool assign(ListKind kind, std::string_view buffer, uint64_t base);
  void clear();

  ListKind kind() const { return kind_; }
  size_t size() const { return places_.size() / sizeof(Place); }
  // By their PIDs, ascending, without duplicates and without the idle process.
  ListedProcess at(size_t index) const;
  int32_t pid_at(size_t index) const { return places()[index].pid; }
  // False when it is not among them.
  bool find(int32_t pid, ListedProcess& ret_process) const;
  // The creator of a process as long as it is there: 0 when it has ended, its PID another one's.
  int32_t parent_of(const ListedProcess& process) const;

 private:
  struct Place {
    int32_t pid;
    uint32_t offset;
    bool operator==(const Place& other) const { return pid == other.pid; }
    bool operator<(const Place& other) const {
      return pid != other.pid ? pid < other.pid : offset > other.offset;
    }
  };
  const Place* places() const { return reinterpret_cast<const Place*>(places_.data()); }
  void sort();
  WideText name_at(size_t offset) const;

  ListKind kind_ = ListKind::basic;
  std::string_view buffer_;
  uint64_t base_ = 0;
  Bytes places_;
};

}  // namespace procseek
