#include "exit_waits.h"

#include <algorithm>
#include <utility>

#include "platform.h"

namespace procseek {

namespace {

// For how long, in milliseconds, it may take a parent to reap a child, until which the system does
// not tell everybody how the child has ended.
constexpr int64_t kPatience = 100;

// So long, in milliseconds, it may take the threads of a process to end when all of it does. When
// the others live on, the first one has ended alone, and the process may yet end in another way.
constexpr int64_t kFarewell = 10;

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

}  // namespace

Status ExitWaits::add(int32_t token, int32_t pid, const Identity& identity) {
  ProcessHandle handle;
  Status refusal = ProcessHandle::open(pid, handle);
  // Now that the handle holds on to it: is it the one? When there is no descriptor left to find
  // out, that of the handle is given up; and without any, it is found out in time.
  Identity found;
  Status status = identify(pid, found);
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
  bool is_polled;
  {
    Lock lock(mutex_);
    if (handle) {
      refusal = news_.follow(handle, token);
      if (refusal != kOk) handle.close();
    }
    is_polled = !handle;
    if (insert(token, pid, found, std::move(handle)) == nullptr) return out_of_memory();
    counters_.waiting++;
    if (is_polled) counters_.refusal = refusal;
  }
  if (is_polled) news_.wake();
  return kOk;
}

// Under the lock. Null when there is no memory.
ExitWaits::Wait* ExitWaits::insert(int32_t token, int32_t pid, const Identity& identity,
                                   ProcessHandle handle) {
  Wait* wait = waits_.insert(token);
  if (wait == nullptr) return nullptr;
  wait->pid = pid;
  wait->identity = identity;
  wait->handle = std::move(handle);
  wait->is_polled = !wait->handle;
  if (!wait->is_polled) return wait;
  polled_++;
  if (token > 0) counters_.polled++;
  return wait;
}

// Under the lock.
void ExitWaits::keep_told(Wait& wait, const Exit& told, int64_t now) {
  if (told.code < 0 && told.signal == 0) return;
  wait.told = told;
  wait.told_until = now + kFarewell;
  if (wait.is_polled) be_patient(wait, now + kFarewell / 2);
}

// Under the lock.
void ExitWaits::be_patient(Wait& wait, int64_t until) {
  wait.patience = until;
  if (patience_ < 0 || until < patience_) patience_ = until;
}

void ExitWaits::cancel(int32_t token) {
  Lock lock(mutex_);
  erase(token);
}

// Under the lock.
void ExitWaits::erase(int32_t token) {
  Wait* wait = waits_.find(token);
  if (wait == nullptr) return;
  if (wait->is_polled) polled_--;
  if (token > 0) {
    counters_.waiting--;
    if (wait->is_polled) counters_.polled--;
  }
  waits_.erase(token);
}

ExitWaits::Counters ExitWaits::counters() const {
  Lock lock(mutex_);
  return counters_;
}

bool ExitWaits::follow(int32_t pid, const Identity& identity, const Exit& told, int64_t now,
                       bool even_by_polling) {
  if (follows(pid)) return true;
  ProcessHandle handle;
  Identity found;
  own_tokens_ = own_tokens_ == INT32_MAX ? 1 : own_tokens_ + 1;
  // A handle on another process, which has been given the PID, would not tell.
  if (ProcessHandle::open(pid, handle) == kOk &&
      (identify(pid, found) != kOk || !(found == identity) ||
       news_.follow(handle, -own_tokens_) != kOk)) {
    handle.close();
  }
  if (!handle && !even_by_polling) return false;
  int32_t* token = own_.insert(pid);
  if (token == nullptr) return false;
  *token = -own_tokens_;
  Lock lock(mutex_);
  Wait* wait = insert(-own_tokens_, pid, identity, std::move(handle));
  if (wait == nullptr) {
    own_.erase(pid);
    return false;
  }
  keep_told(*wait, told, now);
  return true;
}

int64_t ExitWaits::due() const {
  Lock lock(mutex_);
  if (polled_ == 0) return patience_;
  return patience_ < 0 ? pace_.due() : std::min(patience_, pace_.due());
}

bool ExitWaits::collect_due(int64_t now, Bytes& ret_tokens, bool& ret_polls) {
  Lock lock(mutex_);
  bool has_memory = true;
  ret_polls = polled_ != 0 && now >= pace_.due();
  if (!ret_polls && (patience_ < 0 || now < patience_)) return true;
  patience_ = -1;
  waits_.for_each([&](int32_t token, const Wait& wait) {
    bool is_due = (wait.is_polled && ret_polls) || (wait.patience >= 0 && now >= wait.patience);
    if (is_due) has_memory &= append_value(ret_tokens, token);
    if (wait.patience > now && (patience_ < 0 || wait.patience < patience_)) {
      patience_ = wait.patience;
    }
  });
  return has_memory;
}

bool ExitWaits::check_due(int64_t now, Bytes& ret_ends) {
  Bytes due;
  bool polls;
  bool is_complete = collect_due(now, due, polls);
  if (due.size() == 0) return is_complete;
  int64_t begun = steady_clock();
  double cpu = thread_cpu_time();
  for (int32_t token : values_of<int32_t>(due)) is_complete &= check(token, now, ret_ends);
  cpu = thread_cpu_time() - cpu;
  Lock lock(mutex_);
  if (polls) pace_.made(begun, steady_clock(), cpu);
  return is_complete;
}

bool ExitWaits::check(int32_t token, int64_t now, Bytes& ret_ends) {
  End end = {token, 0, {}, {}};
  Status status = ask(token, now, end.exit);
  if (status != kOk && status != kUnsupported) return true;
  {
    Lock lock(mutex_);
    Wait* wait = waits_.find(token);
    if (wait == nullptr) return true;
    end.pid = wait->pid;
    end.identity = wait->identity;
    if (!append_value(ret_ends, end)) return false;
    erase(token);
  }
  if (token < 0) own_.erase(end.pid);
  return true;
}

// kOk with how it ended; kUnsupported when that cannot be told; kPending when it has not ended, or
// may yet be told; kGone when nobody waits any more.
Status ExitWaits::ask(int32_t token, int64_t now, Exit& ret_exit) {
  int32_t pid;
  Identity identity;
  {
    Lock lock(mutex_);
    Wait* wait = waits_.find(token);
    if (wait == nullptr) return kGone;
    if (now < wait->told_until) ret_exit = wait->told;
    if (!wait->is_polled) return ask_handle(*wait, now, ret_exit);
    if (now >= wait->patience) wait->patience = -1;
    pid = wait->pid;
    identity = wait->identity;
    counters_.polls++;
  }
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return kPending;
  Record record;
  Status status = source->find(pid, Record::kLife, record);
  if (status < 0) return kPending;
  if (status != kOk || (identity && !(record.identity() == identity))) return kUnsupported;
  if (record.has_ended()) {
    return read_exit(ProcessHandle(), pid, record.identity(), ret_exit) == kOk ? kOk : kUnsupported;
  }
  Lock lock(mutex_);
  Wait* wait = waits_.find(token);
  if (wait != nullptr) wait->identity = record.identity();
  return kPending;
}

// Under the lock.
Status ExitWaits::ask_handle(Wait& wait, int64_t now, Exit& ret_exit) {
  Status status = read_exit(wait.handle, wait.pid, wait.identity, ret_exit);
  if (status != kPending) return status;
  if (wait.patience >= 0 && now >= wait.patience) {
    // The last attempt is not to fail for want of the descriptor that the handle takes.
    wait.handle.close();
    return read_exit(wait.handle, wait.pid, wait.identity, ret_exit) == kOk ? kOk : kUnsupported;
  }
  be_patient(wait, wait.patience < 0 ? now + kPatience : wait.patience);
  return kPending;
}

}  // namespace procseek
