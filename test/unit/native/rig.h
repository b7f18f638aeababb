// A monitor over a made-up machine, with whoever listens to it.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fake_machine.h"
#include "monitor.h"
#include "told.h"

class Rig final : public procseek::Monitor::Listener {
 public:
  Rig() {
    auto news_of_it = std::make_unique<FakeNews>(machine);
    news = news_of_it.get();
    monitor = std::make_unique<procseek::Monitor>(std::move(news_of_it), memory.get());
  }
  ~Rig() override {
    if (!is_running_) return;
    monitor->stop();
    monitor->join();
  }

  void start() {
    REQUIRE(monitor->start(*this) == procseek::kOk);
    is_running_ = true;
  }
  void stop() {
    monitor->stop();
    monitor->join();
    is_running_ = false;
  }

  procseek::Watch& add(procseek::WatchOptions options = {}, std::vector<int32_t> pids = {},
                       bool with_text = false) {
    procseek::Watch& watch = make(options, pids, with_text);
    monitor->add(watch);
    return watch;
  }
  // A watch by parent.
  procseek::Watch& add_children_of(int32_t ppid) {
    procseek::Watch& watch = make({}, {}, false, ppid);
    monitor->add(watch);
    return watch;
  }
  procseek::Watch& make(procseek::WatchOptions options = {}, std::vector<int32_t> pids = {},
                        bool with_text = false, int64_t ppid = -1) {
    procseek::QueryOptions query;
    query.text_limit = procseek::Record::kMostTextLimit;
    query.ppid = ppid;
    query.fields = procseek::bit(procseek::Field::pid);
    if (with_text) query.fields |= procseek::bit(procseek::Field::cmdline);
    auto token = static_cast<int32_t>(watches.size()) + 1;
    watches.emplace_back(new procseek::Watch(token, query, options));
    procseek::Watch& watch = *watches.back();
    REQUIRE(watch.query().assign_names(std::string("x\0", 2), false) == procseek::kOk);
    if (!pids.empty()) REQUIRE(watch.only(pids.data(), pids.size()) == procseek::kOk);
    return watch;
  }
  procseek::Watch& add_polling(int64_t interval = 1000) {
    procseek::WatchOptions options;
    options.backend = procseek::Backend::polling;
    options.interval = interval;
    options.budget = 1;
    return add(options);
  }
  // A watch that is ready, of what was told so far.
  procseek::Watch& begin() {
    start();
    procseek::Watch& watch = add();
    told(watch);
    return watch;
  }

  void rest() { REQUIRE(news->comes_to_rest()); }
  void pass_time(int64_t milliseconds) {
    rest();
    news->pass_time(milliseconds);
    rest();
  }
  Told told(procseek::Watch& watch) {
    rest();
    bool with_text = watch.query().told_fields() != procseek::bit(procseek::Field::pid);
    Taken taken = take(watch, with_text);
    numbers = taken.numbers;
    if (taken.has_to_wake) monitor->wake();
    return taken.told;
  }
  // "watch 1", "wait 1 0"
  Told notices() {
    rest();
    procseek::Bytes bytes;
    monitor->take(bytes);
    Told all;
    auto* entry = reinterpret_cast<const int32_t(*)[4]>(bytes.data());
    for (size_t i = 0; i < bytes.size() / sizeof *entry; i++) {
      auto [what, token, code, signal] = entry[i];
      bool is_watch = what == procseek::Monitor::kWatchNews;
      std::string text = (is_watch ? "watch " : "wait ") + std::to_string(token);
      all.push_back(is_watch ? text : text + text_of_exit(code, signal));
    }
    return all;
  }
  std::string why_no_events() const {
    char text[160];
    monitor->why_no_events(text, sizeof text);
    return text;
  }

  bool notify() override {
    notified++;
    return true;
  }
  void finish() override { finished++; }

  struct ReleaseMemory {
    void operator()(procseek::ExitMemory* memory) const { memory->release(); }
  };
  std::unique_ptr<procseek::ExitMemory, ReleaseMemory> memory{new procseek::ExitMemory};
  FakeMachine machine;
  FakeNews* news;
  std::unique_ptr<procseek::Monitor> monitor;
  std::vector<HeldWatch> watches;
  std::vector<uint32_t> numbers;
  std::atomic<int> notified{0};
  std::atomic<int> finished{0};

 private:
  bool is_running_ = false;
};
