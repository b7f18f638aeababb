#include "guarded_calls.h"

#include <new>

#include "platform.h"

namespace procseek {

namespace {

// For how long, in milliseconds, a thread waits for the next call before it ends.
constexpr int64_t kLinger = 20;
// A thread that could run but is not given a processor is waited for: it is not stuck. So many
// times over, for the case that this is not what it looks like.
constexpr int kMostExtensions = 100;

}  // namespace

// A thread that makes calls. It ends by itself, and holds on to what it needs until then.
class GuardedCalls::Maker {
 public:
  explicit Maker(GuardedCalls& calls) : calls_(calls) { calls_.hold(); }
  ~Maker() { calls_.release(); }

  static void enter(void* maker) {
    auto* self = static_cast<Maker*>(maker);
    self->run();
    delete self;
  }

  // Under the mutex of the calls.
  enum class State : uint8_t { idle, asked, calling, done };
  State state = State::idle;
  GuardedCall* call = nullptr;  // its own once it is abandoned
  bool is_abandoned = false;
  int64_t begun = 0;  // when the call was, by the steady clock
  uint64_t thread = 0;
  Condition changed;
  Maker* next = nullptr;

 private:
  void run();
  bool wait_for_call();

  GuardedCalls& calls_;
};

void GuardedCalls::Maker::run() {
  uint64_t id = current_thread_id();
  Lock lock(calls_.mutex_);
  thread = id;
  while (wait_for_call()) {
    state = State::calling;
    begun = steady_clock();
    calls_.mutex_.unlock();
    call->make();
    calls_.mutex_.lock();
    state = State::done;
    if (is_abandoned) {
      calls_.forget(*this);
      delete call;
      return;
    }
    changed.notify_all();
  }
  calls_.maker_ = nullptr;
}

bool GuardedCalls::Maker::wait_for_call() {
  int64_t deadline = steady_clock() + kLinger;
  while (state != State::asked) {
    int64_t left = deadline - steady_clock();
    if (left <= 0 && state == State::idle) return false;
    changed.wait(calls_.mutex_, left > 0 ? left : kLinger);
  }
  return true;
}

GuardedCalls* GuardedCalls::create() { return new (std::nothrow) GuardedCalls; }

size_t GuardedCalls::abandoned() const {
  Lock lock(mutex_);
  return abandoned_count_;
}

Status GuardedCalls::make(std::unique_ptr<GuardedCall>& call) {
  Lock lock(mutex_);
  while (is_in_use_) turn_.wait(mutex_, -1);
  Status status = allow(*call);
  if (status != kOk) return status;
  if (maker_ == nullptr) {
    auto* maker = new (std::nothrow) Maker(*this);
    if (maker == nullptr) return out_of_memory();
    status = Thread::start_detached(Maker::enter, maker);
    if (status != kOk) {
      delete maker;
      return status;
    }
    maker_ = maker;
  }
  is_in_use_ = true;
  maker_->call = call.get();
  maker_->state = Maker::State::asked;
  maker_->changed.notify_all();
  status = await(*maker_, call);
  is_in_use_ = false;
  turn_.notify_all();
  return status;
}

// Under the mutex. kStuck for a call that would not return.
Status GuardedCalls::allow(GuardedCall& call) const {
  if (abandoned_count_ == 0) return kOk;
  call.identify();
  for (const Maker* maker = abandoned_; maker != nullptr; maker = maker->next) {
    if (maker->call->kind() == call.kind() && call.is_blocked_by(*maker->call)) return kStuck;
  }
  if (abandoned_count_ >= kMostAbandoned) return kStuck;
  return abandoned_count_ >= kFewAbandoned && call.seems_stuck() ? Status{kStuck} : Status{kOk};
}

// Under the mutex. Its time runs from when the call was begun: a thread that has yet to be given a
// processor says nothing of the call.
Status GuardedCalls::await(Maker& maker, std::unique_ptr<GuardedCall>& call) {
  int extensions = 0;
  int64_t timeout = kPatience;
  while (maker.state != Maker::State::done) {
    maker.changed.wait(mutex_, timeout);
    if (maker.state != Maker::State::calling) continue;
    timeout = maker.begun + (1 + extensions) * kPatience - steady_clock();
    if (timeout > 0) continue;
    if (is_thread_blocked(maker.thread) || ++extensions > kMostExtensions) {
      abandon(maker, call);
      return kStuck;
    }
    timeout = kPatience;
  }
  maker.state = Maker::State::idle;
  maker.call = nullptr;
  return kOk;
}

// Under the mutex.
void GuardedCalls::abandon(Maker& maker, std::unique_ptr<GuardedCall>& call) {
  if (abandoned_count_ == 0) call->identify();  // otherwise it has been
  (void)call.release();
  maker.is_abandoned = true;
  maker.next = abandoned_;
  abandoned_ = &maker;
  abandoned_count_++;
  maker_ = nullptr;
}

// Under the mutex.
void GuardedCalls::forget(Maker& maker) {
  Maker** link = &abandoned_;
  while (*link != &maker) link = &(*link)->next;
  *link = maker.next;
  abandoned_count_--;
}

}  // namespace procseek
