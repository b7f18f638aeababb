// Processes as libproc(3) and sysctl(3) show them. Stateless: every answer is read when it is asked
// for.
//
// A record of one call is what the call says. Around several, it is verified that the process still
// is the one with which they began: a reused PID cannot mix two processes.
#pragma once

#include "../process.h"
#include "process_info.h"

namespace procseek {

class LibprocSource final : public Source {
 public:
  Status begin(const Walk& walk) override;
  Status next(Record& record) override;
  void end() override;
  Status read(Record& record, FieldMask wanted) override;
  Status find(int32_t pid, FieldMask wanted, Record& record) override;

 private:
  void attach(Record& record, int32_t pid);
  Status make_calls(CallSet calls, Record& record);
  Status complete_name(Record& record);
  Status store_id(Record& record);
  Status verify(int32_t pid) const;

  Walk walk_;
  Bytes pids_;  // of a walk through all
  size_t walked_ = 0;

  // Of the process at hand.
  CallSet made_ = 0;
  ProcessKey key_;  // as it was before all calls but a single one; none until it is needed
  ProcessInfo info_;
};

}  // namespace procseek
