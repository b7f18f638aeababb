#include "exit_waits.h"

#include <algorithm>
#include <utility>

#include "platform.h"

namespace procseek {

namespace {

// For how long, in milliseconds, it may take a parent to reap a child, until which the system does
// not tell everybody how the child has ended.
constexpr int64_t kPatience = 100;

// Whether the process is still this one.
bool is_held(int32_t pid, const Identity& identity) {
  std::unique_ptr<Source> source = make_source();
  Record record;
  return source != nullptr && source->find(pid, bit(Field::id), record) == kOk &&
         record.identity() == identity;
}

}  // namespace

Status ExitWaits::add(int32_t token, int32_t pid, const Identity& identity) {
  ProcessHandle handle;
  Status refusal = ProcessHandle::open(pid, handle);
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return out_of_memory();
  // Now that the handle holds on to it: is it the one?
  Record record;
  Status status = source->find(pid, bit(Field::id), record);
  if (status != kOk) return status;
  if (identity && !(record.identity() == identity)) return kGone;
  bool has_handle = static_cast<bool>(handle);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    status = insert(token, pid, record.identity(), Exit{}, std::move(handle));
    if (status != kOk) return status;
    counters_.waiting++;
    if (!has_handle) counters_.refusal = refusal;
  }
  if (!has_handle) news_.wake();
  return kOk;
}

// Under the lock.
Status ExitWaits::insert(int32_t token, int32_t pid, const Identity& identity, const Exit& told,
                         ProcessHandle handle) {
  Wait* wait = waits_.insert(token);
  if (wait == nullptr) return out_of_memory();
  wait->pid = pid;
  wait->identity = identity;
  wait->told = told;
  if (handle && news_.follow(handle, token) == kOk) wait->handle = std::move(handle);
  if (!wait->handle) counters_.polled++;
  return kOk;
}

void ExitWaits::cancel(int32_t token) {
  std::lock_guard<std::mutex> lock(mutex_);
  erase(token);
}

// Under the lock.
void ExitWaits::erase(int32_t token) {
  Wait* wait = waits_.find(token);
  if (wait == nullptr) return;
  if (!wait->handle) counters_.polled--;
  if (token > 0) counters_.waiting--;
  waits_.erase(token);
}

ExitWaits::Counters ExitWaits::counters() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return counters_;
}

bool ExitWaits::follow(int32_t pid, const Identity& identity, const Exit& told,
                       bool even_by_polling) {
  if (follows(pid)) return true;
  ProcessHandle handle;
  // A handle on another process, which has been given the PID, would not tell.
  if (ProcessHandle::open(pid, handle) == kOk && !is_held(pid, identity)) handle.close();
  if (!handle && !even_by_polling) return false;
  own_tokens_ = own_tokens_ == INT32_MAX ? 1 : own_tokens_ + 1;
  int32_t* token = own_.insert(pid);
  if (token == nullptr) return false;
  *token = -own_tokens_;
  std::lock_guard<std::mutex> lock(mutex_);
  if (insert(-own_tokens_, pid, identity, told, std::move(handle)) == kOk) return true;
  own_.erase(pid);
  return false;
}

int64_t ExitWaits::due() const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (counters_.polled == 0) return patience_;
  return patience_ < 0 ? pace_.due() : std::min(patience_, pace_.due());
}

bool ExitWaits::collect_due(int64_t now, Bytes& ret_tokens, bool& ret_polls) {
  std::lock_guard<std::mutex> lock(mutex_);
  bool has_memory = true;
  ret_polls = counters_.polled != 0 && now >= pace_.due();
  if (!ret_polls && (patience_ < 0 || now < patience_)) return true;
  patience_ = -1;
  waits_.for_each([&](int32_t token, const Wait& wait) {
    bool is_due = wait.handle ? wait.patience >= 0 && now >= wait.patience : ret_polls;
    if (is_due) {
      has_memory &= ret_tokens.append({reinterpret_cast<const char*>(&token), sizeof token});
    } else if (wait.patience >= 0 && (patience_ < 0 || wait.patience < patience_)) {
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
  auto* tokens = reinterpret_cast<const int32_t*>(due.data());
  for (size_t i = 0; i < due.size() / sizeof *tokens; i++) {
    is_complete &= check(tokens[i], now, ret_ends);
  }
  cpu = thread_cpu_time() - cpu;
  std::lock_guard<std::mutex> lock(mutex_);
  if (polls) pace_.made(begun, steady_clock(), cpu);
  return is_complete;
}

bool ExitWaits::check(int32_t token, int64_t now, Bytes& ret_ends) {
  End end = {token, 0, {}, {}};
  Status status = ask(token, now, end.exit);
  if (status != kOk && status != kUnsupported) return true;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    Wait* wait = waits_.find(token);
    if (wait == nullptr) return true;
    end.pid = wait->pid;
    end.identity = wait->identity;
    if (!ret_ends.append({reinterpret_cast<const char*>(&end), sizeof end})) return false;
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
    std::lock_guard<std::mutex> lock(mutex_);
    Wait* wait = waits_.find(token);
    if (wait == nullptr) return kGone;
    ret_exit = wait->told;
    if (wait->handle) return ask_handle(*wait, now, ret_exit);
    pid = wait->pid;
    identity = wait->identity;
    counters_.polls++;
  }
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return kPending;
  Record record;
  Status status = source->find(pid, Record::kLife, record);
  if (status < 0) return kPending;
  bool is_same = status == kOk && record.identity() == identity;
  if (is_same && !record.has_ended()) return kPending;
  return read_exit(ProcessHandle(), pid, identity, ret_exit) == kOk ? kOk : kUnsupported;
}

// Under the lock.
Status ExitWaits::ask_handle(Wait& wait, int64_t now, Exit& ret_exit) {
  Status status = read_exit(wait.handle, wait.pid, wait.identity, ret_exit);
  if (status != kPending) return status;
  if (wait.patience >= 0 && now >= wait.patience) return kUnsupported;
  if (wait.patience < 0) wait.patience = now + kPatience;
  if (patience_ < 0 || wait.patience < patience_) patience_ = wait.patience;
  return kPending;
}

}  // namespace procseek
