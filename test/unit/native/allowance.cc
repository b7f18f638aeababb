// How much CPU time hearing of changes may take.
#include "allowance.h"

#include <doctest/doctest.h>

using namespace procseek;

TEST_CASE("an allowance bears a burst of what was saved and is spent by what lasts") {
  Allowance allowance;
  allowance.retune(0.01);
  allowance.restart(1000);
  allowance.spend(59);
  CHECK_FALSE(allowance.is_spent());
  allowance.spend(1);
  CHECK(allowance.is_spent());
}

TEST_CASE("an allowance comes back at the rate of the budget and is never more than the burst") {
  Allowance allowance;
  allowance.retune(0.01);
  allowance.restart(0);
  allowance.spend(60);
  CHECK(allowance.restored(0.5) == 6001);
  allowance.refill(6000, 0.5);
  CHECK_FALSE(allowance.is_spent());
  CHECK(allowance.restored(0.5) == 6000);
  allowance.spend(30);
  CHECK(allowance.is_spent());
  allowance.refill(1000000, 1);
  allowance.spend(59.9);
  CHECK_FALSE(allowance.is_spent());
  allowance.spend(0.2);
  CHECK(allowance.is_spent());
}

TEST_CASE("over a long storm an allowance lets through no more than its budget and one burst") {
  Allowance allowance;
  allowance.retune(0.01);
  allowance.restart(0);
  double spent = 0;
  bool is_resting = false;
  constexpr int64_t kDuration = 600000;
  for (int64_t now = 0; now < kDuration; now += 10) {
    allowance.refill(now, is_resting ? 0.5 : 1);
    if (is_resting && now >= allowance.restored(0.5)) is_resting = false;
    if (is_resting) continue;
    spent += 2.5;  // a quarter of a core
    allowance.spend(2.5);
    is_resting = allowance.is_spent();
  }
  CHECK(spent <= kDuration * 0.01 + 60 + 2.5);
}

TEST_CASE("a clock that goes back takes nothing away") {
  Allowance allowance;
  allowance.retune(0.01);
  allowance.restart(1000000);
  allowance.refill(0, 1);
  CHECK_FALSE(allowance.is_spent());
}
