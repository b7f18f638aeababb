// A machine of made-up processes for a whole monitor: its clock goes on when it is told to, its
// news are scripted, and there is one at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine.h"
#include "fake_source.h"
#include "news.h"
#include "process_handle.h"

class FakeMachine {
 public:
  FakeMachine();
  ~FakeMachine();
  FakeMachine(const FakeMachine&) = delete;
  FakeMachine& operator=(const FakeMachine&) = delete;
  // The one that there is, or null.
  static FakeMachine* current();

  // Under the lock, as the monitor's thread asks the host as well.
  template <class Change>
  void with_host(Change change) {
    std::lock_guard<std::recursive_mutex> lock(mutex);
    change(host);
  }
  // PIDs ascend in a walk.
  void put(FakeProcess process);
  // Becomes a zombie, or loses its first thread when it has others.
  void stop_first_thread(int32_t pid);
  // Ends and is reaped; handles on it tell.
  void end(int32_t pid, procseek::Exit exit = {0, 0});

  std::recursive_mutex mutex;
  FakeHost host;
  procseek::Status on_open_handle = procseek::kOk;
  bool tells_exits_by_handle = true;
  // What most_handles() and list_children() say.
  std::atomic<size_t> most_handles{SIZE_MAX};
  procseek::Status on_list_children = procseek::kOk;
  std::function<procseek::Status(procseek::EngineKind kind, const char* root,
                                 std::unique_ptr<procseek::Engine>& ret_engine)>
      on_make_engine = [](auto&&...) { return procseek::kUnsupported; };
  // What read_exit tells without a handle, by identity.
  std::map<std::string, procseek::Exit> exits_to_anyone;

  // Of handles, by number.
  struct Hold {
    int32_t pid = 0;
    std::string identity;
    int32_t token = 0;  // 0: not followed
    bool is_over = false;
    procseek::Exit exit;
  };
  std::map<intptr_t, Hold> holds;
  intptr_t next_handle = 100;

  // Milliseconds.
  std::atomic<int64_t> clock{1000000};
  std::atomic<int64_t> cpu_time{0};
};

// What its monitor hears. Owned by the monitor.
class FakeNews final : public procseek::News {
 public:
  explicit FakeNews(FakeMachine& machine) : machine_(machine) { current_ = this; }
  ~FakeNews() override { current_ = nullptr; }
  static FakeNews* current() { return current_; }

  procseek::Status subscribe() override;
  void unsubscribe() override;
  const char* why_not() const override { return "refused by the test"; }
  uint64_t lost() const override { return lost_; }
  procseek::Status wait(int64_t timeout, procseek::Change* ret_changes, size_t most,
                        size_t& ret_count) override;
  void wake() override;
  procseek::Status follow(const procseek::ProcessHandle& handle, int32_t token) override;

  // The script, from any thread.

  void tell(procseek::Change::Kind kind, int32_t pid, procseek::Exit exit = {});
  void tell_all(const std::vector<procseek::Change>& changes);
  void tell_end_of_handle(int32_t token);
  void lose(uint64_t count);
  void fail(procseek::Status status);
  // The clock goes on, and those who sleep until then wake up.
  void pass_time(int64_t milliseconds);
  // Until the monitor has done all that it has to do for now. False when that takes for ever.
  bool comes_to_rest();
  // How long it would sleep, as of its falling asleep.
  int64_t timeout() const;
  int64_t waits() const { return waits_; }

  std::atomic<procseek::Status> on_subscribe{procseek::kOk};
  std::atomic<procseek::Status> on_follow{procseek::kOk};
  std::atomic<int> subscriptions{0};
  std::atomic<bool> is_subscribed{false};

 private:
  bool is_idle() const;

  static std::atomic<FakeNews*> current_;
  FakeMachine& machine_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<procseek::Change> script_;
  procseek::Status failure_ = procseek::kOk;
  bool is_woken_ = false;
  bool is_asleep_ = false;
  int64_t timeout_ = 0;
  int64_t until_ = 0;
  std::atomic<int64_t> waits_{0};
  std::atomic<uint64_t> lost_{0};
};
