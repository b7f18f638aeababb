#include "pace.h"

#include <doctest/doctest.h>

#include "random.h"

using namespace procseek;

TEST_CASE("the first pass is due at once") {
  Pace pace(1000, 0.01);
  CHECK(pace.due() <= 0);
  CHECK(pace.skipped() == 0);
  CHECK(pace.interval() == 1000);
}

TEST_CASE("passes keep to a grid that begins with the first one") {
  Pace pace(1000, 0.5);
  pace.made(5000, 5020, 1);
  CHECK(pace.due() == 6000);
  pace.made(6013, 6050, 1);  // late, and the next one is not
  CHECK(pace.due() == 7000);
  pace.made(7000, 7001, 1);
  CHECK(pace.due() == 8000);
  CHECK(pace.skipped() == 0);
}

TEST_CASE("a pass that costs more than its budget stretches the interval") {
  Pace pace(1000, 0.01);
  pace.made(0, 30, 25);
  CHECK(pace.interval() == 2500);
  CHECK(pace.due() == 2500);
  pace.made(2500, 2530, 5);  // cheap again
  CHECK(pace.interval() == 1000);
  CHECK(pace.due() == 3500);
}

TEST_CASE("a pass within its budget stretches nothing") {
  Pace pace(1000, 0.01);
  pace.made(0, 10, 10);
  CHECK(pace.interval() == 1000);
  CHECK(pace.due() == 1000);
}

TEST_CASE("passes that should have been made during another one are left out and counted") {
  Pace pace(100, 1);
  pace.made(1000, 1001, 1);
  CHECK(pace.due() == 1100);
  pace.made(1100, 1450, 1);
  CHECK(pace.skipped() == 3);  // at 1200, 1300 and 1400
  CHECK(pace.due() == 1500);
  pace.made(1500, 1700, 1);  // until the very moment of another one
  CHECK(pace.skipped() == 5);
  CHECK(pace.due() == 1800);
}

TEST_CASE("a pass that begins late by more than an interval leaves others out as well") {
  Pace pace(100, 1);
  pace.made(1000, 1001, 1);
  pace.made(1350, 1351, 1);
  CHECK(pace.skipped() == 2);  // at 1200 and 1300
  CHECK(pace.due() == 1400);
}

TEST_CASE("a pass that is made before it is due begins another grid") {
  Pace pace(1000, 0.5);
  pace.made(5000, 5010, 1);
  pace.made(5600, 5610, 1);
  CHECK(pace.due() == 6600);
  CHECK(pace.skipped() == 0);
}

TEST_CASE("another interval counts from the next pass on") {
  Pace pace(1000, 0.5);
  pace.made(5000, 5001, 1);
  pace.retune(100, 0.5);
  CHECK(pace.due() == 6000);
  CHECK(pace.interval() == 100);
  pace.made(6000, 6001, 1);
  CHECK(pace.due() == 6100);
}

TEST_CASE("another budget counts from the next pass on") {
  Pace pace(100, 1);
  pace.made(1000, 1010, 10);
  CHECK(pace.interval() == 100);
  pace.retune(100, 0.01);
  CHECK(pace.due() == 1100);
  pace.made(1100, 1110, 10);
  CHECK(pace.interval() == 1000);
  CHECK(pace.due() == 2100);
}

TEST_CASE("passes never take more than their budget and are never due in the past") {
  Random random(5);
  for (int i = 0; i < 200; i++) {
    auto interval = static_cast<int64_t>(random.below(2000)) + 10;
    double budget = static_cast<double>(random.below(100) + 1) / 100;
    Pace pace(interval, budget);
    double spent = 0;
    int64_t now = 100000;
    const int64_t begun = now;
    for (int pass = 0; pass < 100; pass++) {
      auto length = static_cast<int64_t>(random.below(500)) + 1;
      double cpu = static_cast<double>(random.below(static_cast<size_t>(length)) + 1);
      int64_t before = now;
      spent += cpu;
      now += length;
      pace.made(before, now, cpu);
      REQUIRE(pace.due() > now);
      REQUIRE(pace.interval() >= interval);
      now = pace.due() + static_cast<int64_t>(random.below(5));
    }
    // A pass is measured after it was made, and a late start does not put off the next one.
    CHECK(spent <= budget * static_cast<double>(now - begun) * 1.05 + 500);
  }
}

TEST_CASE("the smallest budget there is makes passes as rare as can be") {
  Pace pace(1000, 5e-324);
  pace.made(0, 10, 5);
  CHECK(pace.interval() > 1000000000);
}

TEST_CASE("a pass cannot have used more of a core than it took time") {
  Pace pace(100, 0.01);
  pace.made(1000, 1001, 15.625);  // a tick of the clock that it happened to see
  CHECK(pace.interval() == 200);
  pace.made(2000, 2030, 15.625);
  CHECK(pace.interval() == 1562);
}
