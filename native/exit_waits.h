// Processes whose end is waited for: by somebody, or by the monitor for its watches. The system
// tells of the end of those that there is a handle for; the others have to be looked at.
#pragma once

#include <cstdint>
#include <memory>

#include "mutex.h"
#include "news.h"
#include "number_map.h"
#include "pace.h"
#include "process.h"
#include "process_handle.h"

namespace procseek {

class ExitWaits {
 public:
  struct Counters {
    uint32_t waiting = 0;  // somebody
    uint32_t polled = 0;   // of these, without a handle
    uint64_t polls = 0;    // questions asked for want of handles, ever
    Status refusal = 0;    // why a handle was last to be done without; 0: never
  };

  struct End {
    int32_t token;  // negative: the monitor's own
    int32_t pid;
    Identity identity;
    Exit exit;
  };

  explicit ExitWaits(News& news) : news_(news) {}
  ExitWaits(const ExitWaits&) = delete;
  ExitWaits& operator=(const ExitWaits&) = delete;

  // From any thread.

  // kGone when there is no such process, or not that one (any more). Without an identity, waits for
  // whatever process has the PID now.
  Status add(int32_t token, int32_t pid, const Identity& identity);
  void cancel(int32_t token);
  Counters counters() const;

  // On the monitor's thread.

  // Waits for the monitor. Whether the end will be told: without a handle only `even_by_polling`.
  // `told` is how its first thread has ended just now.
  bool follow(int32_t pid, const Identity& identity, const Exit& told, int64_t now,
              bool even_by_polling);
  bool follows(int32_t pid) const { return own_.find(pid) != nullptr; }
  size_t followed() const { return own_.size(); }
  // visit(pid, identity) for each of the monitor's waits.
  template <class Visit>
  void for_each_followed(Visit visit);
  // Gives up the monitor's waits but for those that keep(pid, identity).
  template <class Keep>
  void keep_if(Keep keep);

  // When to look; -1 when there is no need.
  int64_t due() const;
  // Looks at those without a handle, by turns, and at those that ended and have not told how.
  // Appends to `ret_ends`. False when there was no memory for all.
  bool check_due(int64_t now, Bytes& ret_ends);
  // The handle of this one says that it has ended, or has been reaped.
  bool check(int32_t token, int64_t now, Bytes& ret_ends);

 private:
  struct Wait {
    int32_t pid = 0;
    Identity identity;  // none as long as it could not be read
    ProcessHandle handle;
    bool is_polled = false;  // for want of a handle
    // Until when to wait for how it ended, or when to look before the next turn; -1: neither.
    int64_t patience = -1;
    Exit told;               // how its first thread has ended,
    int64_t told_until = 0;  // which until then is how the process has
  };

  Wait* insert(int32_t token, int32_t pid, const Identity& identity, ProcessHandle handle);
  void keep_told(Wait& wait, const Exit& told, int64_t now);
  void be_patient(Wait& wait, int64_t until);
  void erase(int32_t token);
  Status ask(int32_t token, int64_t now, Exit& ret_exit);
  Status ask_handle(Wait& wait, int64_t now, Exit& ret_exit);
  bool collect_due(int64_t now, Bytes& ret_tokens, bool& ret_polls);

  News& news_;
  NumberMap<int32_t> own_;  // by PID: the tokens of the monitor's own; its thread's alone
  int32_t own_tokens_ = 0;

  mutable Mutex mutex_;    // of all that follows
  NumberMap<Wait> waits_;  // by token
  Pace pace_{100, 0.01};
  int64_t patience_ = -1;  // the shortest of all
  size_t polled_ = 0;      // those without a handle, the monitor's own included
  Counters counters_;
};

template <class Visit>
void ExitWaits::for_each_followed(Visit visit) {
  Lock lock(mutex_);
  own_.for_each([&](int32_t pid, int32_t token) {
    const Wait* wait = waits_.find(token);
    if (wait != nullptr) visit(pid, wait->identity);
  });
}

template <class Keep>
void ExitWaits::keep_if(Keep keep) {
  Lock lock(mutex_);
  Bytes given_up;
  own_.for_each([&](int32_t pid, int32_t token) {
    const Wait* wait = waits_.find(token);
    if (wait != nullptr && keep(pid, wait->identity)) return;
    (void)append_value(given_up, pid);
  });
  for (int32_t pid : values_of<int32_t>(given_up)) {
    erase(*own_.find(pid));
    own_.erase(pid);
  }
}

}  // namespace procseek
