// One question: what it reads, and whom it matches.
#include "query.h"

#include <doctest/doctest.h>

#include <string>

#include "rows.h"

using namespace procseek;

namespace {

constexpr std::string_view kNames("nginx\0/usr/sbin/sshd\0app --port 80\0", 35);

QueryOptions by(By what) {
  QueryOptions options;
  options.by = what;
  options.fields = bit(Field::pid);
  return options;
}

struct Subject : Record {
  Subject() { reset(1); }
  Subject& with(Field field, Span Record::*span, std::string_view text) {
    REQUIRE(this->text.store(text, this->*span));
    set(field);
    return *this;
  }
  Subject& with_comm(std::string_view comm) { return with(Field::comm, &Record::comm, comm); }
  Subject& with_name(std::string_view name) { return with(Field::name, &Record::name, name); }
  Subject& with_exe(std::string_view exe) { return with(Field::exe, &Record::exe, exe); }
  Subject& with_cmdline(std::string_view list) {
    return with(Field::cmdline, &Record::cmdline, list);
  }
};

bool matches(By what, const Record& record) {
  Query query(by(what));
  REQUIRE(query.assign_names(kNames, false) == kOk);
  return query.test(record);
}

constexpr By kEvery[] = {By::name, By::comm, By::exe, By::argv0, By::cmdline, By::any};

}  // namespace

TEST_CASE("only a query by name or comm is decided by the comm") {
  for (By what : kEvery) {
    CHECK(Query(by(what)).wants_comm() == (what == By::name || what == By::comm));
    QueryOptions any = by(what);
    any.any_name = true;
    CHECK_FALSE(Query(any).wants_comm());
  }
}

TEST_CASE("a comm rules out whom it cannot belong to and nobody else") {
  for (By what : kEvery) {
    Query query(by(what));
    REQUIRE(query.assign_names({"systemd-timesyncd\0", 18}, false) == kOk);
    bool is_decisive = what == By::name || what == By::comm;
    CHECK(query.may_match(Subject().with_comm("bash")) == !is_decisive);
    CHECK(query.may_match(Subject().with_comm("systemd-timesyn")) == (what != By::comm));
    CHECK(query.may_match(Subject().with_comm("MainThread")) == (what != By::comm));
    CHECK(query.may_match(Subject()));
  }
}

TEST_CASE("a process that is left out is ruled out by its PID whatever else is asked") {
  constexpr int32_t kLeftOut[] = {2, 7, 2147483647};
  QueryOptions any;
  any.any_name = true;
  QueryOptions undecided = by(By::cmdline);
  undecided.tell_all = true;
  for (const QueryOptions& options : {any, undecided, by(By::name), by(By::any)}) {
    Query query(options);
    REQUIRE(query.exclude(kLeftOut, 3) == kOk);
    REQUIRE(query.assign_names({"nginx\0", 6}, false) == kOk);
    for (int32_t pid : {0, 1, 2, 3, 6, 7, 8, 2147483646, 2147483647}) {
      Subject subject;
      subject.with_comm("nginx").pid = pid;
      CHECK(query.may_match(subject) == !(pid == 2 || pid == 7 || pid == 2147483647));
    }
  }
  Query nobody_left_out(any);
  REQUIRE(nobody_left_out.exclude(kLeftOut, 0) == kOk);
  CHECK(nobody_left_out.may_match(Subject()));
}

TEST_CASE("a query that leaves the decision to others rules nobody out") {
  QueryOptions options = by(By::name);
  options.tell_all = true;
  Query query(options);
  REQUIRE(query.assign_names({"nginx\0", 6}, false) == kOk);
  CHECK(query.may_match(Subject().with_comm("bash")));
  CHECK(query.test(Subject().with_comm("bash").with_name("bash")));
}

TEST_CASE("by name the name and the comm count and by comm the comm alone") {
  CHECK(matches(By::name, Subject().with_name("nginx").with_comm("other")));
  CHECK(matches(By::name, Subject().with_name("other").with_comm("nginx")));
  CHECK_FALSE(matches(By::name, Subject().with_name("other").with_exe("/bin/nginx")));
  CHECK(matches(By::comm, Subject().with_comm("nginx")));
  CHECK_FALSE(matches(By::comm, Subject().with_name("nginx").with_comm("other")));
}

TEST_CASE("by exe a query with a slash is a path and one without is a base name") {
  CHECK(matches(By::exe, Subject().with_exe("/opt/nginx")));
  CHECK(matches(By::exe, Subject().with_exe("/usr/sbin/sshd")));
  CHECK_FALSE(matches(By::exe, Subject().with_exe("/sbin/sshd")));
  CHECK_FALSE(matches(By::exe, Subject().with_exe("/opt/nginx/bin")));
  CHECK_FALSE(matches(By::exe, Subject().with_comm("nginx")));
}

TEST_CASE("by argv0 the first argument counts alone") {
  CHECK(matches(By::argv0, Subject().with_cmdline({"/opt/nginx\0-c\0", 14})));
  CHECK(matches(By::argv0, Subject().with_cmdline({"/usr/sbin/sshd\0", 15})));
  CHECK_FALSE(matches(By::argv0, Subject().with_cmdline({"vi\0nginx\0", 9})));
  CHECK_FALSE(matches(By::argv0, Subject().with_cmdline("")));
  CHECK_FALSE(matches(By::argv0, Subject().with_cmdline({"\0nginx\0", 7})));
}

TEST_CASE("by cmdline a name is to occur in the arguments") {
  CHECK(matches(By::cmdline, Subject().with_cmdline({"node\0app\0--port\0"
                                                     "8080\0",
                                                     21})));
  CHECK(matches(By::cmdline, Subject().with_cmdline({"vi\0nginx.conf\0", 14})));
  CHECK_FALSE(matches(By::cmdline, Subject().with_cmdline({"vi\0", 3})));
}

TEST_CASE("by any of them each one counts") {
  CHECK(matches(By::any, Subject().with_name("nginx")));
  CHECK(matches(By::any, Subject().with_comm("nginx")));
  CHECK(matches(By::any, Subject().with_exe("/opt/nginx")));
  CHECK(matches(By::any, Subject().with_cmdline({"vi\0nginx.conf\0", 14})));
  CHECK_FALSE(matches(By::any, Subject().with_name("a").with_comm("b").with_exe("/c")));
}

TEST_CASE("what is withheld matches nothing") {
  for (By what : kEvery) {
    Subject subject;
    subject.with_comm("nginx").with_name("nginx").with_exe("nginx").with_cmdline({"nginx\0", 6});
    for (Field field : {Field::comm, Field::name, Field::exe, Field::cmdline}) {
      subject.withhold(field);
    }
    CHECK_FALSE(matches(what, subject));
  }
}

TEST_CASE("user and parent are conditions of their own and a withheld one is not met") {
  for (uint32_t uid : {0u, 1000u, 4294967295u}) {
    QueryOptions options;
    options.any_name = true;
    options.uid = uid;
    options.ppid = 5;
    Subject subject;
    subject.uid = uid;
    subject.ppid = 5;
    CHECK_FALSE(Query(options).test(subject));
    subject.set(Field::uid);
    CHECK_FALSE(Query(options).test(subject));
    subject.set(Field::ppid);
    CHECK(Query(options).test(subject));
    subject.ppid = 6;
    CHECK_FALSE(Query(options).test(subject));
    subject.ppid = 5;
    subject.uid = uid ^ 1;
    CHECK_FALSE(Query(options).test(subject));
    subject.uid = uid;
    subject.withhold(Field::uid);
    CHECK_FALSE(Query(options).test(subject));
  }
}

TEST_CASE("what decides is read before what is only to be told") {
  QueryOptions options = by(By::exe);
  options.fields |= bit(Field::environ);
  CHECK(Query(options).first_fields(Subject()) == bit(Field::exe));
  options.uid = 0;
  CHECK(Query(options).first_fields(Subject()) == (bit(Field::exe) | bit(Field::uid)));
  options.uid = -1;
  options.ppid = 0;
  CHECK(Query(options).first_fields(Subject()) == (bit(Field::exe) | bit(Field::ppid)));
}

TEST_CASE("all is read at once of those whose comm has decided unless it is a mere label") {
  QueryOptions options = by(By::name);
  options.fields |= bit(Field::environ);
  FieldMask deciding = bit(Field::name) | bit(Field::comm);
  Query query(options);
  CHECK(query.first_fields(Subject().with_comm("nginx")) == (deciding | options.fields));
  CHECK(query.first_fields(Subject().with_comm("MainThread")) == deciding);
  options.uid = 0;
  CHECK(Query(options).first_fields(Subject().with_comm("nginx")) == (deciding | bit(Field::uid)));
}

TEST_CASE("a query is live until it is cancelled or has told as many as it may") {
  QueryOptions options = by(By::comm);
  options.limit = 2;
  Query query(options);
  Subject subject;
  CHECK(query.is_live());
  REQUIRE(query.tell(subject) == kOk);
  CHECK(query.is_live());
  REQUIRE(query.tell(subject) == kOk);
  CHECK_FALSE(query.is_live());
  Query cancelled(by(By::comm));
  cancelled.cancel();
  CHECK_FALSE(cancelled.is_live());
}

TEST_CASE("rows are flagged as matched when one of the strings matched") {
  QueryOptions options = by(By::name);
  options.tell_all = true;
  Query query(options);
  REQUIRE(query.assign_names({"nginx\0", 6}, true) == kOk);
  REQUIRE(query.tell(Subject().with_name("NGINX")) == kOk);
  REQUIRE(query.tell(Subject().with_name("bash")) == kOk);
  auto rows = rows_of(query.batch(), 0, 1);
  CHECK(rows[0].flags == Batch::kMatched);
  CHECK(rows[1].flags == 0);
}
