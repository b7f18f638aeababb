// When to make the next one of a series of passes. Pure: times are handed in, in milliseconds.
#pragma once

#include <algorithm>
#include <cstdint>

namespace procseek {

class Pace {
 public:
  // One pass every `interval`; fewer when they cost more than `budget`, a share of one core.
  Pace(int64_t interval, double budget) : interval_(interval), budget_(budget) {}

  // For the passes to come.
  void retune(int64_t interval, double budget) {
    interval_ = interval;
    budget_ = budget;
  }

  // The first pass of a new series is due at once.
  void restart() { due_ = stretched_ = 0; }

  int64_t due() const { return due_; }
  // The time from one pass to the next, as things stand.
  int64_t interval() const { return std::max(interval_, stretched_); }
  uint64_t skipped() const { return skipped_; }

  // A pass has been made and took so much CPU time. Those that should have been made meanwhile are
  // left out.
  void made(int64_t begun, int64_t ended, double cpu) {
    // Some systems measure CPU time by ticks of a clock, whole ones.
    cpu = std::min(cpu, static_cast<double>(ended - begun + 1));
    stretched_ = static_cast<int64_t>(std::min(cpu / budget_, kMost));
    bool was_due = due_ != 0 && begun >= due_;
    due_ = (was_due ? due_ : begun) + interval();
    if (due_ > ended) return;
    int64_t missed = (ended - due_) / interval() + 1;
    skipped_ += static_cast<uint64_t>(missed);
    due_ += missed * interval();
  }

 private:
  static constexpr double kMost = 2147483647;

  int64_t interval_;
  double budget_;
  int64_t stretched_ = 0;
  int64_t due_ = 0;  // at once
  uint64_t skipped_ = 0;
};

}  // namespace procseek
