// What a pass tells its source of what it is going to ask.
#include <doctest/doctest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fake_source.h"
#include "pass.h"

using namespace procseek;

namespace {

// Of a source that has none of its own.
constexpr uint64_t kSeed = 0;

constexpr FieldMask kTold = bit(Field::pid) | bit(Field::cwd);
constexpr FieldMask kNames = bit(Field::name) | bit(Field::comm);

struct Asked {
  FakeHost host;
  Pass pass{std::make_unique<FakeSource>(host)};

  static QueryOptions by(By subject) {
    QueryOptions options;
    options.by = subject;
    options.fields = kTold;
    return options;
  }
  static QueryOptions anybody() {
    QueryOptions options = by(By::name);
    options.any_name = true;
    return options;
  }
  // As a pattern is asked: somebody else decides.
  static QueryOptions pattern(By subject) {
    QueryOptions options = by(subject);
    options.tell_all = true;
    return options;
  }
  Asked& add(QueryOptions options, const std::vector<std::string>& names = {}) {
    Query* query = pass.add(options);
    REQUIRE(query != nullptr);
    std::string list;
    for (const std::string& name : names) list.append(name).push_back('\0');
    REQUIRE(query->assign_names(list, false) == kOk);
    return *this;
  }
  const Walk& walk() {
    CHECK(pass.step() == kEnd);
    CHECK(host.begun == 1);
    return host.walk;
  }
};

using Hashes = std::set<uint32_t>;

Hashes hashes_of(const Walk& walk) {
  CHECK((walk.hashes == nullptr) == (walk.hash_count == 0));
  return walk.hashes == nullptr ? Hashes{} : Hashes(walk.hashes, walk.hashes + walk.hash_count);
}

const Hashes kLabels = {comm_hash("MainThread", kSeed), comm_hash("node-MainThread", kSeed),
                        comm_hash("memfd:", kSeed)};

Hashes with_labels(Hashes hashes) {
  hashes.insert(kLabels.begin(), kLabels.end());
  return hashes;
}

}  // namespace

TEST_CASE("a walk for a name is one by the comms that it may have") {
  Asked asked;
  const Walk& walk = asked.add(Asked::by(By::name), {"cat"}).walk();
  CHECK(walk.comm);
  CHECK(walk.by_comm);
  CHECK(hashes_of(walk) == with_labels({comm_hash("cat", kSeed)}));
  CHECK_FALSE(walk.provisional);
  CHECK(walk.every_time == kNames);
  CHECK(walk.at_most == (kNames | kTold));
  CHECK_FALSE(walk.listed);
}

TEST_CASE("a walk for several names has the hashes of all") {
  Asked asked;
  asked.add(Asked::by(By::name), {"cat", "a-very-long-name-indeed"});
  const Walk& walk = asked.add(Asked::by(By::name), {"dog"}).walk();
  CHECK(hashes_of(walk) ==
        with_labels({comm_hash("cat", kSeed), comm_hash("dog", kSeed), comm_hash("a", kSeed),
                     comm_hash("a-very", kSeed), comm_hash("a-very-long", kSeed),
                     comm_hash("a-very-long-nam", kSeed)}));
}

TEST_CASE("a walk by comm leaves labels alone") {
  Asked asked;
  const Walk& walk = asked.add(Asked::by(By::comm), {"cat"}).walk();
  CHECK(walk.by_comm);
  CHECK(hashes_of(walk) == Hashes{comm_hash("cat", kSeed)});
  CHECK(walk.every_time == bit(Field::comm));
  CHECK(walk.at_most == (bit(Field::comm) | kTold));
}

TEST_CASE("a walk for a name and by comm serves both") {
  Asked asked;
  const Walk& walk = asked.add(Asked::by(By::comm), {"cat"}).add(Asked::by(By::name), {"x"}).walk();
  CHECK(walk.by_comm);
  CHECK(hashes_of(walk) == with_labels({comm_hash("cat", kSeed), comm_hash("x", kSeed)}));
  CHECK(walk.every_time == kNames);
}

TEST_CASE("a walk for a name and a pattern wants all comms, and what it tells counts") {
  for (bool is_reversed : {false, true}) {
    CAPTURE(is_reversed);
    Asked asked;
    if (!is_reversed) asked.add(Asked::by(By::name), {"cat"});
    asked.add(Asked::pattern(By::name));
    if (is_reversed) asked.add(Asked::by(By::name), {"cat"});
    const Walk& walk = asked.walk();
    CHECK(walk.comm);
    CHECK(walk.by_comm);
    CHECK(hashes_of(walk).empty());
    CHECK_FALSE(walk.provisional);
    CHECK(walk.every_time == (kNames | kTold));
  }
}

TEST_CASE("a walk for patterns alone wants all comms, and what it tells is read again") {
  Asked asked;
  asked.add(Asked::pattern(By::name), {"cat"});
  const Walk& walk = asked.add(Asked::pattern(By::comm)).walk();
  CHECK(walk.comm);
  CHECK(walk.by_comm);
  CHECK(hashes_of(walk).empty());
  CHECK(walk.provisional);
  CHECK(walk.every_time == (kNames | kTold));
}

TEST_CASE("a pattern along with an owner is decided by the owner first") {
  Asked asked;
  QueryOptions options = Asked::pattern(By::name);
  options.uid = 0;
  const Walk& walk = asked.add(options).walk();
  CHECK(walk.provisional);
  CHECK(walk.every_time == (kNames | bit(Field::uid)));
  CHECK(walk.at_most == (kNames | bit(Field::uid) | kTold));
}

TEST_CASE("a walk for anybody is not one by comm") {
  Asked asked;
  const Walk& walk = asked.add(Asked::anybody()).walk();
  CHECK_FALSE(walk.comm);
  CHECK_FALSE(walk.by_comm);
  CHECK(hashes_of(walk).empty());
  CHECK_FALSE(walk.provisional);
  CHECK(walk.every_time == kTold);
  CHECK(walk.at_most == kTold);
}

TEST_CASE("a walk for a name and for anybody visits all and brings comms along") {
  Asked asked;
  const Walk& walk = asked.add(Asked::by(By::name), {"cat"}).add(Asked::anybody()).walk();
  CHECK(walk.comm);
  CHECK_FALSE(walk.by_comm);
  CHECK(hashes_of(walk).empty());
}

TEST_CASE("a walk by what a comm does not tell is not one by comm") {
  const struct {
    By by;
    FieldMask subject;
  } cases[] = {{By::exe, bit(Field::exe)},
               {By::argv0, bit(Field::cmdline)},
               {By::cmdline, bit(Field::cmdline)},
               {By::any, kNames | bit(Field::exe) | bit(Field::cmdline)}};
  for (auto [by, subject] : cases) {
    CAPTURE(static_cast<uint32_t>(by));
    Asked asked;
    const Walk& walk = asked.add(Asked::by(by), {"cat"}).walk();
    CHECK_FALSE(walk.comm);
    CHECK_FALSE(walk.by_comm);
    CHECK(hashes_of(walk).empty());
    CHECK(walk.every_time == subject);
    CHECK(walk.at_most == (subject | kTold));
  }
}

TEST_CASE("a walk for a name and by executable is not one by comm") {
  Asked asked;
  const Walk& walk = asked.add(Asked::by(By::name), {"cat"}).add(Asked::by(By::exe), {"x"}).walk();
  CHECK(walk.comm);
  CHECK_FALSE(walk.by_comm);
  CHECK(hashes_of(walk).empty());
  CHECK(walk.every_time == (kNames | bit(Field::exe)));
}

TEST_CASE("an owner or a parent is read of everybody and the rest of some") {
  for (bool is_named : {false, true}) {
    CAPTURE(is_named);
    for (Field field : {Field::uid, Field::ppid}) {
      Asked asked;
      QueryOptions options = is_named ? Asked::by(By::name) : Asked::anybody();
      (field == Field::uid ? options.uid : options.ppid) = 0;
      FieldMask decisive = bit(field) | (is_named ? kNames : 0);
      const Walk& walk = asked.add(options, {"cat"}).walk();
      CHECK(walk.by_comm == is_named);
      CHECK(walk.every_time == decisive);
      CHECK(walk.at_most == (decisive | kTold));
    }
  }
}
