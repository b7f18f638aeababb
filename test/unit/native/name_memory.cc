#include "name_memory.h"

#include <doctest/doctest.h>

#include <climits>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "exact_bytes.h"
#include "fake_source.h"
#include "random.h"

using namespace procseek;

namespace {

constexpr int32_t kKthreadd = 2;
constexpr uint64_t kSeed = 77;
constexpr Status kNoFiles = failure(Call::openat, EMFILE);

using Pids = std::vector<int32_t>;

struct Listed {
  std::string comm;
  bool is_settled = true;

  bool operator==(const Listed& other) const {
    return comm == other.comm && is_settled == other.is_settled;
  }
};
using List = std::map<int32_t, Listed>;

std::ostream& operator<<(std::ostream& stream, const List& list) {
  for (auto& [pid, listed] : list) {
    stream << pid << " " << shown(listed.comm) << (listed.is_settled ? "" : " ?") << "\n";
  }
  return stream;
}

// A host of which the memory is told.
struct World final : Happenings {
  FakeHost host;
  std::deque<Change> told;
  uint64_t lost_count = 0;
  int64_t links = 37;  // that are counted along with the processes
  bool can_count = true;
  Status on_told = kEnd;  // behind what there is to tell
  // What happens while the processes are counted.
  std::function<void()> on_count = [] {};
  uint32_t last_stamp = 100;
  int64_t now = 5;
  FakeSource reader{host};
  NameMemory memory{*this, reader, kSeed};
  NameMemory::Patience patience = NameMemory::Patience::unbounded;
  Status on_restart = kOk;
  int restarts = 0;

  Status next(Change& ret_change) override {
    if (told.empty()) return on_told;
    ret_change = told.front();
    told.pop_front();
    return kOk;
  }
  Status restart() override {
    restarts++;
    if (on_restart != kOk) return on_restart;
    told.clear();
    lost_count = 0;
    return kOk;
  }
  uint64_t lost() const override { return lost_count; }
  int64_t backlog() const override {
    return can_tell_backlog ? static_cast<int64_t>(told.size()) : 0;
  }
  bool can_tell_backlog = true;
  int64_t count_processes() const override {
    on_count();
    return can_count ? links + static_cast<int64_t>(host.processes.size()) : -1;
  }
  bool is_silent(const Record& record) const override {
    CHECK(record.has(Field::ppid));
    return record.ppid == kKthreadd;
  }

  // What happens on it, and is told unless it is told to be quiet.

  void tell(Change::Kind kind, int32_t pid = 0) {
    if (is_quiet) return;
    Change change;
    change.kind = kind;
    change.pid = pid;
    told.push_back(change);
  }
  bool is_quiet = false;
  template <class Act>
  void quietly(Act act) {
    is_quiet = true;
    act();
    is_quiet = false;
  }

  FakeProcess& fork(int32_t pid, std::string comm, int32_t ppid = 1) {
    REQUIRE(host.find(pid) == nullptr);
    FakeProcess process = {pid, std::move(comm), ppid};
    process.stamp = ++last_stamp;
    FakeProcess& put = host.put(std::move(process));
    tell(Change::forked, pid);
    return put;
  }
  void call(Change::Kind kind, int32_t pid, std::string comm) {
    host.find(pid)->comm = std::move(comm);
    tell(kind, pid);
  }
  void exec(int32_t pid, std::string comm) { call(Change::executed, pid, std::move(comm)); }
  void rename(int32_t pid, std::string comm) { call(Change::renamed, pid, std::move(comm)); }
  void exit(int32_t pid) {
    host.find(pid)->state = State::zombie;
    tell(Change::exited, pid);
  }
  // Nobody tells that.
  void reap(int32_t pid) {
    host.processes.erase(host.processes.begin() + (host.find(pid) - host.processes.data()));
  }
  void end(int32_t pid) {
    exit(pid);
    reap(pid);
  }
  void hide(int32_t pid, bool is_hidden) {
    host.find(pid)->is_hidden = is_hidden;
    tell(Change::renamed, pid);
  }
  // Processes "a" and "b" in turn.
  void populate(int32_t count) {
    for (int32_t pid = 10; pid < 10 + count; pid++) fork(pid, pid % 2 == 0 ? "a" : "b");
  }

  // What the memory has of it.

  Status refresh() { return memory.refresh(now, patience); }
  static List read(const Bytes& bytes) {
    List list;
    int32_t last = 0;
    for (const NameMemory::Candidate& each : values_of<NameMemory::Candidate>(bytes)) {
      REQUIRE(each.pid > last);
      last = each.pid;
      list[each.pid] = {{each.text, each.length}, each.is_settled != 0};
    }
    return list;
  }
  List list() const {
    Bytes bytes;
    REQUIRE(memory.list(bytes) == kOk);
    return read(bytes);
  }
  List find(const std::vector<uint32_t>& hashes, const CommFilter* filter = nullptr) {
    Bytes bytes;
    REQUIRE(memory.find(hashes.data(), hashes.size(), filter, bytes) == kOk);
    return read(bytes);
  }
  Pids pids_of(std::string_view comm) {
    Pids pids;
    for (auto& [pid, listed] : find({comm_hash(comm, kSeed)})) {
      if (listed.comm == comm) pids.push_back(pid);
    }
    return pids;
  }
  static Listed shown_as(const FakeProcess& process) {
    bool is_silent = process.ppid == kKthreadd;
    size_t sign = is_silent ? process.comm.find_first_of("-+") : std::string::npos;
    return {process.comm.substr(0, std::min(sign, kCommLength)), !is_silent};
  }
  List truth() const {
    List list;
    for (const FakeProcess& process : host.processes) {
      if (!process.is_hidden) list[process.pid] = shown_as(process);
    }
    return list;
  }
  // Those of the one that are not in the other.
  static List beyond(const List& list, const List& other) {
    List more;
    for (auto& [pid, listed] : list) {
      auto known = other.find(pid);
      if (known == other.end() || !(known->second == listed)) more[pid] = listed;
    }
    return more;
  }
  static List only(const List& list, const std::vector<uint32_t>& hashes) {
    List some;
    for (auto& [pid, listed] : list) {
      if (std::count(hashes.begin(), hashes.end(), comm_hash(listed.comm, kSeed)) != 0)
        some[pid] = listed;
    }
    return some;
  }
  // All is as it is.
  void compare() {
    REQUIRE(refresh() == kOk);
    List expected = truth();
    REQUIRE(beyond(expected, list()) == List{});
    REQUIRE(beyond(list(), expected) == List{});
    REQUIRE(memory.size() == expected.size());
    std::set<uint32_t> hashes = {comm_hash("absent", kSeed)};
    for (auto& [pid, listed] : expected) hashes.insert(comm_hash(listed.comm, kSeed));
    for (uint32_t hash : hashes) REQUIRE(find({hash}) == only(expected, {hash}));
    std::vector<uint32_t> all(hashes.begin(), hashes.end());
    all.insert(all.end(), hashes.begin(), hashes.end());
    REQUIRE(find(all) == expected);
    REQUIRE(find({}).empty());
  }
  // How often it has been asked of anything but changes and numbers.
  size_t questions() const {
    return host.read.size() + host.looked_at.size() + host.visited.size() +
           static_cast<size_t>(host.begun);
  }
};

}  // namespace

TEST_CASE("a memory is filled by its first refresh") {
  World world;
  world.populate(20);
  CHECK(world.memory.size() == 0);
  world.compare();
  CHECK(world.pids_of("a") == Pids{10, 12, 14, 16, 18, 20, 22, 24, 26, 28});
  CHECK(world.pids_of("absent").empty());
  CHECK(world.host.begun == 1);
  CHECK(world.host.ended == 1);
  CHECK(world.memory.memory() > 0);
}

TEST_CASE("a memory of no processes is no failure") {
  World world;
  world.compare();
  world.fork(7, "x");
  world.compare();
  world.end(7);
  world.compare();
}

TEST_CASE("comms of one hash are found together and told apart by their text") {
  World world;
  world.fork(3, "abc");
  world.fork(4, "ABC");
  world.fork(5, "abd");
  REQUIRE(world.refresh() == kOk);
  CHECK(world.find({comm_hash("aBc", kSeed)}) == List{{3, {"abc"}}, {4, {"ABC"}}});
  CHECK(world.find({comm_hash("abc", kSeed), comm_hash("ABC", kSeed), comm_hash("abd", kSeed)})
            .size() == 3);
}

TEST_CASE("comms of any bytes are remembered") {
  World world;
  world.fork(1, "");
  world.fork(3, "\xff\n\x01");
  world.fork(4, "0123456789abcde");
  world.fork(INT32_MAX, std::string(15, '\xff'));
  world.compare();
  world.rename(1, "init");
  world.rename(3, "");
  world.compare();
}

TEST_CASE("forks, executions, new names and ends are followed without a walk") {
  World world;
  world.populate(10);
  world.compare();
  world.fork(50, "a");
  world.compare();
  CHECK(world.pids_of("a").back() == 50);
  world.exec(50, "cat");
  world.compare();
  CHECK(world.pids_of("cat") == Pids{50});
  world.rename(50, "dog");
  world.compare();
  CHECK(world.pids_of("cat").empty());
  CHECK(world.pids_of("dog") == Pids{50});
  world.end(50);
  world.compare();
  CHECK(world.pids_of("dog").empty());
  CHECK(world.host.begun == 1);
}

TEST_CASE("only who has changed is looked at") {
  World world;
  world.populate(100);
  world.compare();
  world.exec(20, "x");
  world.exec(30, "y");
  world.exec(20, "z");
  world.compare();
  CHECK(world.host.looked_at == Pids{20, 30});
}

TEST_CASE("a process that came and went in between is no trouble") {
  World world;
  world.populate(10);
  world.compare();
  world.fork(50, "x");
  world.exec(50, "y");
  world.end(50);
  world.compare();
  CHECK(world.host.begun == 1);
}

TEST_CASE("a zombie stays until it is reaped") {
  World world;
  world.populate(10);
  world.compare();
  world.exit(12);
  world.compare();
  CHECK(world.list().count(12) == 1);
  world.compare();
  world.reap(12);
  world.compare();
  CHECK(world.list().count(12) == 0);
  CHECK(world.host.begun == 1);
}

TEST_CASE("who was a zombie from the start is missed when it is reaped") {
  World world;
  world.populate(10);
  world.quietly([&] { world.exit(12); });
  world.compare();
  world.reap(12);
  world.compare();
  CHECK(world.host.begun == 1);
}

TEST_CASE("a process that lost its first thread alone goes on, by other names as well") {
  World world;
  world.populate(10);
  world.host.find(12)->threads = 3;
  world.compare();
  world.exit(12);
  world.compare();
  world.exec(12, "other");
  world.host.find(12)->state = State::running;
  world.host.find(12)->threads = 1;
  world.compare();
  CHECK(world.pids_of("other") == Pids{12});
  world.end(12);
  world.compare();
}

TEST_CASE("a PID that was given to another process is that one's") {
  World world;
  world.populate(10);
  world.compare();
  world.end(12);
  world.fork(12, "other");
  world.compare();
  CHECK(world.pids_of("other") == Pids{12});
  // By the same name: that it had ended is no longer so.
  world.end(12);
  world.fork(12, "other");
  world.compare();
  world.end(12);
  world.compare();
  CHECK(world.host.begun == 1);
}

TEST_CASE("nothing is read when nothing has happened") {
  World world;
  world.populate(50);
  world.fork(70, "zombie");
  world.exit(70);
  world.fork(71, "hidden").is_hidden = true;
  world.fork(72, "kworker/0:1-events", kKthreadd);
  world.compare();
  world.compare();
  size_t questions = world.questions();
  // But for whether the zombie has been reaped.
  for (int i = 0; i < 10; i++) world.compare();
  CHECK(world.questions() == questions + 10);
}

TEST_CASE("that changes were lost leads to all being read") {
  for (bool is_told : {false, true}) {
    CAPTURE(is_told);
    World world;
    world.populate(20);
    world.compare();
    world.quietly([&] {
      world.exec(12, "x");
      world.rename(13, "y");
      world.end(14);
      world.fork(14, "reused");
      world.end(15);
      world.fork(60, "new");
      world.exit(16);
    });
    if (is_told) world.tell(Change::lost);
    if (!is_told) world.lost_count = 4;
    world.fork(61, "told");
    world.compare();
    CHECK(world.host.begun == 2);
    world.reap(16);
    world.compare();
    size_t questions = world.questions();
    world.compare();
    CHECK(world.questions() == questions);
  }
}

TEST_CASE("a loss that is told in the midst of changes is not forgotten") {
  World world;
  world.populate(20);
  world.compare();
  world.fork(60, "before");
  world.quietly([&] { world.exec(12, "x"); });
  world.tell(Change::lost);
  for (int32_t pid = 13; pid < 20; pid++) world.exec(pid, "y");
  world.compare();
}

TEST_CASE("so many changes that it is less to read all") {
  World world;
  world.populate(10);
  world.compare();
  for (int32_t pid = 1000; pid < 1500; pid++) world.fork(pid, "x");
  world.compare();
  CHECK(world.host.looked_at.empty());
  CHECK(world.host.begun == 2);
  for (int32_t pid = 1000; pid < 1500; pid++) world.end(pid);
  world.compare();
}

TEST_CASE("a process that came without a word is noticed by the count") {
  World world;
  world.populate(20);
  world.compare();
  size_t read = world.host.read.size();
  world.quietly([&] { world.fork(60, "new"); });
  world.compare();
  CHECK(world.pids_of("new") == Pids{60});
  // Of those that are still the same, nothing is read.
  CHECK(world.host.read.size() == read + 1);
}

TEST_CASE("a process that went without a word is noticed by the count") {
  World world;
  world.populate(20);
  world.compare();
  size_t read = world.host.read.size();
  world.quietly([&] { world.end(12); });
  world.compare();
  world.quietly([&] { world.end(13); });
  world.fork(60, "new");
  world.compare();
  // Once when it was told, and once more in the walk.
  CHECK(world.host.read.size() == read + 2);
  // The zombie was told of, and then its end.
  world.exit(14);
  world.compare();
  world.quietly([&] { world.end(15); });
  world.compare();
  world.reap(14);
  world.compare();
}

TEST_CASE("a PID that went and came without a word is noticed along with another change") {
  World world;
  world.populate(20);
  world.compare();
  world.quietly([&] {
    world.end(12);
    world.fork(12, "reused");
    world.fork(60, "new");
  });
  world.compare();
  CHECK(world.pids_of("reused") == Pids{12});
}

TEST_CASE("without a count of processes their list is read each time") {
  World world;
  world.can_count = false;
  world.populate(20);
  world.compare();
  size_t read = world.host.read.size();
  world.compare();
  CHECK(world.host.begun == 2);
  CHECK(world.host.read.size() == read);
  world.quietly([&] {
    world.fork(60, "new");
    world.end(12);
  });
  world.compare();
  world.exec(13, "x");
  world.compare();
}

TEST_CASE("after ten minutes everything is read again") {
  World world;
  world.now = 1000000000;
  world.populate(20);
  world.compare();
  world.now += 10 * 60 * 1000;
  size_t questions = world.questions();
  world.quietly([&] { world.exec(12, "x"); });
  REQUIRE(world.refresh() == kOk);
  CHECK(world.questions() == questions);
  CHECK(world.pids_of("x").empty());
  world.now++;
  world.compare();
  CHECK(world.pids_of("x") == Pids{12});
  CHECK(world.host.begun == 2);
  world.now += 10 * 60 * 1000;
  world.compare();
  CHECK(world.host.begun == 2);
  world.now++;
  world.compare();
  CHECK(world.host.begun == 3);
}

TEST_CASE("a silent process is a candidate by what lasts of its comm") {
  World world;
  world.fork(kKthreadd, "kthreadd", 0);
  world.fork(30, "kworker/0:1-events", kKthreadd);
  world.fork(31, "kworker/u8:2+ext4-rsv-conversion", kKthreadd);
  world.fork(32, "ksoftirqd/0", kKthreadd);
  world.fork(33, "a-kernel-thread-of-many-bytes", kKthreadd);
  world.fork(34, "akernelthreadofmanybytes", kKthreadd);
  world.fork(35, "not-silent+at-all");
  world.compare();
  CHECK(world.list() == List{{kKthreadd, {"kthreadd", true}},
                             {30, {"kworker/0:1", false}},
                             {31, {"kworker/u8:2", false}},
                             {32, {"ksoftirqd/0", false}},
                             {33, {"a", false}},
                             {34, {"akernelthreadof", false}},
                             {35, {"not-silent+at-a", true}}});
  size_t questions = world.questions();
  // Works on something else, and nobody tells.
  world.quietly([&] { world.rename(30, "kworker/0:1+mm_percpu_wq"); });
  world.compare();
  CHECK(world.questions() == questions);
  world.tell(Change::lost);
  world.compare();
  world.fork(36, "kworker/1:1-x", kKthreadd);
  world.compare();
}

TEST_CASE("a process that is hidden is not remembered") {
  World world;
  world.populate(10);
  world.fork(50, "secret").is_hidden = true;
  world.compare();
  // Comes, goes, is told of, and shows itself.
  world.fork(51, "secret").is_hidden = true;
  world.compare();
  world.exec(51, "other");
  world.compare();
  world.end(50);
  world.compare();
  world.hide(12, true);
  world.compare();
  world.hide(51, false);
  world.compare();
  CHECK(world.pids_of("other") == Pids{51});
  // A zombie that was to be seen, and no longer is.
  world.exit(13);
  world.compare();
  world.hide(13, true);
  world.compare();
  world.reap(13);
  world.compare();
  size_t questions = world.questions();
  world.compare();
  CHECK(world.questions() == questions);
}

TEST_CASE("a failure anywhere is reported and the next refresh makes everything right") {
  enum Where { beginning, visit, reading, ending, look, look_for_reaped, telling, kPlaces };
  for (int where = 0; where < kPlaces; where++) {
    CAPTURE(where);
    for (bool is_first : {true, false}) {
      CAPTURE(is_first);
      World world;
      world.populate(20);
      bool is_walk = where <= ending;
      if (!is_first || !is_walk) {
        world.compare();
        world.exec(15, "changed");
        world.exec(25, "changed");
        world.exit(18);
        world.reap(18);
        world.fork(60, "new");
        if (is_walk) {
          world.quietly([&] { world.exec(12, "silently"); });
          world.tell(Change::lost);
        }
      }
      FakeHost& host = world.host;
      if (where == beginning) host.on_begin = kNoFiles;
      if (where == visit) host.find(20)->on_next = kNoFiles;
      if (where == reading) host.find(20)->on_read = kNoFiles;
      if (where == ending) host.on_end_of_walk = kNoFiles;
      if (where == look) host.find(25)->on_read = kNoFiles;
      if (where == look_for_reaped) {
        world.exit(19);
        host.find(19)->on_find = kNoFiles;
      }
      if (where == telling) world.on_told = failure(Call::recv, ENOMEM);
      if (where == telling) world.on_restart = failure(Call::socket, EMFILE);
      Status expected = where == telling ? Status{kPending} : kNoFiles;
      CHECK(world.refresh() == expected);
      if (is_walk) CHECK(world.refresh() == expected);
      if (is_walk) CHECK(host.begun == host.ended);

      host.on_begin = world.on_restart = kOk;
      world.now += 100;
      host.on_end_of_walk = world.on_told = kEnd;
      for (FakeProcess& process : host.processes) {
        process.on_next = process.on_read = process.on_find = kOk;
      }
      // What is told meanwhile counts.
      world.exec(13, "later");
      world.fork(61, "later");
      world.compare();
      size_t questions = world.questions();
      world.compare();
      CHECK(world.questions() <= questions + 1);  // about a zombie
    }
  }
}

TEST_CASE("a process that vanishes before it is read is left out") {
  for (Status status : {Status{kGone}, Status{kDenied}}) {
    World world;
    world.populate(20);
    world.host.find(15)->on_read = status;
    REQUIRE(world.refresh() == kOk);
    List expected = world.truth();
    expected.erase(15);
    CHECK(world.list() == expected);
  }
}

TEST_CASE("a zombie that was read again along with all is missed when it is reaped") {
  World world;
  world.populate(20);
  world.exit(12);
  world.compare();
  world.exit(13);
  world.compare();
  world.tell(Change::lost);
  world.compare();
  world.reap(12);
  world.reap(13);
  world.compare();
  CHECK(world.host.begun == 2);
}

TEST_CASE("processes that came and went take no memory") {
  World world;
  world.populate(20);
  world.compare();
  size_t most = world.memory.memory() + 1024;
  for (int32_t pid = 100; pid < 3000; pid++) {
    world.fork(pid, "x");
    REQUIRE(world.refresh() == kOk);
    world.end(pid);
    REQUIRE(world.refresh() == kOk);
    REQUIRE(world.memory.memory() <= most);
  }
}

TEST_CASE("a process that ended after a walk that failed is not remembered") {
  World world;
  world.populate(20);
  world.compare();
  world.tell(Change::lost);
  world.host.find(29)->on_read = kNoFiles;
  CHECK(world.refresh() == kNoFiles);
  world.host.find(29)->on_read = kOk;
  world.end(12);
  world.quietly([&] { world.end(13); });
  world.compare();
  CHECK(world.pids_of("a").front() == 10);
}

TEST_CASE("a reaped process is dropped although the count is the same as before") {
  World world;
  world.populate(20);
  world.compare();
  // One that is told of and cannot be seen makes up for it.
  world.end(12);
  world.fork(60, "secret").is_hidden = true;
  world.tell(Change::forked, 60);
  world.compare();
}

TEST_CASE("a process that came without a word is noticed although another one was reaped") {
  World world;
  world.populate(20);
  world.compare();
  world.quietly([&] { world.fork(60, "new"); });
  world.end(12);
  world.compare();
}

TEST_CASE("a process that is reaped between the walk and the count is not remembered") {
  World world;
  world.populate(20);
  int counts = 0;
  world.on_count = [&] {
    if (counts++ == 1) world.end(12);
  };
  REQUIRE(world.refresh() == kOk);
  CHECK(counts == 2);
  world.compare();
}

TEST_CASE("a silent process whose comm begins with a sign is found by its name") {
  for (const std::string name : {"-sh", "+x", "-", "-a-b", "--"}) {
    CAPTURE(name);
    World world;
    world.fork(30, name, kKthreadd);
    REQUIRE(world.refresh() == kOk);
    NameSet names;
    REQUIRE(names.assign(name + '\0', false) == kOk);
    Bytes hashes;
    REQUIRE(names.append_hashes(hashes, kSeed) == kOk);
    Values<uint32_t> values = values_of<uint32_t>(hashes);
    CHECK(world.find({values.begin(), values.end()}).count(30) == 1);
  }
}

TEST_CASE("a silent process that was read before it got its name is found by its name") {
  World world;
  world.fork(kKthreadd, "kthreadd", 0);
  world.compare();
  // It has its parent's, until whoever wanted it gives it one of its own, without a word.
  world.fork(50, "kthreadd", kKthreadd);
  REQUIRE(world.refresh() == kOk);
  world.quietly([&] { world.rename(50, "md0_raid1"); });
  REQUIRE(world.refresh() == kOk);
  CHECK(world.pids_of("md0_raid1") == Pids{50});
}

TEST_CASE("processes that came and went between two refreshes take no memory") {
  World world;
  world.populate(20);
  world.compare();
  size_t most = world.memory.memory() + 1024;
  for (int32_t pid = 100; pid < 3000; pid++) {
    world.fork(pid, "x");
    world.end(pid);
    REQUIRE(world.refresh() == kOk);
    REQUIRE(world.memory.memory() <= most);
  }
}

namespace {

// What goes on at random on a host of few PIDs, of few comms, some of them cut and some silent.
class Life {
 public:
  Life(World& world, uint64_t seed) : world_(world), random_(seed) {
    world_.fork(1, "init", 0);
    world_.fork(kKthreadd, "kthreadd", 0);
  }

  Random& random() { return random_; }
  bool can_reap = true;
  bool can_fork = true;
  bool can_hide = true;

  void go_on(size_t steps) {
    while (steps-- > 0) go_on();
  }
  void go_on() {
    FakeProcess* process = some();
    size_t kind = random_.below(20);
    if (process == nullptr || kind < 6) {
      if (can_fork) fork();
    } else if (process->state == State::zombie) {
      if (can_reap && random_.below(3) != 0) world_.reap(process->pid);
    } else if (kind < 12) {
      world_.exit(process->pid);
      if (can_reap && random_.below(2) == 0) world_.reap(process->pid);
    } else if (kind < 13) {
      if (can_hide) world_.hide(process->pid, !process->is_hidden);
    } else if (process->ppid == kKthreadd) {
      work(process->pid);
    } else {
      world_.call(kind < 17 ? Change::executed : Change::renamed, process->pid, comm());
    }
  }
  void fork() {
    int32_t pid = static_cast<int32_t>(3 + random_.below(90));
    if (world_.host.find(pid) != nullptr) return;
    bool is_silent = random_.below(5) == 0;
    bool is_hidden = can_hide && random_.below(12) == 0;
    world_.fork(pid, is_silent ? "kworker/" + std::to_string(pid % 4) : comm(),
                is_silent ? kKthreadd : 1);
    world_.host.find(pid)->is_hidden = is_hidden;
  }
  // A living one that is neither of the first two; null when chance has none.
  FakeProcess* some() {
    FakeProcess* process = world_.host.find(static_cast<int32_t>(3 + random_.below(90)));
    return process;
  }
  std::string comm() {
    switch (random_.below(4)) {
      case 0:
        return random_.bytes_of("ab", 2);
      case 1:
        return random_.bytes_of("aAbB-+", 3);
      case 2:
        return std::string(14, 'x') + random_.bytes_of("yY", 1);
      default:
        return random_.bytes(15).substr(0, 3) + "z";
    }
  }

 private:
  // Without a word.
  void work(int32_t pid) {
    FakeProcess& process = *world_.host.find(pid);
    process.comm = process.comm.substr(0, process.comm.find_first_of("-+")) +
                   (random_.below(2) == 0 ? "-" : "+") + random_.bytes_of("ev-", 20);
  }

  World& world_;
  Random random_;
};

// A NUL ends a comm, as far as the memory is concerned.
void cut_comms(World& world) {
  for (FakeProcess& process : world.host.processes) {
    process.comm = process.comm.substr(0, process.comm.find('\0'));
  }
}

}  // namespace

TEST_CASE("whatever happens and whatever is lost a refreshed memory is true") {
  for (uint64_t seed = 1; seed <= 6; seed++) {
    CAPTURE(seed);
    World world;
    world.can_count = seed != 6;
    Life life(world, seed);
    Random& random = life.random();
    for (int round = 0; round < 500; round++) {
      CAPTURE(round);
      life.can_fork = true;
      life.can_reap = random.below(2) == 0;
      life.can_hide = !life.can_reap;
      size_t steps = random.below(20) == 0 ? random.below(600) : random.below(8);
      switch (random.below(6)) {
        case 0:  // lost, and said so
          world.quietly([&] { life.go_on(steps); });
          if (random.below(2) == 0) world.tell(Change::lost);
          world.lost_count += world.told.empty() || random.below(2) == 0;
          break;
        // Nothing is told of a fork, or of an end; nothing else happens that would make up for it
        // in the count.
        case 1:
          life.can_reap = life.can_hide = false;
          life.go_on(steps);
          world.quietly([&] { life.fork(); });
          life.go_on(steps);
          break;
        case 2: {
          life.can_fork = life.can_hide = false;
          FakeProcess* process = life.some();
          if (process != nullptr) world.quietly([&] { world.end(process->pid); });
          life.go_on(steps);
          break;
        }
        default:
          life.go_on(steps);
      }
      cut_comms(world);
      world.compare();
      if (round % 100 == 99) world.now += 10 * 60 * 1000 + 1;
    }
  }
}

TEST_CASE("what happens while a memory is refreshed makes nobody else be missed") {
  for (uint64_t seed = 11; seed <= 16; seed++) {
    CAPTURE(seed);
    World world;
    Life life(world, seed);
    Random& random = life.random();
    const Listed nobody = {"(nobody)", false};
    // Whatever each PID was shown as during the refresh.
    std::map<int32_t, std::vector<Listed>> seen;
    auto note = [&] {
      List now = world.truth();
      for (int32_t pid = 1; pid < 100; pid++) {
        auto known = now.find(pid);
        Listed as = known == now.end() ? nobody : known->second;
        if (seen[pid].empty() || !(seen[pid].back() == as)) seen[pid].push_back(as);
      }
    };
    bool is_active = false;
    auto go_on = [&] {
      if (!is_active || random.below(4) != 0) return;
      for (size_t steps = random.below(4); steps > 0; steps--) {
        life.go_on();
        cut_comms(world);
        note();
      }
    };
    world.host.on_visit = [&](int32_t) { go_on(); };
    world.host.on_look = [&](int32_t) { go_on(); };
    world.on_count = go_on;
    for (int round = 0; round < 400; round++) {
      CAPTURE(round);
      life.go_on(random.below(6));
      cut_comms(world);
      if (random.below(5) == 0) world.tell(Change::lost);
      seen.clear();
      note();
      is_active = true;
      REQUIRE(world.refresh() == kOk);
      is_active = false;
      List listed = world.list();
      for (auto& [pid, as] : seen) {
        CAPTURE(pid);
        bool is_listed = listed.count(pid) != 0;
        // Whoever was there throughout by one comm is listed by it.
        if (as.size() == 1 && !(as[0] == nobody)) {
          REQUIRE(is_listed);
          REQUIRE(listed[pid] == as[0]);
        }
        // Whoever is listed by a comm had it, unless it is one that was gone.
        if (is_listed && std::count(as.begin(), as.end(), nobody) == 0) {
          REQUIRE(std::count(as.begin(), as.end(), listed[pid]) != 0);
        }
      }
    }
  }
}

namespace {

// One that was filled, and may from now on cost little more than reading all.
void settle_down(World& world) {
  world.compare();
  world.patience = NameMemory::Patience::bounded;
  world.host.read.clear();
  world.host.looked_at.clear();
}

// How often it is refreshed in vain before it is true.
int refreshes_in_vain(World& world) {
  for (int i = 0; i < 100; i++) {
    Status status = world.refresh();
    if (status == kOk) return i;
    REQUIRE(status == kPending);
  }
  FAIL("never true");
  return 0;
}

// Those that may have a comm, as a query has it.
struct Only final : CommFilter {
  explicit Only(std::string comm) : comm_(std::move(comm)) {}
  bool may_match(std::string_view comm) const override { return comm == comm_; }
  std::string comm_;
};

}  // namespace

TEST_CASE("more changes than it would cost to read all are dropped, and all is read") {
  for (bool can_tell_backlog : {true, false}) {
    CAPTURE(can_tell_backlog);
    World world;
    world.can_tell_backlog = can_tell_backlog;
    world.populate(100);
    settle_down(world);
    for (int i = 0; i < 100000; i++) world.rename(50, i % 2 == 0 ? "one" : "other");
    world.exec(60, "quite");
    REQUIRE(world.refresh() == kOk);
    CHECK(world.restarts == 1);
    CHECK(world.host.looked_at.empty());
    CHECK(world.host.read.size() == 100);
    CHECK(world.pids_of("other") == Pids{50});
    CHECK(world.pids_of("quite") == Pids{60});
    // Then it hears again.
    world.exec(61, "quite");
    world.compare();
    CHECK(world.restarts == 1);
  }
}

TEST_CASE("changes that never end keep nobody waiting") {
  struct Endless final : Happenings {
    explicit Endless(World& of_world) : world(of_world) {}
    Status next(Change& ret_change) override {
      told++;
      ret_change = Change();
      ret_change.kind = kind;
      ret_change.pid = 20;
      return status;
    }
    Status restart() override { return on_restart; }
    uint64_t lost() const override { return 0; }
    int64_t backlog() const override { return 0; }
    int64_t count_processes() const override { return world.count_processes(); }
    bool is_silent(const Record& record) const override { return world.is_silent(record); }

    World& world;
    Change::Kind kind = Change::renamed;
    Status status = kOk;
    Status on_restart = kOk;
    size_t told = 0;
  };
  for (Change::Kind kind : {Change::renamed, Change::forked, Change::exited, Change::lost}) {
    for (Status status : {Status{kOk}, Status{kPending}, failure(Call::recv, EIO)}) {
      for (bool can_restart : {true, false}) {
        CAPTURE(static_cast<int>(kind));
        CAPTURE(status);
        CAPTURE(can_restart);
        World world;
        world.populate(100);
        Endless endless(world);
        endless.kind = kind;
        endless.status = status;
        endless.on_restart = can_restart ? kOk : failure(Call::socket, EMFILE);
        NameMemory memory(endless, world.reader, kSeed);
        for (int round = 0; round < 5; round++) {
          Status expected = can_restart ? kOk : kPending;
          REQUIRE(memory.refresh(world.now, NameMemory::Patience::unbounded) == expected);
          CHECK(endless.told <= 5 * (3 * 140 + 64));
          if (can_restart) CHECK(memory.size() == 100);
          CHECK(memory.is_deaf() == !can_restart);
          CHECK(memory.memory() < 100 * 40 + 8192);
        }
      }
    }
  }
}

TEST_CASE("what cannot be heard is heard again, and meanwhile nothing is answered") {
  World world;
  world.populate(20);
  settle_down(world);
  world.on_told = failure(Call::recv, ENOMEM);
  world.on_restart = failure(Call::socket, EMFILE);
  CHECK(world.refresh() == kPending);
  CHECK(world.memory.is_deaf());
  world.quietly([&] {
    world.exec(12, "x");
    world.end(13);
  });
  // It is not tried all the time: after 100 milliseconds, 200 more, and so on.
  for (int i = 0; i < 50; i++) CHECK(world.refresh() == kPending);
  CHECK(world.restarts == 1);
  world.now += 100;
  CHECK(world.refresh() == kPending);
  CHECK(world.restarts == 2);
  world.now += 199;
  CHECK(world.refresh() == kPending);
  CHECK(world.restarts == 2);
  world.now += 1;
  CHECK(world.refresh() == kPending);
  CHECK(world.restarts == 3);
  for (int i = 0; i < 20; i++) {
    world.now += 10000;
    CHECK(world.refresh() == kPending);
  }
  CHECK(world.restarts == 23);
  CHECK(world.host.read.empty());

  world.on_restart = kOk;
  world.on_told = kEnd;
  world.now += 10000;
  world.compare();
  CHECK_FALSE(world.memory.is_deaf());
  CHECK(world.pids_of("x") == Pids{12});
  world.exec(14, "x");
  world.compare();
  CHECK(world.restarts == 24);
}

TEST_CASE("as long as more happens than can be followed nothing is") {
  World world;
  world.populate(100);
  settle_down(world);
  int answers = 0;
  for (int i = 0; i < 6000; i++) {
    for (int change = 0; change < 1000; change++) world.rename(50, "x" + std::to_string(change));
    Status status = world.refresh();
    if (status == kOk) {
      answers++;
      REQUIRE(world.pids_of("x999") == Pids{50});
    } else {
      REQUIRE(status == kPending);
    }
    world.told.resize(std::min<size_t>(world.told.size(), 1000));
    world.now += 10;
  }
  // At first all is read for each of a few, then every ten seconds.
  CHECK(answers == world.restarts);
  CHECK(answers > 5);
  CHECK(answers < 16);
  // When it is over, it is heard of what happens after ten seconds at the latest.
  world.told.clear();
  world.now += 10000;
  world.compare();
  world.exec(20, "y");
  world.compare();
  CHECK(world.pids_of("y") == Pids{20});
}

TEST_CASE("a crowd that came at once is got to know bit by bit") {
  World world;
  world.populate(100);
  settle_down(world);
  world.quietly([&] {
    for (int32_t pid = 1000; pid < 3000; pid++) world.fork(pid, pid % 2 == 0 ? "even" : "odd");
  });
  world.tell(Change::lost);
  size_t most = 0;
  int in_vain = 0;
  Status status;
  while ((status = world.refresh()) == kPending) {
    most = std::max(most, world.host.read.size());
    world.host.read.clear();
    in_vain++;
    // What happens meanwhile counts.
    int32_t pid = 1000 + in_vain * 100;
    world.rename(pid, "renamed");
    world.end(pid + 1);
    world.fork(5000 + in_vain, "late");
    REQUIRE(in_vain < 10);
  }
  REQUIRE(status == kOk);
  CHECK(in_vain > 0);
  // A process costs two of what it costs a walk that reads comms alone.
  CHECK(most <= 2100 / 2);
  CHECK(world.pids_of("renamed").size() == static_cast<size_t>(in_vain));
  CHECK(world.pids_of("late").size() == static_cast<size_t>(in_vain));
  world.compare();
}

TEST_CASE("a crowd that went at once takes no more than reading who is left") {
  World world;
  world.populate(100);
  for (int32_t pid = 1000; pid < 5000; pid++) world.fork(pid, "worker");
  settle_down(world);
  for (bool is_told : {false, true}) {
    CAPTURE(is_told);
    world.host.read.clear();
    world.host.looked_at.clear();
    int32_t first = is_told ? 3000 : 1000;
    world.is_quiet = !is_told;
    for (int32_t pid = first; pid < first + 2000; pid++) world.end(pid);
    world.is_quiet = false;
    if (!is_told) world.tell(Change::lost);
    world.now += 5000;
    CHECK(refreshes_in_vain(world) == 0);
    CHECK(world.host.looked_at.size() + world.host.read.size() <= 2101);
    world.compare();
  }
  CHECK(world.memory.size() == 100);
}

TEST_CASE("comms that are alike but for their case are told apart by the filter") {
  World world;
  world.fork(kKthreadd, "kthreadd", 0);
  world.fork(10, "postgres");
  for (int32_t pid = 11; pid < 50; pid++) world.fork(pid, "PostGres");
  world.fork(60, "postgres", kKthreadd);
  world.fork(61, "POSTGRES", kKthreadd);
  world.compare();
  Only only("postgres");
  // Nobody knows what a silent process is called by now.
  CHECK(world.find({comm_hash("postgres", kSeed)}, &only) ==
        List{{10, {"postgres", true}}, {60, {"postgres", false}}, {61, {"POSTGRES", false}}});
  CHECK(world.find({comm_hash("postgres", kSeed)}).size() == 42);
}

TEST_CASE("whatever happens a refresh of bounded cost answers what is true or nothing") {
  for (uint64_t seed = 21; seed <= 24; seed++) {
    CAPTURE(seed);
    World world;
    world.can_tell_backlog = seed % 2 == 0;
    Life life(world, seed);
    Random& random = life.random();
    world.refresh();
    world.patience = NameMemory::Patience::bounded;
    int answers = 0;
    for (int round = 0; round < 1000; round++) {
      CAPTURE(round);
      size_t steps = random.below(20) == 0 ? random.below(2000) : random.below(8);
      life.can_fork = true;
      life.can_reap = random.below(2) == 0;
      life.can_hide = !life.can_reap;
      bool is_lost = random.below(8) == 0;
      world.is_quiet = is_lost;
      life.go_on(steps);
      world.is_quiet = false;
      if (is_lost) world.lost_count++;
      if (random.below(30) == 0) world.on_told = failure(Call::recv, EIO);
      world.on_restart = random.below(4) == 0 ? failure(Call::socket, EMFILE) : kOk;
      cut_comms(world);
      Status status = world.refresh();
      world.on_told = kEnd;
      world.now += static_cast<int64_t>(random.below(400));
      if (random.below(300) == 0) world.now += 10 * 60 * 1000;
      if (status == kPending) continue;
      REQUIRE(status == kOk);
      answers++;
      List expected = world.truth();
      REQUIRE(World::beyond(expected, world.list()) == List{});
      REQUIRE(World::beyond(world.list(), expected) == List{});
    }
    CHECK(answers > 50);
  }
}
