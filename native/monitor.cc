#include "monitor.h"

#include <algorithm>
#include <cstring>

namespace procseek {

namespace {

// After changes were lost, so long, in milliseconds, for the worst to be over.
constexpr int64_t kCalm = 20;
// When changes follow each other within this time, so long, in milliseconds, for some more to come:
// being woken for each costs more than what it tells.
constexpr int64_t kGulp = 2;
// Likewise when it is for waits alone, which learn how processes ended that they find out to have.
constexpr int64_t kGulpOfWaits = 25;
// From one pass to the next, in milliseconds at least, where events have to be done without for
// now.
constexpr int64_t kHaste = 50;
// How many changes are heard at a time.
constexpr size_t kMostChanges = 128;
// After there was no memory, or the system could not even be waited for, in milliseconds.
constexpr int64_t kRetry = 50;

bool is_hidden(Status status) { return status < 0 && error_of(status) == error_number::kAccess; }

int64_t sooner(int64_t a, int64_t b) { return a < 0 ? b : b < 0 ? a : std::min(a, b); }

}  // namespace

Status Monitor::start(Listener& listener) {
  listener_ = &listener;
  return thread_.start(enter, this);
}

void Monitor::stop() {
  is_stopping_ = true;
  wake();
}

void Monitor::join() { thread_.join(); }

void Monitor::add(Watch& watch) {
  {
    Lock lock(mutex_);
    arrivals_.append(watch);
  }
  wake();
}

Status Monitor::forget(int32_t token, const int32_t* pairs, size_t count) {
  {
    Lock lock(mutex_);
    for (size_t i = 0; i < count; i++) {
      const int32_t forgotten[] = {token, pairs[2 * i], pairs[2 * i + 1]};
      if (!append_value(forgotten_, forgotten)) return out_of_memory();
    }
  }
  wake();
  return kOk;
}

void Monitor::run() {
  Change changes[kMostChanges];
  bool is_busy = false;
  while (!is_stopping_) {
    now_ = steady_clock();
    account();
    obey();
    tune_events();
    make_passes();
    settle();
    settle_doubts();
    look_for_adopted();
    if (!has_polling_ && waits_.followed() != 0) drop_own_waits();
    waits_.be_told(has_events_);
    cpu_of_passes_ += waits_.check_due(now_, [this](const ExitWaits::End& end) { tell_end(end); });
    source_.reset();  // keeps a handle, and what it knows of accounts and clocks
    announce();
    if (is_busy) pause_thread(kGulp);
    if (has_heard_ && !is_listened_to_) pause_thread(kGulpOfWaits);
    if (is_stopping_) break;
    size_t count = 0;
    Status status = news_->wait(timeout(), changes, kMostChanges, count);
    int64_t heard_before = now_;
    now_ = steady_clock();
    is_busy = count != 0 && count != kMostChanges && now_ - heard_before <= kGulp;
    hear_all(status, changes, count);
  }
  listener_->finish();
}

int64_t Monitor::timeout() const {
  int64_t due = sooner(births_.deadline(), waits_.due());
  if (has_polling_) due = sooner(due, polling_.due());
  if (is_resting_) due = sooner(due, events_due());
  if (doubts_.size() != 0) due = sooner(due, doubts_due_);
  due = sooner(due, adoptions_due_);
  for_each_watch([&](Watch& watch) {
    bool waits_for_room = watch.is_behind();
    if (watch.waits_for_memory()) due = sooner(due, now_ + kRetry);
    if (watch.backend() == Backend::events && watch.needs_pass && !waits_for_room) {
      due = sooner(due, no_pass_before_);
    }
  });
  Lock lock(mutex_);
  if (!arrivals_.is_empty() || forgotten_.size() != 0) return 0;
  bool has_notices = !announced_.is_empty() || waits_.has_ended_waits();
  if (has_notices && !is_notified_) due = sooner(due, no_notice_before_);
  return due < 0 ? -1 : std::max<int64_t>(due - steady_clock(), 0);
}

Source* Monitor::source() {
  if (source_ == nullptr) source_ = make_source(context_);
  return source_.get();
}

// Watches come and go.

void Monitor::obey() {
  WatchList<&Watch::next> arrivals;
  Bytes forgotten;
  {
    Lock lock(mutex_);
    arrivals.swap(arrivals_);
    std::swap(forgotten, forgotten_);
  }
  while (!arrivals.is_empty()) {
    Watch* watch = arrivals.take();
    watches_.append(*watch);
    watch->release();
    welcome(*watch);
  }
  for (const auto& [token, pid, number] : values_of<int32_t[3]>(forgotten)) {
    const int32_t forgetful = token;
    const int32_t match = pid;
    const auto told = static_cast<uint32_t>(number);
    for_each_watch([&](Watch& watch) {
      if (watch.token() == forgetful) watch.forget(match, told);
    });
  }
  forget_watches();
}

void Monitor::welcome(Watch& watch) {
  record_.text_limit = std::max<size_t>(record_.text_limit, watch.query().text_limit());
  Backend wanted = watch.options().backend;
  if (wanted != Backend::polling && !has_asked_for_events_) subscribe();
  if (wanted != Backend::polling && has_events_) {
    watch.use(Backend::events);
  } else if (wanted == Backend::events && !is_resting_) {
    watch.tell_ready(failure(Call::bind, error_number::kNotSupported));
  } else {
    watch.use(Backend::polling);
    polls_at_once_ = true;
  }
  tune();
}

void Monitor::forget_watches() {
  bool has_closed = false;
  for_each_watch([&](Watch& watch) { has_closed |= watch.is_closed(); });
  if (!has_closed) return;
  watches_.remove_if([](const Watch& watch) { return watch.is_closed(); });
  drop_own_waits();
  tune();
}

// To what the watches want that there are now.
void Monitor::tune() {
  int64_t interval = INT64_MAX;
  double budget = 0;
  is_listened_to_ = has_parents_ = false;
  for_each_watch([&](const Watch& watch) {
    is_listened_to_ |= watch.backend() == Backend::events;
    has_parents_ |= watch.backend() == Backend::events && watch.ppid() >= 0;
    if (watch.backend() != Backend::polling) return;
    // Who would be told at once is told as soon as the budget allows.
    bool is_in_haste = is_resting_ && watch.options().backend != Backend::polling;
    interval = std::min({interval, watch.options().interval, is_in_haste ? kHaste : INT64_MAX});
    budget = std::max(budget, watch.options().budget);
  });
  hearing_.retune(budget_of_events());
  bool had_polling = has_polling_;
  has_polling_ = budget != 0;
  if (!has_polling_) return;
  if (!had_polling) polling_.restart();
  polling_.retune(interval, budget);
}

bool Monitor::is_known(int32_t pid) const {
  bool is_known = false;
  for_each_watch([&](const Watch& watch) { is_known |= watch.known(pid) != nullptr; });
  return is_known;
}

// Changes.

void Monitor::hear_all(Status status, const Change* changes, size_t count) {
  bool is_deaf = status == kUnsupported || (status < 0 && !has_events_);
  if (status < 0 && is_deaf) pause_thread(kRetry);
  waits_.be_deaf(is_deaf);
  if (status < 0 && has_events_) rest(news_->why_not(), retry_);
  uint64_t lost = news_->lost();
  if (lost != lost_) lose();
  lost_ = lost;
  for (size_t i = 0; i < count && !is_stopping_; i++) hear(changes[i]);
  // With more to come, as of what was heard last.
  int64_t as_of = count == kMostChanges ? time_of(changes[count - 1]) : now_;
  for_each_watch([&](Watch& watch) {
    if (watch.backend() == Backend::events && !watch.needs_pass) watch.current_as_of = as_of;
  });
  size_t told = 0;
  for (size_t i = 0; i < count; i++) {
    told += changes[i].kind != Change::handle_over && changes[i].kind != Change::lost;
  }
  has_heard_ = told != 0 && count != kMostChanges;
  Lock lock(mutex_);
  counters_.changes += told;
  counters_.lost = lost;
}

// It may have waited for long to be heard.
int64_t Monitor::time_of(const Change& change) const {
  return change.time == 0 ? now_ : change.time;
}

void Monitor::hear(const Change& change) {
  switch (change.kind) {
    case Change::forked:
      if (!is_listened_to_) return;
      if (births_.add(change.pid, time_of(change)) != kOk) lose();
      return;
    case Change::executed:
      return examine(change.pid, births_.executed(change.pid, time_of(change)), false);
    case Change::renamed:
      return examine(change.pid, births_.is_settling(change.pid), false);
    case Change::exited:
      // One that is settling may have threads left.
      if (!births_.is_settling(change.pid)) births_.ended(change.pid);
      return hear_exit(change.pid, change.exit);
    case Change::lost:
      return lose();
    case Change::handle_over:
      return check(change.token);
  }
}

void Monitor::settle() {
  int32_t pid;
  while (!is_stopping_ && births_.next_settled(now_, pid)) examine(pid, true, true);
}

// It will take a pass to find out what has changed.
void Monitor::lose() {
  waits_.look_soon();
  bool is_due = false;  // a storm that lasts must not put the pass off for ever
  for_each_watch([&](Watch& watch) {
    if (watch.backend() != Backend::events) return;
    is_due |= watch.needs_pass;
    watch.needs_pass = true;
  });
  if (!is_due) no_pass_before_ = std::max(no_pass_before_, now_ + kCalm);
}

void Monitor::examine(int32_t pid, bool is_birth, bool skips_ended) {
  FieldMask first = 0;
  bool has_watch = false;
  for_each_watch([&](const Watch& watch) {
    if (watch.backend() != Backend::events || watch.is_closed()) return;
    has_watch = true;
    if (watch.wants_comm()) first = bit(Field::comm);
  });
  if (!has_watch) return;
  if (source() == nullptr) return lose();
  Status status = source()->find(pid, first, record_);
  if (status == kGone || is_hidden(status)) return;
  Sight sight;
  sight.is_birth = is_birth;
  sight.skips_ended = skips_ended;
  for_each_watch([&](Watch& watch) {
    if (watch.backend() != Backend::events || watch.is_closed() || status != kOk) return;
    status = watch.show(*source_, record_, sight);
  });
  if (status < 0) lose();
  follow_remains(Exit{});
}

// Telling.

void Monitor::announce() {
  double cpu_time = thread_cpu_time();
  {
    Lock lock(mutex_);
    for_each_watch([&](Watch& watch) {
      if (!watch.is_to_be_announced() || watch.has_news) return;
      watch.has_news = true;
      announced_.append(watch);
    });
    counters_.cpu_time = cpu_time;
    counters_.skipped = polling_.skipped();
    counters_.interval = has_polling_ ? polling_.interval() : 0;
    bool has_notices = !announced_.is_empty() || waits_.has_ended_waits();
    if (!has_notices || is_notified_ || now_ < no_notice_before_) return;
    is_notified_ = true;
  }
  if (listener_->notify()) return;
  Lock lock(mutex_);
  is_notified_ = false;
  no_notice_before_ = now_ + kRetry;
}

void Monitor::take(Bytes& ret_notices) {
  bool is_complete = true;
  {
    Lock lock(mutex_);
    while (is_complete && !announced_.is_empty()) {
      const int32_t numbers[] = {kWatchNews, announced_.first()->token(), 0, 0};
      is_complete = append_value(ret_notices, numbers);
      if (!is_complete) break;
      Watch* watch = announced_.take();
      watch->has_news = false;
      watch->release();
    }
    is_complete &= waits_.take(kWaitOver, ret_notices);
    is_notified_ = false;
    if (!is_complete) no_notice_before_ = steady_clock() + kRetry;
  }
  if (!is_complete) wake();
}

Monitor::Counters Monitor::counters() const {
  Lock lock(mutex_);
  return counters_;
}

void Monitor::why_no_events(char* text, size_t size) const {
  Lock lock(mutex_);
  std::strncpy(text, why_no_events_, size);
}

}  // namespace procseek
