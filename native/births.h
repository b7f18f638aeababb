// Processes that were forked a moment ago. Whether they are still their parent's image, or at once
// execute a program of their own, decides what they are. Pure: times are handed in.
#pragma once

#include <cstdint>

#include "bytes.h"
#include "number_map.h"
#include "status.h"

namespace procseek {

class Births {
 public:
  // A process that has executed nothing so long after its fork, in milliseconds, is taken for what
  // it is: a copy of its parent, to stay.
  static constexpr int64_t kSettling = 10;
  // What a process executes so soon after its fork is part of its start: scripts and launchers
  // execute one program after the other in the same process.
  static constexpr int64_t kWindow = 1000;

  Births() = default;
  Births(const Births&) = delete;
  Births& operator=(const Births&) = delete;
  ~Births();

  Status add(int32_t pid, int64_t now);
  // It executed a program. Whether that is part of its start.
  bool executed(int32_t pid, int64_t now);
  bool is_settling(int32_t pid) const;
  void ended(int32_t pid) { born_.erase(pid); }

  // When the next one will have settled; -1 when none is about to.
  int64_t deadline() const;
  // One that has settled by now; false when there is none (any more).
  bool next_settled(int64_t now, int32_t& ret_pid);

 private:
  // Beyond, the oldest are forgotten before their time is over.
  static constexpr size_t kMost = 8192;

  struct Birth {
    int32_t pid;
    int64_t time;
  };
  struct State {
    uint64_t number = 0;  // of its birth
    bool is_settling = false;
  };

  const Birth& birth(uint64_t number) const { return ring_[number & (capacity_ - 1)]; }
  // Whether this PID is still the process of that birth.
  State* state_of(uint64_t number);
  void drop_first();
  void drop_old(int64_t now);
  bool grow();

  NumberMap<State> born_;
  // In the order of their births, numbered from the first one ever: those from first_ on are
  // remembered, those from unsettled_ on may be settling.
  Birth* ring_ = nullptr;
  size_t capacity_ = 0;
  uint64_t first_ = 0;
  uint64_t unsettled_ = 0;
  uint64_t end_ = 0;
};

}  // namespace procseek
