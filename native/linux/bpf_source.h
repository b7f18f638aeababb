// Processes as a program in the kernel finds them: it compares their comms, and brings along what
// the kernel holds in memory. The rest is read from /proc, of those alone that it is asked of. When
// the program cannot be run, everything is.
#pragma once

#include "../process.h"
#include "kernel_tasks.h"
#include "procfs_source.h"

namespace procseek {

class BpfSource final : public Source {
 public:
  BpfSource(KernelTasks& tasks, SourceContext* context, const ProcRoot& root)
      : tasks_(tasks), procfs_(context, root), values_(ProcRoot(), context) {}

  Status begin(const Walk& walk) override;
  Status next(Record& record) override;
  void end() override;
  uint64_t comm_seed() const override { return tasks_.seed(); }
  Status read(Record& record, FieldMask wanted) override;
  Status find(int32_t pid, FieldMask wanted, Record& record) override;

 private:
  const task_row* peek_row() const;
  Status go_on_by_procfs(int32_t first_pid);
  Status turn_to_next(Record& record);
  bool can_tell(FieldMask fields) const;
  Status tell(Record& record, FieldMask fields);
  Status read_instead(Record& record, FieldMask wanted);

  KernelTasks& tasks_;
  ProcfsSource procfs_;
  ProcessFiles values_;
  Walk walk_;
  bool is_procfs_walk_ = false;  // the kernel holds too little of what is asked for, or is no help
  int32_t first_pid_ = 0;        // of such a walk
  int32_t last_pid_ = 0;         // that was told
  KernelTasks::Question question_;
  KernelTasks::Answer answer_;
  size_t position_ = 0;
  size_t unseen_position_ = 0;
  const task_row* row_ = nullptr;  // of the process at hand; null when it is read from /proc
};

}  // namespace procseek
