// Limits the CPU time that is spent on work which others cause, such as hearing of changes. Pure:
// times are handed in, in milliseconds.
#pragma once

#include <algorithm>
#include <cstdint>

namespace procseek {

class Allowance {
 public:
  // A burst may spend what the share allows in this time, in milliseconds.
  static constexpr int64_t kSaved = 6000;

  // A share of one core, for the time to come.
  void retune(double budget) {
    budget_ = budget;
    left_ = std::min(left_, most());
  }
  // As much as can be saved up, to begin with.
  void restart(int64_t now) {
    left_ = most();
    as_of_ = now;
  }

  // Time has passed, for which there is `share` times the budget.
  void refill(int64_t now, double share) {
    if (now > as_of_) left_ += static_cast<double>(now - as_of_) * budget_ * share;
    left_ = std::min(left_, most());
    as_of_ = now;
  }
  void spend(double cpu) { left_ -= cpu; }

  bool is_spent() const { return left_ <= 0; }
  // When half of what can be saved up will be there again, with `share` times the budget.
  int64_t restored(double share) const {
    double missing = most() / 2 - left_;
    if (missing <= 0) return as_of_;
    double wait = std::min(missing / (budget_ * share), kLongest);
    return as_of_ + static_cast<int64_t>(wait) + 1;
  }

 private:
  static constexpr double kLongest = 600000;

  double most() const { return budget_ * static_cast<double>(kSaved); }

  double budget_ = 0.01;
  double left_ = 0;
  int64_t as_of_ = 0;
};

}  // namespace procseek
