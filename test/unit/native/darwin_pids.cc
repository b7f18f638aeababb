// Lists of PIDs from a kernel that says nothing when it leaves some out.
#include "darwin/pids.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

using namespace procseek;

namespace {

// Like proc_listpids() of XNU: an estimate for no buffer; then no more than the estimate of that
// moment, and than the buffer takes.
struct Kernel {
  std::vector<int32_t> pids;
  int slack = 20;
  // What happens between an estimate and the list.
  int born_meanwhile = 0;
  int births = 0;  // how often
  int error = 0;
  int error_of_list = 0;
  int calls = 0;
  uint32_t type = 0;
  uint32_t about = 0;
  int too_much = 0;

  int list(uint32_t of_type, uint32_t of, void* buffer, int size) {
    calls++;
    type = of_type;
    about = of;
    int failed = buffer == nullptr ? error : error_of_list;
    if (failed != 0) {
      errno = failed;
      return 0;
    }
    if (buffer == nullptr) return static_cast<int>((pids.size() + slack) * sizeof(int32_t));
    size_t listed = pids.size();
    if (births-- > 0) {
      for (int i = 0; i < born_meanwhile; i++)
        pids.push_back(1000000 + static_cast<int>(pids.size()));
      // The kernel took its size before it took the lock.
      listed = std::min(pids.size(), listed + slack);
    }
    size_t count = std::min(listed, static_cast<size_t>(size) / sizeof(int32_t));
    if (count != 0) std::memcpy(buffer, pids.data(), count * sizeof(int32_t));
    return static_cast<int>(count * sizeof(int32_t)) + too_much;
  }
};

Kernel* kernel = nullptr;

struct Listed {
  Status status;
  std::vector<int32_t> pids;
};

Listed list_of(Kernel& of, Bytes& bytes) {
  kernel = &of;
  auto list = [](uint32_t type, uint32_t about, void* buffer, int size) {
    return kernel->list(type, about, buffer, size);
  };
  Listed listed;
  listed.status = list_pids(list, 6, 4711, bytes);
  for (int32_t pid : values_of<int32_t>(bytes)) listed.pids.push_back(pid);
  return listed;
}

Listed list_of(Kernel& of) {
  Bytes bytes;
  return list_of(of, bytes);
}

}  // namespace

TEST_CASE("macOS: PIDs are listed in ascending order, once each, without the kernel's") {
  Kernel of;
  of.pids = {500, 3, 0, 99998, 1, 3, 2};
  Listed listed = list_of(of);
  CHECK(listed.status == kOk);
  CHECK(listed.pids == std::vector<int32_t>{1, 2, 3, 500, 99998});
  CHECK(of.type == 6);
  CHECK(of.about == 4711);
}

TEST_CASE("macOS: a list is appended to what there is") {
  Kernel of;
  of.pids = {7, 5};
  Bytes bytes;
  REQUIRE(append_value(bytes, int32_t{9}));
  CHECK(list_of(of, bytes).pids == std::vector<int32_t>{9, 5, 7});
}

TEST_CASE("macOS: no children are no failure") {
  Kernel of;
  Listed listed = list_of(of);
  CHECK(listed.status == kOk);
  CHECK(listed.pids.empty());
}

TEST_CASE("macOS: a list that may have been cut is asked for again") {
  // From a few births, which there is room for, to more than the buffer takes.
  for (int born : {0, 1, 19, 20, 21, 83, 84, 85, 1000}) {
    Kernel of;
    for (int32_t pid = 1; pid <= 300; pid++) of.pids.push_back(pid);
    of.born_meanwhile = born;
    of.births = 3;
    Listed listed = list_of(of);
    CAPTURE(born);
    REQUIRE(listed.status == kOk);
    CHECK(listed.pids == of.pids);
  }
}

TEST_CASE("macOS: a list that never comes to an end is a failure") {
  Kernel of;
  of.born_meanwhile = 30;
  of.births = INT32_MAX;
  Listed listed = list_of(of);
  REQUIRE(listed.status < 0);
  CHECK(error_of(listed.status) == EAGAIN);
  CHECK(listed.pids.empty());
}

TEST_CASE("macOS: a list that is refused is a failure") {
  Kernel of;
  of.pids = {1};
  of.error = EPERM;
  CHECK(list_of(of).status == failure(Call::proc_listpids, EPERM));
  of.error = 0;
  of.error_of_list = ENOMEM;
  CHECK(list_of(of).status == failure(Call::proc_listpids, ENOMEM));
}

TEST_CASE("macOS: more than the buffer takes is not believed") {
  Kernel of;
  of.pids = {1};
  of.too_much = 1000;
  CHECK(list_of(of).status == failure(Call::proc_listpids, EIO));
  of.too_much = -1000;
  CHECK(list_of(of).status == failure(Call::proc_listpids, EIO));
}
