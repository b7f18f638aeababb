// How processes ended, told again.
#include "exit_memory.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "told.h"

using namespace procseek;

namespace {

struct Release {
  void operator()(ExitMemory* memory) const { memory->release(); }
};
std::unique_ptr<ExitMemory, Release> make() {
  return std::unique_ptr<ExitMemory, Release>(new ExitMemory);
}

Identity id(int number) { return Identity::of("host:" + std::to_string(number)); }

std::string recall(const ExitMemory& memory, int32_t pid, const Identity& identity) {
  Exit exit;
  return memory.recall(pid, identity, exit) ? text_of(exit) : "nothing";
}

}  // namespace

TEST_CASE("an exit is recalled by the identity of the process and never by its PID") {
  auto memory = make();
  memory->store(5, id(1), {7, 0});
  memory->store(5, id(2), {-1, 9});
  CHECK(recall(*memory, 5, id(1)) == " 7");
  CHECK(recall(*memory, 5, id(2)) == " SIG9");
  CHECK(recall(*memory, 5, id(3)) == "nothing");
  CHECK(recall(*memory, 6, id(1)) == "nothing");
  CHECK(recall(*memory, 5, Identity()) == "nothing");
}

TEST_CASE("an exit that is not known is not remembered and does not displace one that is") {
  auto memory = make();
  memory->store(5, id(1), {7, 0});
  memory->store(5, id(1), {});
  memory->store(6, id(2), {});
  memory->store(7, Identity(), {1, 0});
  CHECK(recall(*memory, 5, id(1)) == " 7");
  CHECK(recall(*memory, 6, id(2)) == "nothing");
}

TEST_CASE("so many exits are remembered and no more: the oldest make room") {
  auto memory = make();
  constexpr int kCount = static_cast<int>(ExitMemory::kMost) + 10;
  for (int i = 1; i <= kCount; i++) memory->store(i, id(i), {i % 256, 0});
  CHECK(recall(*memory, 10, id(10)) == "nothing");
  CHECK(recall(*memory, 11, id(11)) == " 11");
  CHECK(recall(*memory, kCount, id(kCount)) == " " + std::to_string(kCount % 256));
}
