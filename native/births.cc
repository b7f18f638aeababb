#include "births.h"

#include <algorithm>
#include <new>

namespace procseek {

Births::~Births() { delete[] ring_; }

Births::State* Births::state_of(uint64_t number) {
  State* state = born_.find(birth(number).pid);
  return state != nullptr && state->number == number ? state : nullptr;
}

Status Births::add(int32_t pid, int64_t now) {
  drop_old(now);
  if (end_ - first_ == kMost) drop_first();
  if (end_ - first_ == capacity_ && !grow()) return out_of_memory();
  State* state = born_.insert(pid);
  if (state == nullptr) return out_of_memory();
  *state = {end_, true};
  ring_[end_ & (capacity_ - 1)] = {pid, now};
  end_++;
  return kOk;
}

void Births::drop_first() {
  if (state_of(first_) != nullptr) born_.erase(birth(first_).pid);
  first_++;
  unsettled_ = std::max(unsettled_, first_);
}

// Those that are settling wait to be asked for, however late that is.
void Births::drop_old(int64_t now) {
  while (first_ != unsettled_ && birth(first_).time + kWindow <= now) drop_first();
}

bool Births::grow() {
  size_t capacity = capacity_ == 0 ? 64 : capacity_ * 2;
  Birth* ring = new (std::nothrow) Birth[capacity];
  if (ring == nullptr) return false;
  for (uint64_t number = first_; number != end_; number++) {
    ring[number & (capacity - 1)] = birth(number);
  }
  delete[] ring_;
  ring_ = ring;
  capacity_ = capacity;
  return true;
}

bool Births::executed(int32_t pid, int64_t now) {
  drop_old(now);
  State* state = born_.find(pid);
  if (state == nullptr) return false;
  state->is_settling = false;
  return birth(state->number).time + kWindow > now;
}

bool Births::is_settling(int32_t pid) const {
  const State* state = born_.find(pid);
  return state != nullptr && state->is_settling;
}

int64_t Births::deadline() const {
  return unsettled_ == end_ ? -1 : birth(unsettled_).time + kSettling;
}

bool Births::next_settled(int64_t now, int32_t& ret_pid) {
  while (unsettled_ != end_ && birth(unsettled_).time + kSettling <= now) {
    State* state = state_of(unsettled_);
    ret_pid = birth(unsettled_).pid;
    unsettled_++;
    if (state == nullptr || !state->is_settling) continue;
    state->is_settling = false;
    return true;
  }
  return false;
}

}  // namespace procseek
