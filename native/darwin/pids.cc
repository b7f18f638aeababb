#include "pids.h"

#include <algorithm>
#include <cerrno>

#include "../sort.h"

namespace procseek {

namespace {

// How often so many processes may be born between two system calls that the list is too short.
constexpr int kAttempts = 16;

// Both return 0 for a failure.
Status call(ListPids list, uint32_t type, uint32_t about, void* buffer, int size,
            size_t& ret_filled) {
  errno = 0;
  int filled = list(type, about, buffer, size);
  if (filled < 0 || (filled == 0 && errno != 0)) {
    return failure(Call::proc_listpids, errno == 0 ? EIO : errno);
  }
  ret_filled = static_cast<size_t>(filled);
  return kOk;
}

void tidy(Bytes& pids, size_t from) {
  auto* first = reinterpret_cast<int32_t*>(pids.data() + from);
  auto* last = reinterpret_cast<int32_t*>(pids.data() + pids.size());
  last = std::remove_if(first, last, [](int32_t pid) { return pid <= 0; });
  size_t count = sort_and_unite(first, static_cast<size_t>(last - first));
  pids.truncate(from + count * sizeof *first);
}

}  // namespace

Status list_pids(ListPids list, uint32_t type, uint32_t about, Bytes& ret_pids) {
  constexpr size_t kSpare = 64 * sizeof(int32_t);
  constexpr size_t kMost = size_t{1} << 24;
  size_t from = ret_pids.size();
  for (int attempt = 0; attempt < kAttempts; attempt++) {
    // Without a buffer: the size for as many processes as there are at the moment, and 20 more. The
    // kernel lists no more than that, as of when it comes to it, nor more than the buffer takes;
    // and says nothing of the rest. So a list that falls short of both is complete.
    size_t estimate = 0;
    size_t filled = 0;
    Status status = call(list, type, about, nullptr, 0, estimate);
    if (status != kOk) return status;
    if (estimate == 0 || estimate > kMost) return failure(Call::proc_listpids, EIO);
    if (!ret_pids.reserve(estimate + kSpare)) return out_of_memory();
    char* buffer = ret_pids.data() + from;
    status = call(list, type, about, buffer, static_cast<int>(estimate + kSpare), filled);
    if (status != kOk) return status;
    if (filled > estimate + kSpare) return failure(Call::proc_listpids, EIO);
    if (filled >= estimate) continue;
    ret_pids.commit(filled / sizeof(int32_t) * sizeof(int32_t));
    tidy(ret_pids, from);
    return kOk;
  }
  return failure(Call::proc_listpids, EAGAIN);
}

}  // namespace procseek
