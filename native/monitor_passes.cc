// The monitor's passes over all processes, for the watches that poll or have lost changes.
#include <algorithm>

#include "monitor.h"
#include "sort.h"

namespace procseek {

namespace {

// After a pass because changes were lost, so many times its length before the next one, for a storm
// that lasts not to become a storm of passes.
constexpr int64_t kCalmPerPass = 4;
// And so long, in milliseconds, at most for its CPU time to be within the budget.
constexpr double kLongestCalm = 60000;
// After a pass that failed, in milliseconds.
constexpr int64_t kRetry = 500;

}  // namespace

void Monitor::make_passes() {
  if (has_polling_ && (polls_at_once_ || now_ >= polling_.due())) poll();
  for_each_watch([](Watch& watch) {
    if (watch.is_behind() && watch.has_room()) watch.catch_up();
  });
  if (now_ < no_pass_before_) return;
  bool has_watch = false;
  for_each_watch([&](Watch& watch) {
    watch.takes_part = watch.backend() == Backend::events && watch.needs_pass &&
                       !watch.is_closed() && !watch.is_behind();
    has_watch |= watch.takes_part;
  });
  if (has_watch) make_pass(nullptr, true);
}

void Monitor::poll() {
  bool everything = false;
  bool has_watch = false;
  bool all_listed = true;
  polls_at_once_ = false;
  for_each_watch([&](Watch& watch) {
    watch.takes_part = watch.backend() == Backend::polling && !watch.is_closed() &&
                       (!watch.is_behind() || watch.has_room());
    if (!watch.takes_part) return;
    has_watch = true;
    everything |= watch.needs_pass;
    all_listed &= watch.is_listed();
  });
  int64_t begun = steady_clock();
  double cpu = thread_cpu_time();
  if (has_watch) make_pass(all_listed ? nullptr : &delta_, everything || all_listed);
  follow_matches();
  polling_.made(begun, steady_clock(), thread_cpu_time() - cpu);
}

// For the watches that take part.
void Monitor::make_pass(Delta* delta, bool everything) {
  if (++pass_ == 0) ++pass_;
  doubts_due_ = now_;
  settle_doubts();  // their ends can be told with more than a pass would find
  int64_t begun = steady_clock();
  double cpu = thread_cpu_time();
  Sight sight;
  sight.pass = pass_;
  sight.now = begun;
  sight.wall_time = wall_clock();
  bool is_resync = false;
  for_each_watch([&](Watch& watch) {
    if (!watch.takes_part) return;
    is_resync |= watch.needs_pass && watch.is_ready();
    watch.needs_pass = false;
    watch.children.clear();
  });
  Bytes pids;
  Status status = source() == nullptr ? out_of_memory() : begin_pass(*source_, everything, pids);
  if (status == kOk) {
    status = show_all(*source_, delta, everything, sight);
    source_->end();
  }
  if (is_stopping_) return;
  end_pass(status, sight);
  int64_t ended = steady_clock();
  cpu_of_pass_ = thread_cpu_time() - cpu;
  cpu_of_passes_ += cpu_of_pass_;
  if (is_resync) {
    double paid = std::min(cpu_of_pass_ / budget_of_events(), kLongestCalm);
    no_pass_before_ = ended + std::max((ended - begun) * kCalmPerPass, static_cast<int64_t>(paid));
  }
  if (status != kOk) no_pass_before_ = ended + kRetry;
  Lock lock(mutex_);
  counters_.passes++;
  counters_.resyncs += is_resync;
  if (status == kOk) return;
  counters_.failed++;
  counters_.failure = status;
}

Status Monitor::begin_pass(Source& source, bool everything, Bytes& pids) {
  Walk walk;
  walk.listed = walk.stamp = true;
  bool has_memory = true;
  for_each_watch([&](const Watch& watch) {
    if (!watch.takes_part) return;
    walk.comm |= everything && watch.wants_comm();
    walk.listed &= watch.is_listed();
    const Bytes& listed = watch.pids();
    has_memory &= pids.append({listed.data(), listed.size()});
  });
  if (!has_memory) return out_of_memory();
  auto* first = reinterpret_cast<int32_t*>(pids.data());
  walk.pids = first;
  walk.pid_count = sort_and_unite(first, pids.size() / sizeof *first);
  return source.begin(walk);
}

Status Monitor::show_all(Source& source, Delta* delta, bool everything, const Sight& sight) {
  if (delta != nullptr) delta->begin();
  Status status;
  while ((status = source.next(record_)) == kOk && !is_stopping_) {
    bool is_due = delta == nullptr || delta->is_due(record_.pid, record_.stamp);
    if (!is_due && !everything && !is_known(record_.pid)) continue;
    for_each_watch([&](Watch& watch) {
      if (watch.takes_part && status == kOk) status = watch.show(source, record_, sight);
    });
    if (status != kOk) break;
    follow_remains(Exit{});
  }
  if (status == kEnd) status = kOk;
  return status == kOk && delta != nullptr ? delta->end() : status;
}

void Monitor::end_pass(Status status, const Sight& sight) {
  for_each_watch([&](Watch& watch) {
    if (!watch.takes_part) return;
    waits_.for_each_followed([&](int32_t pid, const Identity& identity) {
      watch.leave_to_others(pid, identity, sight.pass);
    });
    Status ended = status == kOk ? watch.end_pass(sight.pass, memory_) : status;
    if (ended != kOk) watch.needs_pass = true;
    if (!watch.is_ready() && (ended != kOk || !watch.needs_pass)) watch.tell_ready(ended);
    if (!watch.needs_pass) watch.current_as_of = sight.now;
  });
}

}  // namespace procseek
