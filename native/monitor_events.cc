// The monitor and the system's changes: whether they are heard of, what that may cost, and what is
// done without them.
#include <algorithm>
#include <cstring>

#include "monitor.h"

namespace procseek {

namespace {

// What hearing of changes may cost when it is for waits alone, as a share of a core.
constexpr double kBudgetOfWaits = 0.01;
// Hearing of changes as they come is worth more than passes are: what costs more than so many times
// the budget is a storm.
constexpr double kShareOfEvents = 3;
// What is saved up while resting, besides the budget that is for the passes.
constexpr double kShareAtRest = 0.5;
// Listening again takes a pass, and so does ceasing to, which are to be within the budget as well.
constexpr double kRestPerPass = 4;
constexpr double kLongestRest = 600000;
// After changes have failed, in milliseconds: at first, and at most.
constexpr int64_t kFirstRetry = 5000;
constexpr int64_t kLastRetry = 60000;

constexpr char kTooMany[] =
    "there are more process events at the moment than cpuBudget allows to hear of";

}  // namespace

double Monitor::budget_of_events() const {
  double budget = 0;
  for_each_watch([&](const Watch& watch) {
    if (watch.options().backend == Backend::polling) return;
    budget = std::max(budget, watch.options().budget);
  });
  return budget == 0 ? kBudgetOfWaits : budget;
}

void Monitor::explain(const char* reason) {
  Lock lock(mutex_);
  std::strncpy(why_no_events_, reason, sizeof why_no_events_ - 1);
}

// Those who wait without a handle learn from the changes how a process ended.
void Monitor::tune_events() {
  bool is_wanted = waits_.wants_changes();
  for_each_watch(
      [&](const Watch& watch) { is_wanted |= watch.options().backend != Backend::polling; });
  if (!is_wanted) {
    if (has_asked_for_events_) give_up_events();
  } else if (!has_asked_for_events_ || (is_resting_ && now_ >= events_due())) {
    subscribe();
  }
}

void Monitor::subscribe() {
  if (!has_asked_for_events_) {
    hearing_.retune(budget_of_events());
    hearing_.restart(now_);
    retry_ = kFirstRetry;
  }
  has_asked_for_events_ = true;
  Status status = news_->subscribe();
  has_events_ = status == kOk;
  if (is_resting_ && !has_events_) {
    no_events_before_ = now_ + retry_;
    retry_ = std::min(retry_ * 2, kLastRetry);
  }
  explain(has_events_ ? "" : news_->why_not());
  if (!has_events_ || !is_resting_) return;
  is_resting_ = false;
  lost_ = news_->lost();
  // The pass that is to come will follow those that it takes for.
  waits_.keep_if([](int32_t, const Identity&) { return false; });
  for_each_watch([](Watch& watch) {
    if (watch.options().backend == Backend::polling || watch.is_closed()) return;
    watch.use(Backend::events);
    watch.needs_pass = true;
  });
  tune();
}

void Monitor::rest(const char* reason, int64_t milliseconds) {
  explain(reason);
  news_->unsubscribe();
  has_events_ = false;
  is_resting_ = true;
  no_events_before_ = now_ + milliseconds;
  retry_ = std::min(std::max(retry_, kFirstRetry) * 2, kLastRetry);
  for_each_watch([this](Watch& watch) {
    if (watch.backend() != Backend::events) return;
    watch.use(Backend::polling);
    watch.needs_pass = true;
    polls_at_once_ = true;
  });
  tune();
}

void Monitor::give_up_events() {
  news_->unsubscribe();
  has_events_ = has_asked_for_events_ = is_resting_ = false;
  explain("");
}

// Hearing of changes is to cost no more than the budget, but for what has been saved up; else
// passes cost less, and are made as seldom as that takes.
void Monitor::account() {
  double before = cpu_time_;
  cpu_time_ = thread_cpu_time();
  double spent = cpu_time_ - before - cpu_of_passes_;
  cpu_of_passes_ = 0;
  hearing_.refill(now_, is_resting_ ? kShareAtRest : kShareOfEvents);
  if (!has_events_) return;
  hearing_.spend(spent);
  if (!hearing_.is_spent()) return;
  double calm = std::min(cpu_of_pass_ * kRestPerPass / budget_of_events(), kLongestRest);
  rest(kTooMany, static_cast<int64_t>(calm));
}

int64_t Monitor::events_due() const {
  return std::max(no_events_before_, hearing_.restored(kShareAtRest));
}

}  // namespace procseek
