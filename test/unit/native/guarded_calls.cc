#include "guarded_calls.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>

#include "platform.h"

using namespace procseek;

namespace {

constexpr char kKind = 0;

// A call about a subject that returns when it is let go.
class FakeCall final : public GuardedCall {
 public:
  FakeCall(int about, std::atomic<bool>& may_return, bool seems = false)
      : subject(about), is_open(may_return), looks_stuck(seems) {}
  ~FakeCall() override { destroyed++; }

  void make() override {
    while (!is_open) pause_thread(1);
    made++;
  }
  bool is_blocked_by(const GuardedCall& other) const override {
    return static_cast<const FakeCall&>(other).subject == subject;
  }
  bool seems_stuck() override { return looks_stuck; }
  const void* kind() const override { return &kKind; }

  static std::atomic<int> made;
  static std::atomic<int> destroyed;
  int subject;
  std::atomic<bool>& is_open;
  bool looks_stuck;
};
std::atomic<int> FakeCall::made{0};
std::atomic<int> FakeCall::destroyed{0};

struct Guard {
  Guard() : calls(GuardedCalls::create()) {}
  ~Guard() { calls->release(); }
  Status make(int subject, std::atomic<bool>& may_return, bool seems = false) {
    std::unique_ptr<GuardedCall> call(new FakeCall(subject, may_return, seems));
    return calls->make(call);
  }
  void await_none_abandoned() {
    while (calls->abandoned() != 0) pause_thread(1);
  }
  GuardedCalls* calls;
};

}  // namespace

TEST_CASE("a call that returns has been made, and is the caller's again") {
  Guard guard;
  std::atomic<bool> open{true};
  std::unique_ptr<GuardedCall> call(new FakeCall(1, open));
  int before = FakeCall::made;
  for (int i = 0; i < 100; i++) REQUIRE(guard.calls->make(call) == kOk);
  CHECK(FakeCall::made == before + 100);
  CHECK(call != nullptr);
  CHECK(guard.calls->abandoned() == 0);
}

TEST_CASE("a call that does not return is abandoned, once, and its subject not asked again") {
  Guard guard;
  std::atomic<bool> shut{false};
  std::atomic<bool> open{true};
  std::unique_ptr<GuardedCall> call(new FakeCall(1, shut));
  REQUIRE(guard.calls->make(call) == kStuck);
  CHECK(call == nullptr);
  int before = FakeCall::made;
  CHECK(guard.make(1, open) == kStuck);
  CHECK(FakeCall::made == before);
  CHECK(guard.make(2, open) == kOk);
  CHECK(guard.calls->abandoned() == 1);
  shut = true;
  guard.await_none_abandoned();
  CHECK(guard.make(1, open) == kOk);
}

TEST_CASE("with many abandoned, what seems stuck is not asked, and at last nothing is") {
  Guard guard;
  std::atomic<bool> shut{false};
  std::atomic<bool> open{true};
  int subject = 0;
  while (guard.calls->abandoned() < GuardedCalls::kFewAbandoned) {
    REQUIRE(guard.make(++subject, shut) == kStuck);
  }
  int before = FakeCall::made;
  CHECK(guard.make(++subject, open, true) == kStuck);
  CHECK(FakeCall::made == before);
  CHECK(guard.make(++subject, open) == kOk);
  while (guard.calls->abandoned() < GuardedCalls::kMostAbandoned) {
    REQUIRE(guard.make(++subject, shut) == kStuck);
  }
  CHECK(guard.make(++subject, open) == kStuck);
  shut = true;
  guard.await_none_abandoned();
  CHECK(guard.make(++subject, open) == kOk);
}

TEST_CASE("what is abandoned lasts as long as it takes, and longer than whoever asked") {
  std::atomic<bool> shut{false};
  int before = FakeCall::destroyed;
  {
    Guard guard;
    REQUIRE(guard.make(1, shut) == kStuck);
  }
  CHECK(FakeCall::destroyed == before);
  shut = true;
  while (FakeCall::destroyed == before) pause_thread(1);
}
