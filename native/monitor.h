// Hears of processes on a thread of its own, for any number of watches and of waits for an exit.
// Knows no operating system and no JavaScript.
//
// The thread sleeps until the system has something to tell, and by the clock only while there is a
// reason: watches that have to poll, processes that were forked a moment ago, waits without a
// handle.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "allowance.h"
#include "births.h"
#include "delta.h"
#include "exit_waits.h"
#include "mutex.h"
#include "news.h"
#include "pace.h"
#include "platform.h"
#include "watch.h"
#include "watch_list.h"

namespace procseek {

class Monitor {
 public:
  // Called on the monitor's thread.
  class Listener {
   public:
    virtual ~Listener() = default;
    // There are notices to take. False when nobody could be told: that is tried again.
    virtual bool notify() = 0;
    // The thread is about to end; nothing is called any more.
    virtual void finish() = 0;
  };

  // What notices say, four numbers each.
  enum Notice : int32_t {
    kWatchNews,  // token: the watch has told something
    kWaitOver,   // token, code, signal; see Exit
  };

  // What was done for all watches, and for waits, so far.
  struct Counters {
    uint64_t changes = 0;  // heard of
    uint64_t lost = 0;     // changes that there was no room for
    uint64_t passes = 0;   // over all processes, or what has changed of them
    uint64_t skipped = 0;  // passes that would have overlapped with another
    uint64_t resyncs = 0;  // passes because something was lost
    uint64_t failed = 0;   // passes
    Status failure = 0;    // of the last one that failed; 0: none did
    double cpu_time = 0;   // ms, of the thread
    int64_t interval = 0;  // ms from one polling pass to the next, as things stand
  };
  // `memory`, if there is one, learns how processes ended.
  explicit Monitor(std::unique_ptr<News> news, ExitMemory* memory = nullptr,
                   SourceContext* context = nullptr)
      : news_(std::move(news)), memory_(memory), waits_(*news_, memory), context_(context) {
    if (context_ != nullptr) context_->hold();
  }
  ~Monitor() {
    if (context_ != nullptr) context_->release();
  }
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // All of these on the thread that starts the monitor.
  Status start(Listener& listener);
  // Asks it to end, as it does soon. Then, or as soon as finish() was called, join().
  void stop();
  void join();

  void add(Watch& watch);
  // After something has been taken from a watch or was closed.
  void wake() { news_->wake(); }
  // Pairs: PID, and the number it was told by.
  Status forget(int32_t token, const int32_t* pairs, size_t count);

  // Their ends are told by notices.
  ExitWaits& waits() { return waits_; }

  // What there was no memory for is told of again, a moment later.
  void take(Bytes& ret_notices);
  Counters counters() const;
  // Why there are no events; empty when there are, or none were asked for.
  void why_no_events(char* text, size_t size) const;

 private:
  static void enter(void* monitor) { static_cast<Monitor*>(monitor)->run(); }
  void run();
  void obey();
  void welcome(Watch& watch);
  void forget_watches();
  void tune();
  void hear_all(Status status, const Change* changes, size_t count);
  void hear(const Change& change);
  int64_t time_of(const Change& change) const;
  void settle();
  void examine(int32_t pid, bool is_birth, bool skips_ended);
  void lose();
  bool is_known(int32_t pid) const;
  Source* source();

  // Ends; in monitor_ends.cc, like the next ones.
  void hear_exit(int32_t pid, const Exit& exit);
  void first_thread_ended(int32_t pid, const Exit& exit, int64_t doubted_until);
  bool is_over(int32_t pid);
  void doubt(int32_t pid, const Exit& exit, int64_t until);
  void settle_doubts();
  void follow_remains(const Exit& told);
  void follow_matches();
  void drop_own_waits();
  void tell_end(const ExitWaits::End& end);
  void check(int32_t number);
  // Adoptions.
  void await_adoptions(int32_t ended);
  void look_for_adopted();
  Status compare_children(Watch& watch);
  Status look_at_child(Watch& watch, int32_t pid);

  // Whether changes are heard of; in monitor_events.cc.
  void tune_events();
  void subscribe();
  void rest(const char* reason, int64_t milliseconds);
  void give_up_events();
  void account();
  int64_t events_due() const;
  double budget_of_events() const;
  void explain(const char* reason);

  // In monitor_passes.cc.
  void make_passes();
  void poll();
  void make_pass(Delta* delta, bool everything);
  Status begin_pass(Source& source, bool everything, Bytes& pids);
  Status show_all(Source& source, Delta* delta, bool everything, const Sight& sight);
  void end_pass(Status status, const Sight& sight);

  void announce();
  int64_t timeout() const;

  // visit(watch)
  template <class Visit>
  void for_each_watch(Visit visit) const {
    watches_.for_each(visit);
  }

  std::unique_ptr<News> news_;
  ExitMemory* memory_;  // held by waits_
  ExitWaits waits_;
  SourceContext* context_;
  Listener* listener_ = nullptr;
  Thread thread_;
  std::atomic<bool> is_stopping_{false};

  // The thread's own.
  WatchList<&Watch::next> watches_;
  std::unique_ptr<Source> source_;  // while awake
  Record record_;
  Births births_;
  Delta delta_;
  Pace polling_{1000, 0.01};
  bool has_polling_ = false;
  bool polls_at_once_ = false;
  uint64_t lost_ = 0;
  uint32_t pass_ = 0;
  int64_t now_ = 0;
  int64_t no_pass_before_ = 0;

  bool has_asked_for_events_ = false;
  bool has_events_ = false;
  bool is_resting_ = false;      // there are none for now: they are asked for again
  bool is_listened_to_ = false;  // by watches
  bool has_heard_ = false;       // changes, all that there were
  int64_t no_events_before_ = 0;
  int64_t retry_ = 0;  // after events have failed
  Allowance hearing_;
  double cpu_time_ = 0;       // of the thread, so far
  double cpu_of_passes_ = 0;  // since
  double cpu_of_pass_ = 0;    // of the last one

  Bytes doubts_;  // Doubt
  int64_t doubts_due_ = 0;
  bool has_parents_ = false;    // there is a watch by parent
  int64_t adoptions_due_ = -1;  // -1: nobody can have been adopted
  int64_t no_adoptions_before_ = 0;

  mutable Mutex mutex_;  // of all that follows
  WatchList<&Watch::next> arrivals_;
  Bytes forgotten_;  // token, PID, number
  WatchList<&Watch::next_news> announced_;
  bool is_notified_ = false;
  int64_t no_notice_before_ = 0;
  Counters counters_;
  char why_no_events_[160] = {};
};

}  // namespace procseek
