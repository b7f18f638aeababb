#include "number_map.h"

#include <doctest/doctest.h>

#include <climits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "random.h"

using namespace procseek;

namespace {

// As NumberMap hashes: in a table of any size these collide.
uint32_t hash(int32_t number) { return (static_cast<uint32_t>(number) * 2654435769u) >> 7; }

std::vector<int32_t> colliding(size_t count) {
  std::vector<int32_t> numbers;
  for (int32_t number = 1; numbers.size() < count; number++) {
    if ((hash(number) & 1023) == (hash(1) & 1023)) numbers.push_back(number);
  }
  return numbers;
}

template <class Value>
std::map<int32_t, Value> all_of(NumberMap<Value>& map) {
  std::map<int32_t, Value> all;
  map.for_each([&](int32_t number, Value& value) {
    CHECK(all.emplace(number, value).second);  // visited once
  });
  return all;
}

struct Step {
  NumberMap<int>& map;
  std::map<int32_t, int>& model;

  void insert(int32_t number, int value) {
    bool is_new = model.count(number) == 0;
    int* place = map.insert(number);
    REQUIRE(place != nullptr);
    REQUIRE(*place == (is_new ? 0 : model[number]));
    *place = model[number] = value;
  }
  void erase(int32_t number) {
    map.erase(number);
    model.erase(number);
  }
  void compare(int32_t number) {
    const int* found = map.find(number);
    auto expected = model.find(number);
    REQUIRE((found != nullptr) == (expected != model.end()));
    if (found != nullptr) REQUIRE(*found == expected->second);
    REQUIRE(map.size() == model.size());
  }
};

}  // namespace

TEST_CASE("a map of numbers agrees with an ordinary map whatever is put in and taken out") {
  const std::vector<int32_t> clashing = colliding(12);
  Random random(1);
  // Few numbers, many, and such that all want the same place; negative ones as well.
  for (int kind = 0; kind < 4; kind++) {
    CAPTURE(kind);
    NumberMap<int> map;
    std::map<int32_t, int> model;
    Step step{map, model};
    for (int i = 1; i <= 40000; i++) {
      int32_t number = kind == 0   ? static_cast<int32_t>(random.below(40)) + 1
                       : kind == 1 ? static_cast<int32_t>(random.below(20000)) + 1
                       : kind == 2 ? random.one_of(clashing)
                                   : static_cast<int32_t>(random.next() >> 32) % 3000;
      if (kind != 0 && random.below(2) == 0) number = -number;
      if (number == 0) continue;  // stands for a free place
      // Grows and shrinks by turns.
      if (random.below(10) < (i / 5000 % 2 == 0 ? 7u : 3u)) {
        step.insert(number, i);
      } else {
        step.erase(number);
      }
      step.compare(number);
      step.compare(-number);
    }
    CHECK(all_of(map) == model);
  }
}

TEST_CASE("a map of numbers holds the smallest and the largest of them") {
  NumberMap<int> map;
  for (int32_t number : {INT32_MIN, -1, 1, INT32_MAX}) *map.insert(number) = number;
  CHECK(all_of(map) ==
        std::map<int32_t, int>{{INT32_MIN, INT32_MIN}, {-1, -1}, {1, 1}, {INT32_MAX, INT32_MAX}});
}

TEST_CASE("in an empty map of numbers nothing is found nor erased") {
  NumberMap<int> map;
  CHECK(map.find(1) == nullptr);
  map.erase(1);
  CHECK(map.size() == 0);
  CHECK(all_of(map).empty());
}

TEST_CASE("a number that was erased comes back with a new value") {
  NumberMap<std::string> map;
  *map.insert(7) = "before";
  map.erase(7);
  CHECK(map.find(7) == nullptr);
  CHECK(map.insert(7)->empty());
}

TEST_CASE("numbers that want the same place survive the erasure of any one of them") {
  const std::vector<int32_t> clashing = colliding(9);
  for (int32_t erased : clashing) {
    NumberMap<int> map;
    for (int32_t number : clashing) *map.insert(number) = number;
    map.erase(erased);
    for (int32_t number : clashing) {
      const int* found = map.find(number);
      REQUIRE((found != nullptr) == (number != erased));
      if (found != nullptr) CHECK(*found == number);
    }
  }
}

TEST_CASE("a map of numbers that was emptied to one keeps that one") {
  NumberMap<int> map;
  for (int32_t number = 1; number <= 5000; number++) *map.insert(number) = number;
  for (int32_t number = 5000; number > 1; number--) {
    map.erase(number);
    REQUIRE(map.find(1) != nullptr);
    REQUIRE(*map.find(1) == 1);
    REQUIRE(map.find(number) == nullptr);
  }
  CHECK(all_of(map) == std::map<int32_t, int>{{1, 1}});
}

TEST_CASE("values that can only be moved are moved with their numbers and released once") {
  auto counter = std::make_shared<int>(0);
  struct Value {
    std::unique_ptr<int32_t> number;
    std::shared_ptr<int> counter;
  };
  Random random(3);
  {
    NumberMap<Value> map;
    std::map<int32_t, bool> model;
    for (int i = 0; i < 20000; i++) {
      int32_t number = static_cast<int32_t>(random.below(600)) + 1;
      if (random.below(5) < (i < 10000 ? 3u : 2u)) {
        *map.insert(number) = {std::make_unique<int32_t>(number), counter};
        model[number] = true;
      } else {
        map.erase(number);
        model.erase(number);
      }
      // What was taken out has been released, wherever its place has been moved to.
      REQUIRE(counter.use_count() == static_cast<long>(model.size()) + 1);
    }
    for (auto [number, _] : model) {
      Value* value = map.find(number);
      REQUIRE(value != nullptr);
      CHECK(*value->number == number);
    }
  }
  CHECK(counter.use_count() == 1);
}

TEST_CASE("zero is no number, and never there") {
  NumberMap<int> map;
  *map.insert(1) = 1;
  CHECK(map.find(0) == nullptr);
  map.erase(0);
  CHECK(map.size() == 1);
}
