#include "linux/obstacles.h"

#include <doctest/doctest.h>

using namespace procseek;

TEST_CASE("a kernel's release is told from others by its first two numbers") {
  CHECK(is_older_than("5.16.9", 5, 17));
  CHECK(is_older_than("4.19.0-27-amd64", 5, 17));
  CHECK(is_older_than("6.9.12", 6, 10));
  CHECK(is_older_than("3.10", 5, 17));
  CHECK_FALSE(is_older_than("5.17", 5, 17));
  CHECK_FALSE(is_older_than("5.17-rc1", 5, 17));
  CHECK_FALSE(is_older_than("6.18.44-fc-v669", 6, 10));
  CHECK_FALSE(is_older_than("7", 6, 10));
  CHECK_FALSE(is_older_than("10.0.1+", 6, 10));
}

TEST_CASE("a vendor's release is told by its first two numbers whatever follows them") {
  for (const char* release :
       {"3.10.0-1160.el7.x86_64", "4.9.84-camera+", "2.6.32", "2.6.32-042stab", "4.4.179_S3L",
        "3.10.108#4", "4.14.171-perf-g8a3b", "3.4+", "5.4-tegra", "3.18.44.1.2", "5.15.0-1.el9",
        "2.6.78-fc", "4.19"}) {
    CAPTURE(release);
    CHECK(is_older_than(release, 5, 17));
  }
  for (const char* release : {"5.17.0-camera+", "5.100", "6.1-tegra", "6.1+", "6-rc1", "6+", "6",
                              "5.17_vendor", "10.0"}) {
    CAPTURE(release);
    CHECK_FALSE(is_older_than(release, 5, 17));
  }
}

TEST_CASE("a release that is none is as old as can be") {
  for (const char* release : {"", ".", "-", "a.b", "99999999999.5"}) {
    CAPTURE(release);
    CHECK(is_older_than(release, 5, 17));
  }
}
