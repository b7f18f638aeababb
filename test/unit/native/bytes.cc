#include "bytes.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace procseek;

namespace {

std::string all_of(const Bytes& bytes) {
  return std::string(bytes.view({0, static_cast<uint32_t>(bytes.size())}));
}

}  // namespace

TEST_CASE("bytes grow and keep what they hold") {
  Bytes bytes;
  std::string expected;
  for (int i = 0; i < 5000; i++) {
    char byte = static_cast<char>(i % 251);
    REQUIRE(bytes.append(byte));
    expected.push_back(byte);
  }
  CHECK(all_of(bytes) == expected);
}

TEST_CASE("what was stored is found again after the run has moved") {
  Bytes bytes;
  Span first;
  Span second;
  REQUIRE(bytes.store("first", first));
  REQUIRE(bytes.store("", second));
  CHECK(second.length == 0);
  REQUIRE(bytes.store("second", second));
  REQUIRE(bytes.append(std::string(100000, 'x')));
  CHECK(bytes.view(first) == "first");
  CHECK(bytes.view(second) == "second");
}

TEST_CASE("bytes that were cleared or truncated keep their room") {
  Bytes bytes;
  REQUIRE(bytes.append("0123456789"));
  const char* where = bytes.data();
  bytes.truncate(3);
  CHECK(all_of(bytes) == "012");
  bytes.clear();
  CHECK(bytes.size() == 0);
  REQUIRE(bytes.append("abc"));
  CHECK(bytes.data() == where);
}

TEST_CASE("nothing can be reserved and appended") {
  Bytes bytes;
  CHECK(bytes.reserve(0));
  CHECK(bytes.append(std::string_view()));
  CHECK(bytes.size() == 0);
}

TEST_CASE("bytes move and leave an empty run behind") {
  Bytes from;
  REQUIRE(from.append("moved"));
  Bytes to(std::move(from));
  CHECK(all_of(to) == "moved");
  Bytes assigned;
  assigned = std::move(to);
  CHECK(all_of(assigned) == "moved");
}

TEST_CASE("a reservation beyond the limit is refused and harmless") {
  Bytes bytes;
  REQUIRE(bytes.append("kept"));
  CHECK_FALSE(bytes.reserve(size_t{1} << 30));
  CHECK_FALSE(bytes.reserve(SIZE_MAX));
  CHECK_FALSE(bytes.reserve(SIZE_MAX - 3));
  CHECK(all_of(bytes) == "kept");
  REQUIRE(bytes.append("!"));
  CHECK(all_of(bytes) == "kept!");
}
