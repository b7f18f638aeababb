// Processes as /proc shows them; proc(5). Stateless: every answer is read when it is asked for.
//
// A record of one file is read by its path. A record of several is read through one handle on its
// /proc/PID directory, which goes dead with the process: a reused PID cannot mix two processes.
#pragma once

#include "../process.h"
#include "files.h"
#include "proc_root.h"
#include "process_files.h"

namespace procseek {

class ProcfsSource final : public Source {
 public:
  explicit ProcfsSource(SourceContext* context, const ProcRoot& root = ProcRoot())
      : context_(context), root_(root), files_(root, context) {
    if (context_ != nullptr) context_->hold();
  }
  ~ProcfsSource() override {
    if (context_ != nullptr) context_->release();
  }

  Status begin(const Walk& walk) override;
  Status next(Record& record) override;
  void end() override;
  Status read(Record& record, FieldMask wanted) override;
  Status find(int32_t pid, FieldMask wanted, Record& record) override;

  // Whether /proc shows another PID namespace: then what the kernel tells of processes is not of
  // those that are asked for.
  bool is_foreign_view();

  // Turns to one process, which read() is then about, outside of a walk.
  void attach(Record& record, int32_t pid);
  // Likewise, when more than one file is going to be read.
  Status attach_by_handle(Record& record, int32_t pid);

 private:
  Status next_pid(int32_t& ret_pid, uint64_t& ret_inode);
  ProcessPlace place(int32_t pid) const;
  Status verify(int32_t pid) const;
  Status read_files(Record& record, FileSet files, FieldMask wanted);
  Status complete_name(Record& record, FieldMask wanted);
  Status find_arguments(Record& record, Span& ret_arguments);
  void look_at_view();

  SourceContext* context_;
  ProcRoot root_;
  Walk walk_;
  size_t walked_ = 0;
  NumberedEntries entries_;

  // Of the process at hand.
  Fd handle_;
  bool has_begun_ = false;  // something was read
  ProcessFiles files_;
};

}  // namespace procseek
