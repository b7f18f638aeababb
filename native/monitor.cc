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
// How many changes are heard at a time.
constexpr size_t kMostChanges = 128;
// Of how many processes that a polling watch knows the end is told by a handle.
constexpr size_t kMostFollowed = 256;

bool is_hidden(Status status) { return status < 0 && error_of(status) == error_number::kAccess; }

int64_t sooner(int64_t a, int64_t b) { return a < 0 ? b : b < 0 ? a : std::min(a, b); }

}  // namespace

Monitor::~Monitor() {
  for_each_watch([](Watch& watch) { watch.release(); });
  for (Watch* watch : values_of<Watch*>(arrivals_)) watch->release();
  if (context_ != nullptr) context_->release();
}

Status Monitor::start(Listener& listener) {
  listener_ = &listener;
  return thread_.start(enter, this);
}

void Monitor::stop() {
  is_stopping_ = true;
  wake();
}

void Monitor::join() { thread_.join(); }

Status Monitor::add(Watch& watch) {
  {
    Lock lock(mutex_);
    if (!append_value(arrivals_, &watch)) return out_of_memory();
    watch.hold();
  }
  wake();
  return kOk;
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
    obey();
    make_passes();
    settle();
    if (!has_polling_ && waits_.followed() != 0) drop_own_waits();
    Bytes ends;
    (void)waits_.check_due(now_, ends);
    tell_ends(ends);
    source_.reset();  // keeps a handle, and what it knows of accounts and clocks
    announce();
    if (is_busy) pause_thread(kGulp);
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
  for_each_watch([&](const Watch& watch) {
    bool waits_for_room = watch.is_behind();
    if (watch.backend() == Backend::events && watch.needs_pass && !waits_for_room) {
      due = sooner(due, no_pass_before_);
    }
  });
  Lock lock(mutex_);
  if (arrivals_.size() != 0 || forgotten_.size() != 0) return 0;
  return due < 0 ? -1 : std::max<int64_t>(due - steady_clock(), 0);
}

Source* Monitor::source() {
  if (source_ == nullptr) source_ = make_source(context_);
  return source_.get();
}

// Watches come and go.

void Monitor::obey() {
  Bytes arrivals;
  Bytes forgotten;
  {
    Lock lock(mutex_);
    std::swap(arrivals, arrivals_);
    std::swap(forgotten, forgotten_);
  }
  for (Watch* watch : values_of<Watch*>(arrivals)) welcome(*watch);
  for (const auto& [token, pid, number] : values_of<int32_t[3]>(forgotten)) {
    Watch** watch = watches_.find(token);
    if (watch != nullptr) (*watch)->forget(pid, static_cast<uint32_t>(number));
  }
  forget_watches();
}

void Monitor::welcome(Watch& watch) {
  Watch** place = watches_.insert(watch.token());
  if (place == nullptr) {
    watch.tell_ready(out_of_memory());
    watch.release();
    return;
  }
  *place = &watch;
  record_.text_limit = std::max<size_t>(record_.text_limit, watch.query().text_limit());
  choose_backend(watch);
  tune_polling();
}

void Monitor::choose_backend(Watch& watch) {
  Backend wanted = watch.options().backend;
  if (wanted != Backend::polling && !has_asked_for_events_) {
    has_asked_for_events_ = true;
    Status status = news_->subscribe();
    has_events_ = status == kOk;
    Lock lock(mutex_);
    std::strncpy(why_no_events_, has_events_ ? "" : news_->why_not(), sizeof why_no_events_ - 1);
  }
  if (wanted != Backend::polling && has_events_) {
    watch.use(Backend::events);
  } else if (wanted == Backend::events) {
    watch.tell_ready(failure(Call::bind, error_number::kNotSupported));
  } else {
    watch.use(Backend::polling);
    polls_at_once_ = true;
  }
}

void Monitor::forget_watches() {
  Bytes closed;
  bool has_events_watch = false;
  for_each_watch([&](Watch& watch) {
    if (watch.is_closed()) {
      (void)append_value(closed, watch.token());
    } else {
      has_events_watch |= watch.backend() == Backend::events;
    }
  });
  for (int32_t token : values_of<int32_t>(closed)) {
    (*watches_.find(token))->release();
    watches_.erase(token);
  }
  if (closed.size() == 0) return;
  drop_own_waits();
  tune_polling();
  if (has_asked_for_events_ && !has_events_watch) {
    news_->unsubscribe();
    has_events_ = has_asked_for_events_ = false;
  }
}

void Monitor::tune_polling() {
  int64_t interval = INT64_MAX;
  double budget = 0;
  for_each_watch([&](const Watch& watch) {
    if (watch.backend() != Backend::polling) return;
    interval = std::min(interval, watch.options().interval);
    budget = std::max(budget, watch.options().budget);
  });
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
  if (status < 0 && has_events_) do_without_events();
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
      if (births_.add(change.pid, time_of(change)) != kOk) lose();
      return;
    case Change::executed:
      return examine(change.pid, births_.executed(change.pid, time_of(change)), false);
    case Change::renamed:
      return examine(change.pid, births_.is_settling(change.pid), false);
    case Change::exited:
      // One that is settling may have threads left.
      if (!births_.is_settling(change.pid)) births_.ended(change.pid);
      return first_thread_ended(change.pid, change.exit);
    case Change::lost:
      return lose();
    case Change::handle_over:
      Bytes ends;
      (void)waits_.check(change.token, now_, ends);
      return tell_ends(ends);
  }
}

void Monitor::settle() {
  int32_t pid;
  while (!is_stopping_ && births_.next_settled(now_, pid)) examine(pid, true, true);
}

// It will take a pass to find out what has changed.
void Monitor::lose() {
  bool is_due = false;  // a storm that lasts must not put the pass off for ever
  for_each_watch([&](Watch& watch) {
    if (watch.backend() != Backend::events) return;
    is_due |= watch.needs_pass;
    watch.needs_pass = true;
  });
  if (!is_due) no_pass_before_ = std::max(no_pass_before_, now_ + kCalm);
}

void Monitor::do_without_events() {
  news_->unsubscribe();
  has_events_ = false;
  for_each_watch([](Watch& watch) {
    if (watch.backend() != Backend::events) return;
    watch.use(Backend::polling);
    watch.needs_pass = true;
  });
  polls_at_once_ = true;
  tune_polling();
  Lock lock(mutex_);
  std::strncpy(why_no_events_, news_->why_not(), sizeof why_no_events_ - 1);
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

void Monitor::first_thread_ended(int32_t pid, const Exit& exit) {
  if (!is_known(pid)) return;
  if (source() == nullptr) return lose();
  Status status = source()->find(pid, Record::kLife, record_);
  if (status < 0 && !is_hidden(status)) return lose();
  // Either it has threads left, or one of them has taken its place by executing a program.
  bool is_alive = status == kOk && !record_.has_ended();
  Identity alive = is_alive ? record_.identity() : Identity{};
  for_each_watch([&](Watch& watch) {
    const Identity* known = watch.known(pid);
    if (known == nullptr || watch.backend() != Backend::events) return;
    if (!is_alive || !(*known == alive)) watch.exited(pid, exit);
  });
  if (is_alive) follow_remains(exit);
}

// Of a match that lost its first thread and has others left, no change will tell the end.
void Monitor::follow_remains(const Exit& told) {
  bool has_others =
      record_.has(Field::state) && record_.state == State::zombie && !record_.has_ended();
  Identity identity = has_others ? record_.identity() : Identity{};
  bool is_match = false;
  for_each_watch([&](const Watch& watch) {
    const Identity* known = watch.known(record_.pid);
    is_match |= identity && known != nullptr && *known == identity;
  });
  if (is_match) (void)waits_.follow(record_.pid, identity, told, now_, true);
}

// Ends.

void Monitor::follow_matches() {
  struct Followed {
    int32_t pid;
    Identity identity;
  };
  drop_own_waits();
  Bytes matches;
  for_each_watch([&](Watch& watch) {
    if (watch.backend() != Backend::polling) return;
    watch.for_each_match([&](int32_t pid, const Identity& identity) {
      size_t count = waits_.followed() + matches.size() / sizeof(Followed);
      if (count >= kMostFollowed || waits_.follows(pid)) return;
      (void)append_value(matches, Followed{pid, identity});
    });
  });
  for (const Followed& match : values_of<Followed>(matches)) {
    // Without handles, the next pass will tell.
    if (!waits_.follow(match.pid, match.identity, Exit{}, now_, false)) return;
  }
}

// Those that no watch has use for any more.
void Monitor::drop_own_waits() {
  waits_.keep_if([this](int32_t pid, const Identity& identity) {
    bool is_of_use = false;
    for_each_watch([&](const Watch& watch) {
      const Identity* known = watch.known(pid);
      is_of_use |= known != nullptr && *known == identity;
    });
    return is_of_use;
  });
}

void Monitor::tell_ends(const Bytes& ends) {
  for (const ExitWaits::End& end : values_of<ExitWaits::End>(ends)) {
    if (end.token > 0) {
      Lock lock(mutex_);
      add_notice(kWaitOver, end.token, end.exit);
      continue;
    }
    for_each_watch([&](Watch& watch) {
      const Identity* known = watch.known(end.pid);
      if (known != nullptr && *known == end.identity) watch.exited(end.pid, end.exit);
    });
  }
}

// Telling.

// Under the lock.
void Monitor::add_notice(Notice what, int32_t token, const Exit& exit) {
  const int32_t numbers[] = {what, token, exit.code_bits(), exit.signal_or_unknown()};
  (void)append_value(notices_, numbers);
}

void Monitor::announce() {
  double cpu_time = thread_cpu_time();
  {
    Lock lock(mutex_);
    for_each_watch([&](Watch& watch) {
      if (watch.is_to_be_announced()) add_notice(kWatchNews, watch.token(), Exit{});
    });
    counters_.cpu_time = cpu_time;
    counters_.skipped = polling_.skipped();
    counters_.interval = has_polling_ ? polling_.interval() : 0;
    if (notices_.size() == 0 || is_notified_) return;
    is_notified_ = true;
  }
  listener_->notify();
}

void Monitor::take(Bytes& ret_notices) {
  Lock lock(mutex_);
  std::swap(ret_notices, notices_);
  is_notified_ = false;
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
