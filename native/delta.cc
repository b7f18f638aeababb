#include "delta.h"

#include <utility>

namespace procseek {

void Delta::begin() {
  std::swap(before_, now_);
  now_.clear();
  (void)now_.reserve(before_.size());
  cursor_ = 0;
  visited_ = 0;
  has_failed_ = false;
}

const Delta::Seen* Delta::before(int32_t pid) {
  auto* seen = reinterpret_cast<const Seen*>(before_.data());
  size_t count = before_.size() / sizeof(Seen);
  while (cursor_ < count && seen[cursor_].pid < pid) cursor_++;
  return cursor_ < count && seen[cursor_].pid == pid ? &seen[cursor_] : nullptr;
}

bool Delta::is_due(int32_t pid, uint32_t stamp) {
  const Seen* known = before(pid);
  bool is_new = known == nullptr || known->stamp != stamp;
  bool is_young = !is_new && known->youth > 0;
  bool has_its_turn = visited_ >= turn_ && visited_ < turn_ + kTurn;
  visited_++;
  Seen seen = {pid, stamp, is_new ? kYouth : is_young ? known->youth - 1 : 0};
  if (!append_value(now_, seen)) has_failed_ = true;
  return is_new || is_young || has_its_turn;
}

Status Delta::end() {
  turn_ = turn_ + kTurn < visited_ ? turn_ + kTurn : 0;
  before_ = Bytes();
  if (!has_failed_) return kOk;
  now_.clear();
  return out_of_memory();
}

}  // namespace procseek
