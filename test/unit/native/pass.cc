// One walk that serves several queries, over processes that are made up.
#include "pass.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "fake_source.h"
#include "rows.h"

using namespace procseek;

namespace {

using Pids = std::vector<int32_t>;

Query& add(Pass& pass, std::string name, uint32_t limit = 0, FieldMask fields = 0,
           int64_t uid = -1) {
  QueryOptions options;
  options.any_name = name.empty();
  options.limit = limit;
  options.uid = uid;
  options.fields = fields | bit(Field::pid);
  options.text_limit = Record::kMostTextLimit;
  Query* query = pass.add(options);
  REQUIRE(query != nullptr);
  if (!name.empty()) REQUIRE(query->assign_names(name + '\0', false) == kOk);
  return *query;
}

std::unique_ptr<Source> source_of(FakeHost& host) { return std::make_unique<FakeSource>(host); }

// `count` processes named "a" and "b" in turn, from PID 1.
FakeHost host_of(int count) {
  FakeHost host;
  for (int pid = 1; pid <= count; pid++) host.processes.push_back({pid, pid % 2 ? "a" : "b"});
  return host;
}

// Of queries that tell nothing but the PID, in the batch of the last step.
Pids told(const Query& query) {
  Pids pids;
  for (const Row& row : rows_of(query.batch(), 0, 1)) pids.push_back(row.ints[0]);
  return pids;
}

}  // namespace

TEST_CASE("several queries are answered by one walk") {
  FakeHost host = host_of(6);
  Pass pass(source_of(host));
  Query& a = add(pass, "a");
  Query& b = add(pass, "b");
  Query& none = add(pass, "c");
  Query& all = add(pass, "");
  CHECK(pass.step() == kEnd);
  CHECK(told(a) == Pids{1, 3, 5});
  CHECK(told(b) == Pids{2, 4, 6});
  CHECK(told(none) == Pids{});
  CHECK(told(all) == Pids{1, 2, 3, 4, 5, 6});
  CHECK(host.begun == 1);
  CHECK(host.visited.size() == 6);
}

TEST_CASE("a query may leave out who has ended, who does not count either") {
  FakeHost host = host_of(6);
  host.processes[0].state = host.processes[4].state = State::zombie;
  host.processes[3].state = State::dead;
  host.processes[5].state = State::zombie;
  host.processes[5].threads = 2;  // it has lost its first thread alone
  for (bool skips_ended : {true, false}) {
    for (const char* name : {"a", "b", ""}) {
      CAPTURE(skips_ended);
      CAPTURE(name);
      Pass pass(source_of(host));
      QueryOptions options;
      options.any_name = *name == '\0';
      options.skips_ended = skips_ended;
      options.limit = 1;
      options.fields = bit(Field::pid);
      Query* one = pass.add(options);
      options.limit = 0;
      Query* all = pass.add(options);
      REQUIRE(all != nullptr);
      for (Query* query : {one, all}) {
        std::string names = std::string(name) + std::string(options.any_name ? 0 : 1, '\0');
        REQUIRE(query->assign_names(names, false) == kOk);
      }
      CHECK(pass.step() == kEnd);
      Pids expected;
      for (int32_t pid = 1; pid <= 6; pid++) {
        bool has_name = options.any_name || (pid % 2 ? "a" : "b") == std::string(name);
        bool has_ended = pid == 1 || pid == 4 || pid == 5;
        if (has_name && !(skips_ended && has_ended)) expected.push_back(pid);
      }
      CHECK(told(*all) == expected);
      CHECK(told(*one) == Pids{expected[0]});
    }
  }
}

TEST_CASE("whether a process has ended is asked of matches alone") {
  FakeHost host = host_of(3);
  host.processes[1].comm = "MainThread";
  Pass pass(source_of(host));
  QueryOptions options;
  options.skips_ended = true;
  options.fields = bit(Field::pid);
  Query* query = pass.add(options);
  REQUIRE(query != nullptr);
  REQUIRE(query->assign_names({"c\0", 2}, false) == kOk);
  CHECK(pass.step() == kEnd);
  CHECK(host.read == Pids{2});
  CHECK((host.wanted[0] & bit(Field::state)) == 0);
}

TEST_CASE("nothing but its comm is read of a process that nobody looks for") {
  FakeHost host = host_of(100);
  host.processes[41].comm = "wanted";
  Pass pass(source_of(host));
  add(pass, "wanted", 0, bit(Field::cmdline));
  add(pass, "absent", 0, bit(Field::environ));
  CHECK(pass.step() == kEnd);
  CHECK(host.walk.comm);
  CHECK_FALSE(host.walk.stamp);
  CHECK(host.read == Pids{42});
  CHECK((host.wanted[0] & bit(Field::environ)) == 0);
}

TEST_CASE("the comm is not asked for when no query is decided by it") {
  FakeHost host = host_of(3);
  Pass pass(source_of(host));
  add(pass, "");
  CHECK(pass.step() == kEnd);
  CHECK_FALSE(host.walk.comm);
  CHECK(host.read == Pids{});
}

TEST_CASE("a pass stops as soon as every query has reached its limit") {
  FakeHost host = host_of(100);
  Pass pass(source_of(host));
  Query& one = add(pass, "a", 1);
  Query& three = add(pass, "b", 3);
  CHECK(pass.step() == kEnd);
  CHECK(told(one) == Pids{1});
  CHECK(told(three) == Pids{2, 4, 6});
  CHECK(host.visited.size() == 6);
  CHECK(host.ended > 0);
}

TEST_CASE("a limit counts over all steps") {
  FakeHost host = host_of(200);
  Pass pass(source_of(host));
  Query& query = add(pass, "", 20);
  CHECK(pass.step() == kOk);
  CHECK(told(query).size() == 16);
  CHECK(pass.step() == kEnd);
  CHECK(told(query) == Pids{17, 18, 19, 20});
  CHECK(host.visited.size() == 20);
}

TEST_CASE("batches start at 16 rows and double from step to step") {
  FakeHost host = host_of(20000);
  Pass pass(source_of(host));
  Query& query = add(pass, "");
  std::vector<size_t> sizes;
  int32_t next = 1;
  Status status;
  do {
    status = pass.step();
    Pids pids = told(query);
    for (int32_t pid : pids) REQUIRE(pid == next++);
    sizes.push_back(pids.size());
  } while (status == kOk);
  CHECK(next == 20001);
  for (size_t i = 0; i < 8; i++) CHECK(sizes[i] == size_t{16} << i);
  for (size_t size : sizes) CHECK(size <= 4096);
}

TEST_CASE("a batch is full at 64 KiB whatever its number of rows") {
  FakeHost host;
  for (int pid = 1; pid <= 3000; pid++)
    host.processes.push_back({pid, "x", 1, 0, std::string(999, 'y')});
  Pass pass(source_of(host));
  Query& query = add(pass, "x", 0, bit(Field::cmdline));
  uint32_t rows = 0;
  Status status;
  do {
    status = pass.step();
    rows += query.batch().rows();
    CHECK(query.batch().bytes() <= 64 * 1024);
    CHECK(pass.measure().size() <= 65 * 1024);
  } while (status == kOk);
  CHECK(status == kEnd);
  CHECK(rows == 3000);
}

TEST_CASE("a process larger than a batch is told all the same") {
  FakeHost host;
  for (int pid = 1; pid <= 3; pid++)
    host.processes.push_back({pid, "x", 1, 0, std::string(200000, 'y')});
  Pass pass(source_of(host));
  Query& query = add(pass, "x", 0, bit(Field::cmdline));
  for (int pid = 1; pid <= 3; pid++) {
    CHECK(pass.step() == kOk);
    REQUIRE(query.batch().rows() == 1);
    CHECK(rows_of(query.batch(), 0, 2)[0].ints == Pids{pid, 200000});
  }
  CHECK(pass.step() == kEnd);
  CHECK(query.batch().rows() == 0);
}

TEST_CASE("processes that are gone or denied when they are read are left out") {
  FakeHost host = host_of(5);
  host.processes[0].on_read = kGone;
  host.processes[2].on_read = kDenied;
  Pass pass(source_of(host));
  Query& query = add(pass, "a", 0, bit(Field::cmdline));
  CHECK(pass.step() == kEnd);
  REQUIRE(query.batch().rows() == 1);
  CHECK(rows_of(query.batch(), 0, 2)[0].ints[0] == 5);
}

TEST_CASE("a failure is passed on and ends the walk wherever it happens") {
  const Status failed = failure(Call::openat, EMFILE);
  for (int where = 0; where < 4; where++) {
    CAPTURE(where);
    FakeHost host = host_of(3);
    if (where == 0) host.on_begin = failed;
    if (where == 1) host.processes[1].on_next = failed;
    if (where == 2) host.processes[1].on_read = failed;
    if (where == 3) host.on_end_of_walk = failed;
    Pass pass(source_of(host));
    add(pass, "b", 0, bit(Field::cmdline));
    CHECK(pass.step() == failed);
    CHECK(host.ended > 0);
    CHECK(pass.step() == kEnd);
    CHECK(host.begun == 1);
  }
}

TEST_CASE("a process that another program has taken over meanwhile is judged anew") {
  FakeHost host = host_of(3);
  host.processes[0].comm_when_read = "other";
  Pass pass(source_of(host));
  Query& a = add(pass, "a");
  add(pass, "a", 0, bit(Field::cmdline));
  CHECK(pass.step() == kEnd);
  CHECK(told(a) == Pids{3});
}

TEST_CASE("a process that was taken over between two reads is not told") {
  FakeHost host = host_of(3);
  host.processes[0].comm_when_read_again = "other";
  Pass pass(source_of(host));
  Query& query = add(pass, "a", 0, bit(Field::environ), 0);
  CHECK(pass.step() == kEnd);
  CHECK(host.read == Pids{1, 1, 3, 3});
  REQUIRE(query.batch().rows() == 1);
  CHECK(rows_of(query.batch(), 0, 2)[0].ints[0] == 3);
}

TEST_CASE("what decides is read first and the rest only of those that match") {
  FakeHost host = host_of(4);
  host.processes[2].uid = 1000;
  Pass pass(source_of(host));
  Query& query = add(pass, "a", 0, bit(Field::environ), 1000);
  CHECK(pass.step() == kEnd);
  CHECK(query.batch().rows() == 1);
  CHECK(host.read == Pids{1, 3, 3});
  CHECK((host.wanted[0] & bit(Field::environ)) == 0);
  CHECK((host.wanted[2] & bit(Field::environ)) != 0);
}

TEST_CASE("a pass over listed processes hands the list to the source") {
  FakeHost host = host_of(1);
  Pass pass(source_of(host));
  const Pids pids = {3, 5, 8};
  REQUIRE(pass.only(pids.data(), pids.size()) == kOk);
  add(pass, "");
  CHECK(pass.step() == kEnd);
  CHECK(host.walk.listed);
  CHECK(Pids(host.walk.pids, host.walk.pids + host.walk.pid_count) == pids);
}

TEST_CASE("a pass over an empty list is not one over everything") {
  FakeHost host;
  Pass pass(source_of(host));
  REQUIRE(pass.only(nullptr, 0) == kOk);
  add(pass, "");
  CHECK(pass.step() == kEnd);
  CHECK(host.walk.listed);
  CHECK(host.walk.pid_count == 0);
}

TEST_CASE("a packet says whether more will come") {
  FakeHost host = host_of(17);
  Pass pass(source_of(host));
  add(pass, "");
  for (int has_ended : {0, 1}) {
    CHECK(pass.step() == (has_ended ? kEnd : kOk));
    Packet packet = pass.measure();
    std::vector<char> bytes(packet.size());
    pass.write(packet, bytes.data());
    int32_t head[2];
    std::memcpy(head, bytes.data(), sizeof head);
    CHECK(head[0] == has_ended);
    CHECK(head[1] == 1);
  }
}
