// What a platform's folder provides, over the one FakeMachine.
#include "fake_machine.h"

#include <algorithm>
#include <climits>

#include "platform.h"

using namespace procseek;

namespace {

std::atomic<FakeMachine*> machine{nullptr};

// One question at a time.
class LockedSource final : public Source {
 public:
  explicit LockedSource(FakeMachine& machine) : machine_(machine), source_(machine.host) {}

  Status begin(const Walk& walk) override {
    std::lock_guard<std::recursive_mutex> lock(machine_.mutex);
    return source_.begin(walk);
  }
  Status next(Record& record) override {
    std::lock_guard<std::recursive_mutex> lock(machine_.mutex);
    return source_.next(record);
  }
  void end() override {
    std::lock_guard<std::recursive_mutex> lock(machine_.mutex);
    source_.end();
  }
  Status read(Record& record, FieldMask wanted) override {
    std::lock_guard<std::recursive_mutex> lock(machine_.mutex);
    return source_.read(record, wanted);
  }
  Status find(int32_t pid, FieldMask wanted, Record& record) override {
    std::lock_guard<std::recursive_mutex> lock(machine_.mutex);
    return source_.find(pid, wanted, record);
  }

 private:
  FakeMachine& machine_;
  FakeSource source_;
};

std::string text_of(const Identity& identity) { return {identity.bytes, identity.length}; }

}  // namespace

FakeMachine::FakeMachine() { machine = this; }
FakeMachine::~FakeMachine() { machine = nullptr; }
FakeMachine* FakeMachine::current() { return machine; }

void FakeMachine::put(FakeProcess process) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  if (FakeProcess* known = host.find(process.pid)) {
    *known = std::move(process);
    return;
  }
  host.put(std::move(process));
}

void FakeMachine::stop_first_thread(int32_t pid) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  host.find(pid)->state = State::zombie;
}

void FakeMachine::end(int32_t pid, Exit exit) {
  std::lock_guard<std::recursive_mutex> lock(mutex);
  FakeProcess* process = host.find(pid);
  for (auto& [handle, hold] : holds) {
    if (hold.identity != process->identity()) continue;
    hold.is_over = true;
    hold.exit = exit;
    if (hold.token != 0) FakeNews::current()->tell_end_of_handle(hold.token);
  }
  host.processes.erase(host.processes.begin() + (process - host.processes.data()));
}

std::atomic<FakeNews*> FakeNews::current_{nullptr};

Status FakeNews::subscribe() {
  subscriptions++;
  is_subscribed = on_subscribe == kOk;
  return on_subscribe;
}

void FakeNews::unsubscribe() { is_subscribed = false; }

bool FakeNews::is_idle() const {
  bool is_late = timeout_ >= 0 && machine_.clock >= until_;
  return script_.empty() && !is_woken_ && failure_ == kOk && !is_late;
}

Status FakeNews::wait(int64_t timeout, Change* ret_changes, size_t most, size_t& ret_count) {
  std::unique_lock<std::mutex> lock(mutex_);
  waits_++;
  timeout_ = timeout;
  until_ = timeout < 0 ? INT64_MAX : machine_.clock + timeout;
  is_asleep_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !is_idle(); });
  is_asleep_ = false;
  is_woken_ = false;
  for (ret_count = 0; ret_count < most && !script_.empty(); ret_count++) {
    ret_changes[ret_count] = script_.front();
    script_.pop_front();
  }
  return std::exchange(failure_, Status{kOk});
}

void FakeNews::wake() {
  std::lock_guard<std::mutex> lock(mutex_);
  is_woken_ = true;
  changed_.notify_all();
}

Status FakeNews::follow(const ProcessHandle& handle, int32_t token) {
  std::lock_guard<std::recursive_mutex> lock(machine_.mutex);
  if (on_follow != kOk) return on_follow;
  FakeMachine::Hold& hold = machine_.holds[handle.native()];
  hold.token = token;
  if (hold.is_over) tell_end_of_handle(token);
  return kOk;
}

void FakeNews::tell_all(const std::vector<Change>& changes) {
  std::lock_guard<std::mutex> lock(mutex_);
  script_.insert(script_.end(), changes.begin(), changes.end());
  changed_.notify_all();
}

void FakeNews::tell(Change::Kind kind, int32_t pid, Exit exit) {
  Change change;
  change.kind = kind;
  change.pid = pid;
  change.exit = exit;
  tell_all({change});
}

void FakeNews::tell_end_of_handle(int32_t token) {
  Change change;
  change.kind = Change::handle_over;
  change.token = token;
  tell_all({change});
}

void FakeNews::lose(uint64_t count) {
  lost_ += count;
  tell(Change::lost, 0);
}

void FakeNews::fail(Status status) {
  std::lock_guard<std::mutex> lock(mutex_);
  failure_ = status;
  changed_.notify_all();
}

void FakeNews::pass_time(int64_t milliseconds) {
  std::lock_guard<std::mutex> lock(mutex_);
  machine_.clock += milliseconds;
  changed_.notify_all();
}

bool FakeNews::comes_to_rest() {
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(20),
                           [this] { return is_asleep_ && is_idle(); });
}

int64_t FakeNews::timeout() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return timeout_;
}

namespace procseek {

std::unique_ptr<Source> make_source(SourceContext*) {
  return std::make_unique<LockedSource>(*machine);
}

Status make_engine(EngineKind kind, Iteration, const char* root,
                   std::unique_ptr<Engine>& ret_engine, Reason&) {
  return machine.load()->on_make_engine(kind, root, ret_engine);
}

int32_t own_pid() { return 1; }

bool process_exists(int32_t pid) {
  std::lock_guard<std::recursive_mutex> lock(machine.load()->mutex);
  return machine.load()->host.find(pid) != nullptr;
}

size_t most_handles() { return machine.load()->most_handles; }

Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) {
  FakeMachine& on = *machine;
  std::lock_guard<std::recursive_mutex> lock(on.mutex);
  if (on.on_list_children != kOk) return on.on_list_children;
  for (const FakeProcess& process : on.host.processes) {
    bool is_child = std::find(parents, parents + count, process.ppid) != parents + count;
    if (is_child && !append_value(ret_children, process.pid)) return out_of_memory();
  }
  return kOk;
}

int64_t steady_clock() { return machine == nullptr ? 0 : machine.load()->clock.load(); }
// The clock obeys the test, and nobody else.
void pause_thread(int64_t) {}
double wall_clock() { return 1e12 + static_cast<double>(steady_clock()); }
double thread_cpu_time() { return static_cast<double>(machine.load()->cpu_time); }

Status ProcessHandle::open(int32_t pid, ProcessHandle& ret_handle) {
  FakeMachine& on = *machine;
  std::lock_guard<std::recursive_mutex> lock(on.mutex);
  if (on.on_open_handle != kOk) return on.on_open_handle;
  FakeProcess* process = on.host.find(pid);
  if (process == nullptr) return kGone;
  intptr_t handle = on.next_handle++;
  on.holds[handle] = {pid, process->identity(), 0, false, {}};
  ret_handle = ProcessHandle(handle);
  return kOk;
}

void ProcessHandle::close() {
  if (native_ == -1) return;
  std::lock_guard<std::recursive_mutex> lock(machine.load()->mutex);
  machine.load()->holds.erase(native_);
  native_ = -1;
}

Status ProcessHandle::send(int32_t) const { return kUnsupported; }

Status read_exit(const ProcessHandle& handle, int32_t, const Identity& identity, Exit& ret_exit) {
  if (machine == nullptr) return kUnsupported;
  FakeMachine& on = *machine;
  std::lock_guard<std::recursive_mutex> lock(on.mutex);
  if (handle) {
    const FakeMachine::Hold& hold = on.holds.at(handle.native());
    if (!hold.is_over) return kPending;
    if (!on.tells_exits_by_handle) return kUnsupported;
    ret_exit = hold.exit;
    return kOk;
  }
  auto known = on.exits_to_anyone.find(text_of(identity));
  if (known == on.exits_to_anyone.end()) return kUnsupported;
  ret_exit = known->second;
  return kOk;
}

}  // namespace procseek
