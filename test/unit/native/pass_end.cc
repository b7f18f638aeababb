// How a pass ends before its walk does.
#include <doctest/doctest.h>

#include <memory>
#include <thread>

#include "fake_source.h"
#include "pass.h"

using namespace procseek;

namespace {

struct Case {
  explicit Case(int processes) {
    for (int pid = 1; pid <= processes; pid++) host.processes.push_back({pid, "x"});
  }
  Query& add() {
    QueryOptions options;
    options.any_name = true;
    options.fields = bit(Field::pid);
    return *pass.add(options);
  }
  FakeHost host;
  Pass pass{std::make_unique<FakeSource>(host)};
};

}  // namespace

TEST_CASE("a pass whose queries are all cancelled visits nobody") {
  Case one(10);
  one.add();
  one.add();
  one.pass.cancel(0);
  one.pass.cancel(1);
  CHECK(one.pass.step() == kEnd);
  CHECK(one.host.visited.empty());
}

TEST_CASE("a query that is cancelled does not end the others") {
  Case one(10);
  Query& cancelled = one.add();
  Query& other = one.add();
  one.pass.cancel(0);
  CHECK(one.pass.step() == kEnd);
  CHECK(cancelled.batch().rows() == 0);
  CHECK(other.batch().rows() == 10);
}

TEST_CASE("a step ends soon after another thread has cancelled it") {
  Case one(100000);
  one.add();
  one.host.on_visit = [&one](int32_t pid) {
    if (pid == 5) std::thread([&one] { one.pass.cancel_all(); }).join();
  };
  CHECK(one.pass.step() == kEnd);
  CHECK(one.host.visited.size() == 5);
  CHECK(one.host.ended > 0);
}

TEST_CASE("cancelling a query that there is not is harmless") {
  Case one(3);
  one.pass.cancel(0);
  one.add();
  one.pass.cancel(1);
  one.pass.cancel(SIZE_MAX);
  CHECK(one.pass.step() == kEnd);
  CHECK(one.host.visited.size() == 3);
}

TEST_CASE("a pass without queries ends at once") {
  Case one(3);
  CHECK(one.pass.step() == kEnd);
  CHECK(one.host.visited.empty());
  CHECK(one.pass.measure().empty());
}

TEST_CASE("a closed pass has released its source and goes no further") {
  Case one(100);
  Query& query = one.add();
  REQUIRE(one.pass.step() == kOk);
  CHECK(one.host.ended == 0);
  one.pass.close();
  CHECK(one.host.ended > 0);
  one.pass.close();
  CHECK(one.pass.step() == kEnd);
  CHECK(query.batch().rows() == 0);
  CHECK(one.host.visited.size() == 16);
}

TEST_CASE("a pass that was closed before its first step never begins") {
  Case one(3);
  one.add();
  one.pass.close();
  CHECK(one.pass.step() == kEnd);
  CHECK(one.host.begun == 0);
}

TEST_CASE("a pass that goes out of sight releases its source") {
  FakeHost host;
  { Pass pass(std::make_unique<FakeSource>(host)); }
  CHECK(host.ended > 0);
}

TEST_CASE("the batches of the last step are still there when the walk has ended") {
  Case one(3);
  Query& query = one.add();
  CHECK(one.pass.step() == kEnd);
  CHECK(one.host.ended > 0);
  CHECK(query.batch().rows() == 3);
  CHECK(one.pass.step() == kEnd);
  CHECK(query.batch().rows() == 0);
}

TEST_CASE("many queries keep their places") {
  Case one(2);
  std::vector<Query*> queries;
  for (int i = 0; i < 1000; i++) queries.push_back(&one.add());
  one.pass.cancel(500);
  CHECK(one.pass.step() == kEnd);
  for (int i = 0; i < 1000; i++) CHECK(queries[i]->batch().rows() == (i == 500 ? 0 : 2));
}
