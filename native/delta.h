// Which processes a pass has to look at when another one was made before: those that are new, those
// that were new a short time ago and may yet become what they are to be, and by turns a few of the
// old ones. Pure. Remembers 12 bytes per process, in a run of up to twice
// that size.
#pragma once

#include <cstdint>

#include "bytes.h"
#include "status.h"

namespace procseek {

class Delta {
 public:
  // For how many further passes a process counts as new.
  static constexpr uint32_t kYouth = 2;
  // How many old processes are looked at in one pass.
  static constexpr size_t kTurn = 256;

  void begin();
  // For each process, in ascending order of PIDs; in any other order, more are due than need be.
  bool is_due(int32_t pid, uint32_t stamp);
  // A failure leaves the next pass to look at everything.
  Status end();

 private:
  struct Seen {
    int32_t pid;
    uint32_t stamp;
    uint32_t youth;
  };
  const Seen* before(int32_t pid);

  Bytes before_;
  Bytes now_;
  size_t cursor_ = 0;   // in before_, in elements
  size_t visited_ = 0;  // in this pass
  size_t turn_ = 0;     // where this pass's turn begins, in elements of now_
  bool has_failed_ = false;
};

}  // namespace procseek
