// Names of the accounts that processes run under, remembered for as long as a walk.
#pragma once

#include <cstdint>

#include "../bytes.h"
#include "../status.h"
#include "nt.h"

namespace procseek {

class Accounts {
 public:
  // kOk with the name behind the end of `text`; kDenied when the account may not be known, kGone
  // when there is none any more.
  Status append_name(HANDLE process, Bytes& text);

 private:
  Status look_up(SID* sid, Bytes& text);

  static constexpr size_t kEntries = 8;
  static constexpr size_t kNameLength = 40;  // longer ones, rare, are looked up each time
  struct Entry {
    unsigned char sid[SECURITY_MAX_SID_SIZE];
    bool exists;
    uint8_t length;
    char name[kNameLength];
  };
  Entry entries_[kEntries];
  size_t used_ = 0;  // ever; the oldest entry makes room
};

}  // namespace procseek
