// A hash table from positive numbers (PIDs, tokens) to small values, which reports a failed
// allocation instead of throwing, and shrinks again.
#pragma once

#include <cstdint>
#include <new>
#include <utility>

#include "bytes.h"

namespace procseek {

template <class Value>
class NumberMap {
 public:
  NumberMap() = default;
  NumberMap(const NumberMap&) = delete;
  NumberMap& operator=(const NumberMap&) = delete;
  ~NumberMap() { delete[] slots_; }

  size_t size() const { return size_; }

  // Null when there is none. Valid until the next insertion or erasure.
  Value* find(int32_t number) {
    if (size_ == 0 || number == 0) return nullptr;
    size_t at = position(number);
    return slots_[at].number == number ? &slots_[at].value : nullptr;
  }
  const Value* find(int32_t number) const { return const_cast<NumberMap*>(this)->find(number); }

  // The value of this number, a new one when there was none. Null when there is no memory.
  Value* insert(int32_t number) {
    if (size_ + size_ / 2 >= capacity_ && !resize(capacity_ == 0 ? kSmallest : capacity_ * 2)) {
      return nullptr;
    }
    Slot& slot = slots_[position(number)];
    if (slot.number != number) {
      slot.number = number;
      size_++;
    }
    return &slot.value;
  }

  void erase(int32_t number) {
    if (find(number) == nullptr) return;
    size_t hole = position(number);
    // Those behind the hole that only stand there because it was taken move up.
    for (size_t at = next(hole); slots_[at].number != 0; at = next(at)) {
      size_t home = hash(slots_[at].number) & (capacity_ - 1);
      if (((at - home) & (capacity_ - 1)) < ((at - hole) & (capacity_ - 1))) continue;
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
    slots_[hole] = Slot{};
    size_--;
    if (capacity_ > kSmallest && size_ < capacity_ / 8) (void)resize(capacity_ / 2);
  }

  // visit(number, value), in no particular order. Must neither insert nor erase.
  template <class Visit>
  void for_each(Visit visit) {
    for (size_t at = 0; at < capacity_; at++) {
      if (slots_[at].number != 0) visit(slots_[at].number, slots_[at].value);
    }
  }

 private:
  static constexpr size_t kSmallest = 16;

  struct Slot {
    int32_t number = 0;  // 0: free
    Value value{};
  };

  static size_t hash(int32_t number) {
    return (static_cast<uint32_t>(number) * uint32_t{2654435769}) >> 7;
  }
  size_t next(size_t at) const { return (at + 1) & (capacity_ - 1); }
  // Where it is, or would be put.
  size_t position(int32_t number) const {
    size_t at = hash(number) & (capacity_ - 1);
    while (slots_[at].number != 0 && slots_[at].number != number) at = next(at);
    return at;
  }
  bool resize(size_t capacity) {
    Slot* slots = new (std::nothrow) Slot[capacity];
    if (slots == nullptr) return false;
    std::swap(slots, slots_);
    std::swap(capacity, capacity_);
    for (size_t at = 0; at < capacity; at++) {
      if (slots[at].number != 0) slots_[position(slots[at].number)] = std::move(slots[at]);
    }
    delete[] slots;
    return true;
  }

  Slot* slots_ = nullptr;
  size_t capacity_ = 0;  // a power of two
  size_t size_ = 0;
};

}  // namespace procseek
