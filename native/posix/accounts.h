// Names of user accounts, remembered for the length of a pass.
#pragma once

#include <cstdint>

#include <memory>

#include "../bytes.h"
#include "../guarded_calls.h"
#include "../status.h"

namespace procseek {

class Accounts {
 public:
  // Without `calls`, waits for whatever the host asks, however long that takes.
  explicit Accounts(GuardedCalls* calls = nullptr) : calls_(calls) {}

  // kOk with the name behind the end of `text`; kGone when no account has this uid; kStuck when no
  // answer came in time.
  Status append_name(uint32_t uid, Bytes& text);
  void forget() { used_ = 0; }

 private:
  class Call;

  Status look_up(uint32_t uid, Bytes& text);

  static constexpr size_t kEntries = 16;
  static constexpr size_t kNameLength = 32;  // longer ones, rare, are looked up each time
  struct Entry {
    uint32_t uid;
    bool exists;
    uint8_t length;
    char name[kNameLength];
  };
  GuardedCalls* calls_;
  std::unique_ptr<GuardedCall> call_;
  Entry entries_[kEntries];
  size_t used_ = 0;  // ever; the oldest entry makes room
};

}  // namespace procseek
