// Processes by their comms as remembered, kept true by the kernel's process events (NameMemory).
// What is told of them is read from /proc.
#pragma once

#include "../mutex.h"
#include "../name_memory.h"
#include "proc_events.h"
#include "procfs_source.h"

namespace procseek {

// The memory, and what keeps it true. Used by any number of threads.
class RememberedNames final : Happenings {
 public:
  explicit RememberedNames(const ProcRoot& root) : root_(root), reader_(nullptr, root) {}

  Status open() { return events_.open(); }
  const char* why_not() const { return events_.why_not(); }
  const ProcRoot& root() const { return root_; }

  Status refresh();
  // NameMemory::Candidates, as things stand: of these hashes, or all when there are none.
  Status find(const uint32_t* hashes, size_t count, Bytes& ret_candidates);
  size_t memory();

 private:
  Status next(Change& ret_change) override { return events_.next(ret_change); }
  uint64_t lost() const override { return events_.lost(); }
  int64_t count_processes() const override;
  bool is_silent(const Record& record) const override;

  const ProcRoot root_;
  Mutex mutex_;
  ProcEvents events_;
  ProcfsSource reader_;
  NameMemory memory_{*this, reader_};
};

class EventsSource final : public Source {
 public:
  EventsSource(RememberedNames& names, SourceContext* context)
      : names_(names), procfs_(context, names.root()) {}

  Status begin(const Walk& walk) override;
  Status next(Record& record) override;
  void end() override;
  Status read(Record& record, FieldMask wanted) override { return procfs_.read(record, wanted); }
  Status find(int32_t pid, FieldMask wanted, Record& record) override {
    return procfs_.find(pid, wanted, record);
  }

 private:
  RememberedNames& names_;
  ProcfsSource procfs_;
  bool is_procfs_walk_ = false;  // comms do not help
  bool is_provisional_ = false;
  Bytes candidates_;
  size_t position_ = 0;
};

}  // namespace procseek
