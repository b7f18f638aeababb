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

TEST_CASE("a release that is none is as old as can be") {
  for (const char* release : {"", ".", "-", "a.b", "99999999999.5"}) {
    CAPTURE(release);
    CHECK(is_older_than(release, 5, 17));
  }
}
