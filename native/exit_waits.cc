#include "exit_waits.h"

#include <algorithm>
#include <utility>

namespace procseek {

namespace {

// For how long, in milliseconds, it may take a parent to reap a child, until which the system does
// not tell everybody how the child has ended.
constexpr int64_t kPatience = 100;

// So long, in milliseconds, it may take the threads of a process to end when all of it does. When
// the others live on, the first one has ended alone, and the process may yet end in another way.
constexpr int64_t kFarewell = 10;

// After there was no memory, in milliseconds.
constexpr int64_t kRetry = 20;

int64_t sooner(int64_t a, int64_t b) { return a < 0 ? b : b < 0 ? a : std::min(a, b); }

Status identify(int32_t pid, Identity& ret_identity) {
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return out_of_memory();
  Record record;
  Status status = source->find(pid, bit(Field::id), record);
  if (status == kOk) ret_identity = record.identity();
  return status;
}

bool is_short_of_descriptors(Status status) {
  return status < 0 && (error_of(status) == error_number::kTooManyFiles ||
                        error_of(status) == error_number::kFileTableFull);
}

bool is_known(const Exit& exit) { return exit.signal_or_unknown() >= 0; }

}  // namespace

// Waits come and go.

Status ExitWaits::add(int32_t token, int32_t pid, const Identity& identity) {
  Exit exit;
  if (memory_ != nullptr && memory_->recall(pid, identity, exit)) return tell_at_once(token, exit);
  Status status = try_to_add(token, pid, identity);
  // It may have ended, and been told to somebody else, just now.
  bool is_remembered =
      status == kGone && memory_ != nullptr && memory_->recall(pid, identity, exit);
  return is_remembered ? tell_at_once(token, exit) : status;
}

Status ExitWaits::try_to_add(int32_t token, int32_t pid, const Identity& identity) {
  Status status;
  if (join(token, pid, identity, status)) return status;
  ProcessHandle handle;
  Status refusal = open_handle(pid, handle);
  // Now that the handle holds on to it: is it the one? When there is no descriptor left to find
  // out, that of the handle is given up; and without any, it is found out in time.
  Identity found;
  status = identify(pid, found);
  if (is_short_of_descriptors(status) && handle && identity) {
    refusal = status;
    handle.close();
    status = identify(pid, found);
  }
  if (is_short_of_descriptors(status)) {
    found = identity;
    status = kOk;
  }
  if (status != kOk) return status;
  if (identity && !(found == identity)) return kGone;
  {
    Lock lock(mutex_);
    int32_t number;
    status = begin(pid, found, std::move(handle), refusal, number);
    if (status != kOk) return status;
    status = attach(token, number);
    if (status != kOk) {
      drop(number);
      return status;
    }
    if (targets_.find(number)->is_polled) counters_.refusal = refusal;
  }
  if (wants_changes()) news_.wake();
  return kOk;
}

// Joins those who wait for the same process already, or did so a moment ago. False when there is
// nobody, as far as can be told.
bool ExitWaits::join(int32_t token, int32_t pid, const Identity& identity, Status& ret_status) {
  int32_t number;
  {
    Lock lock(mutex_);
    const Target* target = find(pid, &number);
    if (target == nullptr || (identity && !(target->identity == identity))) return false;
    if (identity) {
      ret_status = attach(token, number);
      return true;
    }
  }
  Identity found;
  Status status = identify(pid, found);
  Exit exit;
  {
    Lock lock(mutex_);
    const Target* target = targets_.find(number);
    if (target != nullptr) {
      bool is_same = status == kOk && found == target->identity;
      if (is_short_of_descriptors(status)) {
        is_same = target->handle ? target->handle.send(0) == kOk : !target->identity;
      }
      if (is_same) ret_status = attach(token, number);
      return is_same;
    }
  }
  if (status != kOk || memory_ == nullptr || !memory_->recall(pid, found, exit)) return false;
  ret_status = tell_at_once(token, exit);
  return true;
}

Status ExitWaits::tell_at_once(int32_t token, const Exit& exit) {
  {
    Lock lock(mutex_);
    Wait* wait = waits_.insert(token);
    if (wait == nullptr) return out_of_memory();
    wait->exit = exit;
    append_over(token, *wait);
  }
  news_.wake();
  return kOk;
}

// Within the share of the descriptors, and in exchange for those that are kept just in case.
Status ExitWaits::open_handle(int32_t pid, ProcessHandle& ret_handle) {
  {
    Lock lock(mutex_);
    size_t most = most_handles();
    while (handles_ >= most && drop_lingering()) continue;
    if (handles_ >= most) return failure(Call::pidfd_open, error_number::kTooManyFiles);
  }
  Status status = ProcessHandle::open(pid, ret_handle);
  if (!is_short_of_descriptors(status)) return status;
  {
    Lock lock(mutex_);
    if (!drop_lingering()) return status;
    while (drop_lingering()) continue;
  }
  return ProcessHandle::open(pid, ret_handle);
}

// Under the lock, here and below. Without a handle, or when its end will not be told, the process
// will be looked at, for the reason that `ret_refusal` tells then.
Status ExitWaits::begin(int32_t pid, const Identity& identity, ProcessHandle handle,
                        Status& ret_refusal, int32_t& ret_number) {
  do {
    last_number_ = last_number_ == INT32_MAX ? 1 : last_number_ + 1;
  } while (targets_.find(last_number_) != nullptr);
  Target* target = targets_.insert(last_number_);
  if (target == nullptr) return out_of_memory();
  int32_t* number = by_pid_.insert(pid);
  if (number == nullptr) {
    targets_.erase(last_number_);
    return out_of_memory();
  }
  ret_number = *number = last_number_;
  if (handle) {
    Status status = news_.follow(handle, ret_number);
    if (status != kOk) ret_refusal = status;
    if (status != kOk) handle.close();
  }
  target->pid = pid;
  target->identity = identity;
  target->handle = std::move(handle);
  target->is_polled = !target->handle;
  (target->is_polled ? polled_ : handles_)++;
  return kOk;
}

Status ExitWaits::attach(int32_t token, int32_t number) {
  Wait* wait = waits_.insert(token);
  if (wait == nullptr) return out_of_memory();
  Target& target = *targets_.find(number);
  wait->target = number;
  wait->next = target.first;
  if (target.first != 0) waits_.find(target.first)->previous = token;
  target.first = token;
  target.count++;
  counters_.waiting++;
  if (target.is_polled) counters_.polled++;
  if (target.lingers_to >= 0) lingering_--;
  target.lingers_to = -1;
  return kOk;
}

void ExitWaits::unlink(const Wait& wait, int32_t& first) {
  (wait.previous == 0 ? first : waits_.find(wait.previous)->next) = wait.next;
  if (wait.next != 0) waits_.find(wait.next)->previous = wait.previous;
}

void ExitWaits::append_over(int32_t token, Wait& wait) {
  wait.target = wait.next = 0;
  wait.previous = last_over_;
  (last_over_ == 0 ? first_over_ : waits_.find(last_over_)->next) = token;
  last_over_ = token;
}

ExitWaits::Target* ExitWaits::find(int32_t pid, int32_t* ret_number) {
  const int32_t* number = by_pid_.find(pid);
  if (number == nullptr) return nullptr;
  if (ret_number != nullptr) *ret_number = *number;
  return targets_.find(*number);
}

void ExitWaits::keep_told(Target& target, const Exit& told, int64_t now) {
  if (!is_known(told)) return;
  target.told = told;
  target.is_told = true;
  target.told_until = now + kFarewell;
  if (is_looked_at(target)) be_patient(target, now + kFarewell / 2);
}

void ExitWaits::be_patient(Target& target, int64_t until) {
  target.patience = until;
  patience_ = sooner(patience_, until);
}

// Nobody waits for it any more.
void ExitWaits::linger(int32_t number, bool may_linger) {
  Target& target = *targets_.find(number);
  if (target.is_own) return;
  if (!may_linger || target.is_polled) return drop(number);
  target.lingers_to = steady_clock() + kLinger;
  patience_ = sooner(patience_, target.lingers_to);
  if (++lingering_ > kMostLingering) (void)drop_lingering();
}

// Gives up the process that has lingered for the longest time. False when none lingers.
bool ExitWaits::drop_lingering() {
  if (lingering_ == 0) return false;
  int32_t oldest = 0;
  int64_t lingers_to = INT64_MAX;
  targets_.for_each([&](int32_t number, const Target& target) {
    if (target.lingers_to < 0 || target.lingers_to >= lingers_to) return;
    oldest = number;
    lingers_to = target.lingers_to;
  });
  Target& target = *targets_.find(oldest);
  if (!target.is_own) {
    drop(oldest);
    return true;
  }
  target.lingers_to = -1;
  lingering_--;
  return true;
}

void ExitWaits::drop(int32_t number) {
  Target& target = *targets_.find(number);
  (target.is_polled ? polled_ : handles_)--;
  if (target.is_own) own_--;
  if (target.lingers_to >= 0) lingering_--;
  const int32_t* last = by_pid_.find(target.pid);
  if (last != nullptr && *last == number) by_pid_.erase(target.pid);
  targets_.erase(number);
}

void ExitWaits::end(int32_t number, const Exit& exit) {
  Target& target = *targets_.find(number);
  if (memory_ != nullptr) memory_->store(target.pid, target.identity, exit);
  counters_.waiting -= target.count;
  if (target.is_polled) counters_.polled -= target.count;
  for (int32_t token = target.first; token != 0;) {
    Wait& wait = *waits_.find(token);
    int32_t next = wait.next;
    wait.exit = exit;
    append_over(token, wait);
    token = next;
  }
  drop(number);
}

size_t ExitWaits::cancel(int32_t token, bool may_linger) {
  Lock lock(mutex_);
  const Wait* wait = waits_.find(token);
  if (wait == nullptr) return lingering_;
  int32_t number = wait->target;
  if (number == 0) {
    if (last_over_ == token) last_over_ = wait->previous;
    unlink(*wait, first_over_);
    waits_.erase(token);
    return lingering_;
  }
  Target& target = *targets_.find(number);
  unlink(*wait, target.first);
  waits_.erase(token);
  counters_.waiting--;
  if (target.is_polled) counters_.polled--;
  if (--target.count == 0) linger(number, may_linger);
  // For the thread to learn until when.
  if (lingering_ != 0) news_.wake();
  return lingering_;
}

ExitWaits::Counters ExitWaits::counters() const {
  Lock lock(mutex_);
  return counters_;
}

bool ExitWaits::take(int32_t what, Bytes& ret_notices) {
  Lock lock(mutex_);
  while (first_over_ != 0) {
    const Wait& wait = *waits_.find(first_over_);
    const int32_t numbers[] = {what, first_over_, wait.exit.code_bits(),
                               wait.exit.signal_or_unknown()};
    if (!append_value(ret_notices, numbers)) return false;
    int32_t token = first_over_;
    if (last_over_ == token) last_over_ = 0;
    unlink(wait, first_over_);
    waits_.erase(token);
  }
  return true;
}

bool ExitWaits::has_ended_waits() const {
  Lock lock(mutex_);
  return first_over_ != 0;
}

// The monitor's own.

Status ExitWaits::follow(int32_t pid, const Identity& identity, const Exit& told, int64_t now,
                         bool even_by_polling) {
  {
    Lock lock(mutex_);
    Target* target = find(pid);
    if (target != nullptr && target->identity == identity) {
      if (target->is_polled && !even_by_polling) return kUnsupported;
      if (!target->is_own) own_++;
      target->is_own = true;
      keep_told(*target, told, now);
      return kOk;
    }
  }
  ProcessHandle handle;
  Identity found;
  Status refusal = open_handle(pid, handle);
  // A handle on another process, which has been given the PID, would not tell.
  if (handle && (identify(pid, found) != kOk || !(found == identity))) handle.close();
  if (!handle && !even_by_polling) return kUnsupported;
  Lock lock(mutex_);
  int32_t number;
  Status status = begin(pid, identity, std::move(handle), refusal, number);
  if (status != kOk) return status;
  Target& target = *targets_.find(number);
  target.is_own = true;
  own_++;
  if (target.is_polled && !even_by_polling) {
    drop(number);
    return kUnsupported;
  }
  keep_told(target, told, now);
  return kOk;
}

bool ExitWaits::follows(int32_t pid) const {
  Lock lock(mutex_);
  const int32_t* number = by_pid_.find(pid);
  const Target* target = number == nullptr ? nullptr : targets_.find(*number);
  return target != nullptr && target->is_own;
}

size_t ExitWaits::followed() const {
  Lock lock(mutex_);
  return own_;
}

// Ends.

bool ExitWaits::wants_changes() const {
  Lock lock(mutex_);
  return polled_ != 0 || handles_ > most_handles() / 4 * 3;
}

int32_t ExitWaits::hear_exit(int32_t pid, const Exit& exit, int64_t now) {
  Lock lock(mutex_);
  int32_t number;
  Target* target = find(pid, &number);
  if (target == nullptr || !is_looked_at(*target)) return 0;
  keep_told(*target, exit, now);
  return number;
}

void ExitWaits::be_deaf(bool is_deaf) {
  Lock lock(mutex_);
  is_deaf_ = is_deaf;
}

void ExitWaits::be_told(bool is_told) {
  Lock lock(mutex_);
  if (is_told_ && !is_told) pace_.restart();
  is_told_ = is_told;
}

void ExitWaits::look_soon() {
  Lock lock(mutex_);
  pace_.restart();
}

int64_t ExitWaits::due() const {
  Lock lock(mutex_);
  bool polls = polled_ != 0 || (is_deaf_ && targets_.size() != 0);
  return polls ? sooner(patience_, pace_.due()) : patience_;
}

// Collects the processes that are due. Returns whether these are all that have to be looked at.
bool ExitWaits::collect_due(int64_t now, Bytes& ret_numbers) {
  Lock lock(mutex_);
  bool polls = (polled_ != 0 || is_deaf_) && now >= pace_.due();
  if (!polls && (patience_ < 0 || now < patience_)) return false;
  patience_ = -1;
  bool has_memory = true;
  bool is_told = is_told_ && !is_deaf_;
  targets_.for_each([&](int32_t number, const Target& target) {
    // The end of a process whose first thread ended before causes no change that would tell it.
    is_told &= !(target.is_polled && target.is_told);
    auto is_over = [now](int64_t time) { return time >= 0 && now >= time; };
    bool is_due =
        (is_looked_at(target) && polls) || is_over(target.patience) || is_over(target.lingers_to);
    if (is_due) has_memory &= append_value(ret_numbers, number);
    if (target.patience > now) patience_ = sooner(patience_, target.patience);
    if (target.lingers_to > now) patience_ = sooner(patience_, target.lingers_to);
  });
  if (!has_memory) patience_ = sooner(patience_, now + kRetry);
  pace_.retune(is_told ? kIntervalWhenTold : kInterval, kBudget);
  return polls;
}

void ExitWaits::looked(int64_t begun, double cpu) {
  Lock lock(mutex_);
  pace_.made(begun, steady_clock(), cpu);
}

bool ExitWaits::check(int32_t number, int64_t now, End& ret_end) {
  Exit exit;
  Status status = ask(number, now, exit);
  if (status != kOk && status != kUnsupported) return false;
  Lock lock(mutex_);
  const Target* target = targets_.find(number);
  if (target == nullptr) return false;
  ret_end = {target->pid, target->identity, exit};
  bool is_own = target->is_own;
  end(number, exit);
  return is_own;
}

// kOk with how it ended; kUnsupported when that cannot be told; kPending when it has not ended, or
// may yet be told; kGone when nobody waits any more.
Status ExitWaits::ask(int32_t number, int64_t now, Exit& ret_exit) {
  int32_t pid;
  Identity identity;
  {
    Lock lock(mutex_);
    Target* target = targets_.find(number);
    if (target == nullptr) return kGone;
    if (target->lingers_to >= 0 && now >= target->lingers_to) {
      if (!target->is_own) {
        drop(number);
        return kGone;
      }
      target->lingers_to = -1;
      lingering_--;
    }
    if (!is_looked_at(*target)) {
      if (now < target->told_until) ret_exit = target->told;
      return ask_handle(*target, now, ret_exit);
    }
    if (now >= target->patience) target->patience = -1;
    pid = target->pid;
    identity = target->identity;
    counters_.polls++;
  }
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return kPending;
  Record record;
  Status status = source->find(pid, Record::kLife, record);
  if (status < 0) return kPending;
  bool is_it = status == kOk && (!identity || record.identity() == identity);

  Lock lock(mutex_);
  Target* target = targets_.find(number);
  if (target == nullptr) return kGone;
  if (is_it) target->identity = record.identity();
  if (is_it && !record.has_ended()) {
    if (is_known(target->told) && now >= target->told_until) {
      target->told = Exit{};
      pace_.restart();  // for it to be looked at more often
    }
    bool is_to_look_again = is_known(target->told) && target->patience < 0;
    if (is_to_look_again) be_patient(*target, target->told_until);
    return kPending;
  }
  ret_exit = target->told;
  if (target->handle) return ask_handle(*target, now, ret_exit);
  if (is_it && read_exit(ProcessHandle(), pid, record.identity(), ret_exit) == kOk) return kOk;
  return may_be_told(*target, now) ? kPending : kUnsupported;
}

// Under the lock. Of one that has ended, and nobody knows how: the change that tells may be on its
// way.
bool ExitWaits::may_be_told(Target& target, int64_t now) {
  if (!is_told_ || target.is_told) return false;
  if (target.gone_at < 0) target.gone_at = now;
  if (now >= target.gone_at + kPatience) return false;
  be_patient(target, target.gone_at + kPatience);
  return true;
}

// Under the lock. Of one that has ended.
Status ExitWaits::ask_handle(Target& target, int64_t now, Exit& ret_exit) {
  Status status = read_exit(target.handle, target.pid, target.identity, ret_exit);
  if (status != kPending) return status;
  if (target.patience >= 0 && now >= target.patience) {
    // The last attempt is not to fail for want of the descriptor that the handle takes.
    target.handle.close();
    handles_--;
    polled_++;
    target.is_polled = true;
    counters_.polled += target.count;
    return read_exit(target.handle, target.pid, target.identity, ret_exit) == kOk ? kOk
                                                                                  : kUnsupported;
  }
  be_patient(target, target.patience < 0 ? now + kPatience : target.patience);
  return kPending;
}

}  // namespace procseek
