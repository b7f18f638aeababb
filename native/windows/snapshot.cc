#include "snapshot.h"

#include <algorithm>

#include "errors.h"
#include "nt.h"

namespace procseek {

namespace {

// Enough for most hosts: a second attempt would cost as much as the first one did.
constexpr size_t first_size(ListKind kind) {
  return kind == ListKind::basic ? size_t{128} * 1024 : size_t{1024} * 1024;
}

// For those that start from one attempt to the next.
constexpr size_t kSlack = 32 * 1024;

}  // namespace

Status Snapshot::take(ListKind kind) {
  clear();
  for (size_t size = first_size(kind);;) {
    if (!buffer_.reserve(size)) return out_of_memory();
    ULONG needed = 0;
    nt::Status status = nt::NtQuerySystemInformation(static_cast<ULONG>(kind), buffer_.data(),
                                                     static_cast<ULONG>(buffer_.room()), &needed);
    if (status >= 0) {
      buffer_.commit(std::min<size_t>(needed, buffer_.room()));
      break;
    }
    // A kind that it does not know is answered in several ways.
    bool is_too_small = status == nt::kInfoLengthMismatch && needed > buffer_.room();
    if (!is_too_small) {
      clear();
      return kind == ListKind::basic ? Status{kUnsupported}
                                     : failure_of(Call::NtQuerySystemInformation, status);
    }
    size = needed + needed / 8 + kSlack;
    buffer_ = Bytes();
  }
  std::string_view filled(buffer_.data(), buffer_.size());
  if (!list_.assign(kind, filled, reinterpret_cast<uintptr_t>(buffer_.data()))) {
    clear();
    return out_of_memory();
  }
  // Whoever asks is there: else it is another kind of list.
  ListedProcess self;
  if (list_.find(static_cast<int32_t>(GetCurrentProcessId()), self)) return kOk;
  clear();
  return kind == ListKind::basic ? Status{kUnsupported}
                                 : failure_of(Call::NtQuerySystemInformation, nt::kNoSuchProcess);
}

Status Snapshot::take_any() {
  Status status = take(ListKind::basic);
  return status == kUnsupported ? take(ListKind::full) : status;
}

void Snapshot::clear() {
  list_.clear();
  buffer_ = Bytes();
}

}  // namespace procseek
