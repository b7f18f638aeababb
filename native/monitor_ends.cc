// The monitor and the ends of processes: whether they are ends, how the processes ended, and who
// adopts the children.
#include <algorithm>

#include "monitor.h"
#include "sort.h"

namespace procseek {

namespace {

// Of how many processes that a polling watch knows the end is told by a handle.
constexpr size_t kMostFollowed = 256;
// When it could not be found out whether a process has ended, in milliseconds: until the next
// attempt, and until the last one.
constexpr int64_t kDoubt = 20;
constexpr int64_t kLongestDoubt = 60000;
// So long after its end, in milliseconds, all threads of a process have ended, and its children are
// adopted.
constexpr int64_t kAdoption = 10;
constexpr double kLongestCalm = 10000;

struct Doubt {
  int32_t pid;
  Exit exit;
  int64_t until;
};

bool is_hidden(Status status) { return status < 0 && error_of(status) == error_number::kAccess; }

}  // namespace

void Monitor::hear_exit(int32_t pid, const Exit& exit) {
  await_adoptions(pid);
  first_thread_ended(pid, exit, now_ + kLongestDoubt);
  int32_t number = waits_.hear_exit(pid, exit, now_);
  if (number != 0) check(number);
}

void Monitor::first_thread_ended(int32_t pid, const Exit& exit, int64_t doubted_until) {
  if (!is_known(pid)) return;
  Status status =
      source() == nullptr ? out_of_memory() : source()->find(pid, Record::kLife, record_);
  bool has_record = status == kOk;
  if (status < 0 && !is_hidden(status) && !is_over(pid)) return doubt(pid, exit, doubted_until);
  // Either it has threads left, or one of them has taken its place by executing a program.
  bool is_alive = has_record && !record_.has_ended();
  Identity alive = is_alive ? record_.identity() : Identity{};
  for_each_watch([&](Watch& watch) {
    const Identity* known = watch.known(pid);
    if (known == nullptr || watch.backend() != Backend::events) return;
    if (is_alive && *known == alive) return;
    if (memory_ != nullptr) memory_->store(pid, *known, exit);
    watch.exited(pid, exit);
  });
  if (is_alive) follow_remains(exit);
}

// Whether it has ended for certain, without the files that tell of processes.
bool Monitor::is_over(int32_t pid) {
  ProcessHandle handle;
  Status status = ProcessHandle::open(pid, handle);
  Exit exit;
  return status == kGone || (handle && read_exit(handle, pid, Identity{}, exit) == kOk);
}

void Monitor::doubt(int32_t pid, const Exit& exit, int64_t until) {
  doubts_due_ = std::max(doubts_due_, now_ + kDoubt);
  if (now_ >= until || !append_value(doubts_, Doubt{pid, exit, until})) lose();
}

void Monitor::settle_doubts() {
  if (doubts_.size() == 0 || now_ < doubts_due_) return;
  Bytes doubts;
  std::swap(doubts, doubts_);
  for (const Doubt& one : values_of<Doubt>(doubts))
    first_thread_ended(one.pid, one.exit, one.until);
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
  if (is_match && waits_.follow(record_.pid, identity, told, now_, true) < 0) lose();
}

void Monitor::follow_matches() {
  struct Followed {
    int32_t pid;
    Identity identity;
  };
  drop_own_waits();
  size_t most = std::min(kMostFollowed, most_handles() / 2);
  Bytes matches;
  for_each_watch([&](Watch& watch) {
    if (watch.backend() != Backend::polling) return;
    watch.for_each_match([&](int32_t pid, const Identity& identity) {
      size_t count = waits_.followed() + matches.size() / sizeof(Followed);
      if (count >= most || waits_.follows(pid)) return;
      (void)append_value(matches, Followed{pid, identity});
    });
  });
  for (const Followed& match : values_of<Followed>(matches)) {
    // Without handles, the next pass will tell.
    if (waits_.follow(match.pid, match.identity, Exit{}, now_, false) != kOk) return;
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

void Monitor::check(int32_t number) {
  ExitWaits::End end;
  if (waits_.check(number, now_, end)) tell_end(end);
}

void Monitor::tell_end(const ExitWaits::End& end) {
  for_each_watch([&](Watch& watch) {
    const Identity* known = watch.known(end.pid);
    if (known != nullptr && *known == end.identity) watch.exited(end.pid, end.exit);
  });
}

// Adoptions, of which no change tells: with a process, the parent of its children has ended.

void Monitor::await_adoptions(int32_t ended) {
  if (!has_parents_) return;
  for_each_watch([&](Watch& watch) {
    // Who has its PID next has not been looked at.
    auto* first = reinterpret_cast<int32_t*>(watch.children.data());
    int32_t* end = first + watch.children.size() / sizeof *first;
    int32_t* place = std::lower_bound(first, end, ended);
    if (place == end || *place != ended) return;
    std::copy(place + 1, end, place);
    watch.children.truncate(watch.children.size() - sizeof *first);
  });
  if (adoptions_due_ < 0) adoptions_due_ = std::max(now_ + kAdoption, no_adoptions_before_);
}

void Monitor::look_for_adopted() {
  if (adoptions_due_ < 0 || now_ < adoptions_due_) return;
  adoptions_due_ = -1;
  double cpu = thread_cpu_time();
  for_each_watch([&](Watch& watch) {
    bool takes_part = watch.backend() == Backend::events && watch.ppid() >= 0 &&
                      !watch.needs_pass && !watch.is_closed();
    // Where it takes a look at all processes to know the children, a pass has it.
    if (takes_part && compare_children(watch) != kOk) watch.needs_pass = true;
  });
  cpu = thread_cpu_time() - cpu;
  cpu_of_passes_ += cpu;
  double calm = std::min(cpu / budget_of_events(), kLongestCalm);
  no_adoptions_before_ = now_ + static_cast<int64_t>(calm);
}

// Looks at children that are new, and at matches that are children no longer.
Status Monitor::compare_children(Watch& watch) {
  auto parent = static_cast<int32_t>(watch.ppid());
  Bytes children;
  Status status = list_children(&parent, 1, children);
  if (status != kOk) return status;
  auto* first = reinterpret_cast<int32_t*>(children.data());
  children.truncate(sort_and_unite(first, children.size() / sizeof *first) * sizeof *first);
  Values<int32_t> now = values_of<int32_t>(children);
  Values<int32_t> before = values_of<int32_t>(watch.children);
  Bytes to_look_at;
  bool has_memory = true;
  for (int32_t pid : now) {
    bool is_new = !std::binary_search(before.begin(), before.end(), pid);
    // Those that are settling will be looked at when they have.
    if (!is_new || watch.known(pid) != nullptr || births_.is_settling(pid)) continue;
    has_memory &= append_value(to_look_at, pid);
  }
  watch.for_each_match([&](int32_t pid, const Identity&) {
    if (!std::binary_search(now.begin(), now.end(), pid)) {
      has_memory &= append_value(to_look_at, pid);
    }
  });
  if (!has_memory) return out_of_memory();
  std::swap(watch.children, children);
  for (int32_t pid : values_of<int32_t>(to_look_at)) {
    status = look_at_child(watch, pid);
    if (status < 0) return status;
  }
  return kOk;
}

Status Monitor::look_at_child(Watch& watch, int32_t pid) {
  if (source() == nullptr) return out_of_memory();
  Status status = source()->find(pid, bit(Field::startTime), record_);
  if (status == kGone || is_hidden(status)) return kOk;
  if (status != kOk) return status;
  Sight sight;
  double age = wall_clock() - record_.startTime;
  sight.is_birth = record_.has(Field::startTime) && age <= static_cast<double>(Births::kWindow);
  sight.skips_ended = true;
  return watch.show(*source_, record_, sight);
}

}  // namespace procseek
