// Processes whose end is waited for: by somebody, or by the monitor for its watches. The system
// tells of the end of those that there is a handle for; the others have to be looked at.
//
// However many wait for a process, it is followed once. All that it takes to tell an end is
// allocated when a wait begins, so that telling cannot fail.
#pragma once

#include <cstdint>
#include <memory>

#include "exit_memory.h"
#include "mutex.h"
#include "news.h"
#include "number_map.h"
#include "pace.h"
#include "platform.h"
#include "process.h"
#include "process_handle.h"

namespace procseek {

class ExitWaits {
 public:
  // How long, in milliseconds, a process is still followed after the last wait for it was given up,
  // so that a caller who asks again and again learns how it ended.
  static constexpr int64_t kLinger = 60000;
  // How many processes are followed that way; beyond, the oldest is given up.
  static constexpr size_t kMostLingering = 64;

  struct Counters {
    uint32_t waiting = 0;  // somebody
    uint32_t polled = 0;   // of these, without a handle
    uint64_t polls = 0;    // questions asked for want of handles, ever
    Status refusal = 0;    // why a handle was last to be done without; 0: never
  };

  // The end of a process that the monitor follows for its watches.
  struct End {
    int32_t pid;
    Identity identity;
    Exit exit;
  };

  ExitWaits(News& news, ExitMemory* memory) : news_(news), memory_(memory) {
    if (memory_ != nullptr) memory_->hold();
  }
  ~ExitWaits() {
    if (memory_ != nullptr) memory_->release();
  }
  ExitWaits(const ExitWaits&) = delete;
  ExitWaits& operator=(const ExitWaits&) = delete;

  // From any thread.

  // kGone when there is no such process, or not that one (any more). Without an identity, waits for
  // whatever process has the PID now.
  Status add(int32_t token, int32_t pid, const Identity& identity);
  // Nobody waits by this token any more; the process `may_linger`. How many do.
  size_t cancel(int32_t token, bool may_linger);
  Counters counters() const;
  // Appends the waits that are over, four numbers each: `what`, token, code and signal. False when
  // there was no memory for all; the rest can be taken later.
  bool take(int32_t what, Bytes& ret_notices);
  bool has_ended_waits() const;

  // On the monitor's thread.

  // Waits for the monitor. kOk when the end will be told: without a handle only `even_by_polling`,
  // else kUnsupported. `told` is how its first thread has ended just now.
  Status follow(int32_t pid, const Identity& identity, const Exit& told, int64_t now,
                bool even_by_polling);
  bool follows(int32_t pid) const;
  size_t followed() const;
  // visit(pid, identity) for each of the monitor's waits.
  template <class Visit>
  void for_each_followed(Visit visit) const;
  // Gives up the monitor's waits but for those that keep(pid, identity).
  template <class Keep>
  void keep_if(Keep keep);

  // Whether the system's changes are of use: because processes have to be looked at, or will have
  // to be soon.
  bool wants_changes() const;
  // The system has told that the first thread of this process has ended, and how. The number to
  // check it by; 0 when it is not one that has to be looked at.
  int32_t hear_exit(int32_t pid, const Exit& exit, int64_t now);
  // Whether changes are heard of at the moment, which tell how processes end. Then those without a
  // handle are looked at more seldom.
  void be_told(bool is_told);
  // Changes were lost.
  void look_soon();
  // The ends of those with handles are not told at the moment: they are to be looked at as well.
  void be_deaf(bool is_deaf);

  // When to look; -1 when there is no need.
  int64_t due() const;
  // Looks at those without a handle, by turns, and at those that ended and have not told how:
  // visit(end) for each of the monitor's own that is over. What there was no memory for is looked
  // at a moment later. Returns what CPU time that took, in milliseconds: it has a limit of its own.
  template <class Visit>
  double check_due(int64_t now, Visit visit);
  // The handle of this one says that it has ended, or has been reaped. Whether it is over and one
  // of the monitor's own.
  bool check(int32_t number, int64_t now, End& ret_end);

 private:
  // From one look to the next, in milliseconds, and the same while changes tell of ends.
  static constexpr int64_t kInterval = 100;
  static constexpr int64_t kIntervalWhenTold = 1000;
  static constexpr double kBudget = 0.01;

  struct Target {
    int32_t pid = 0;
    Identity identity;  // none as long as it could not be read
    ProcessHandle handle;
    int32_t first = 0;  // token of a list of those who wait for it
    uint32_t count = 0;
    bool is_own = false;      // the monitor waits for it
    bool is_polled = false;   // for want of a handle
    int64_t lingers_to = -1;  // -1: somebody waits for it
    // Until when to wait for how it ended, or when to look before the next turn; -1: neither.
    int64_t patience = -1;
    Exit told;               // how its first thread has ended,
    int64_t told_until = 0;  // which is how the process has, unless it is seen alive after that
    bool is_told = false;    // so that nothing more will be told
    int64_t gone_at = -1;    // when it was found to have ended, and not known how
  };
  struct Wait {
    int32_t target = 0;  // 0: it is over
    int32_t previous = 0;
    int32_t next = 0;
    Exit exit;
  };

  Status try_to_add(int32_t token, int32_t pid, const Identity& identity);
  bool join(int32_t token, int32_t pid, const Identity& identity, Status& ret_status);
  Status tell_at_once(int32_t token, const Exit& exit);
  Status open_handle(int32_t pid, ProcessHandle& ret_handle);
  Status begin(int32_t pid, const Identity& identity, ProcessHandle handle, Status& ret_refusal,
               int32_t& ret_number);
  Status attach(int32_t token, int32_t number);
  void unlink(const Wait& wait, int32_t& first);
  void append_over(int32_t token, Wait& wait);
  bool drop_lingering();
  Target* find(int32_t pid, int32_t* ret_number = nullptr);
  void keep_told(Target& target, const Exit& told, int64_t now);
  void be_patient(Target& target, int64_t until);
  void linger(int32_t number, bool may_linger);
  void drop(int32_t number);
  void end(int32_t number, const Exit& exit);
  Status ask(int32_t number, int64_t now, Exit& ret_exit);
  Status ask_handle(Target& target, int64_t now, Exit& ret_exit);
  bool may_be_told(Target& target, int64_t now);
  bool is_looked_at(const Target& target) const { return target.is_polled || is_deaf_; }
  bool collect_due(int64_t now, Bytes& ret_numbers);
  void looked(int64_t begun, double cpu);

  News& news_;
  ExitMemory* memory_;

  mutable Mutex mutex_;                // of all that follows
  mutable NumberMap<Target> targets_;  // by number
  NumberMap<int32_t> by_pid_;          // the numbers of those that were last to have each PID
  NumberMap<Wait> waits_;              // by token
  int32_t last_number_ = 0;
  int32_t first_over_ = 0;  // tokens: a list of waits that are over
  int32_t last_over_ = 0;
  size_t own_ = 0;
  size_t lingering_ = 0;
  size_t handles_ = 0;
  size_t polled_ = 0;  // without a handle
  bool is_deaf_ = false;
  bool is_told_ = false;
  Pace pace_{kInterval, kBudget};
  int64_t patience_ = -1;  // the shortest of all
  Counters counters_;
};

template <class Visit>
void ExitWaits::for_each_followed(Visit visit) const {
  Lock lock(mutex_);
  targets_.for_each([&](int32_t, const Target& target) {
    if (target.is_own) visit(target.pid, target.identity);
  });
}

template <class Keep>
void ExitWaits::keep_if(Keep keep) {
  Lock lock(mutex_);
  for (bool is_done = own_ == 0; !is_done;) {
    // A few at a time, which takes no memory.
    int32_t given_up[32];
    size_t count = 0;
    targets_.for_each([&](int32_t number, const Target& target) {
      if (!target.is_own || count == sizeof given_up / sizeof *given_up) return;
      if (!keep(target.pid, target.identity)) given_up[count++] = number;
    });
    for (size_t i = 0; i < count; i++) {
      Target& target = *targets_.find(given_up[i]);
      target.is_own = false;
      own_--;
      if (target.count == 0 && target.lingers_to < 0) drop(given_up[i]);
    }
    is_done = count < sizeof given_up / sizeof *given_up;
  }
}

template <class Visit>
double ExitWaits::check_due(int64_t now, Visit visit) {
  Bytes numbers;
  bool polls = collect_due(now, numbers);
  if (numbers.size() == 0 && !polls) return 0;
  double cpu = thread_cpu_time();
  for (int32_t number : values_of<int32_t>(numbers)) {
    End end;
    if (check(number, now, end)) visit(end);
  }
  cpu = thread_cpu_time() - cpu;
  if (polls) looked(now, cpu);
  return cpu;
}

}  // namespace procseek
