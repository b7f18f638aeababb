// Processes by their comms as remembered, kept true by the kernel's process events (NameMemory).
// What is told of them is read from /proc.
#pragma once

#include "../engine.h"
#include "../mutex.h"
#include "../name_memory.h"
#include "proc_events.h"
#include "procfs_source.h"
#include "random_seed.h"

namespace procseek {

// The memory, and what keeps it true. Used by any number of threads.
class RememberedNames final : Happenings {
 public:
  explicit RememberedNames(const ProcRoot& root) : root_(root), reader_(nullptr, root) {}

  Status open() { return events_.open(); }
  const char* why_not() const { return events_.why_not(); }
  // Why it cannot hear of changes at the moment; empty when it can.
  void explain_deafness(Reason& ret_reason);
  const ProcRoot& root() const { return root_; }

  // Gets ready, whatever that costs.
  Status prepare();
  // NameMemory::Candidates, as things stand: those of interest. kPending when it cannot tell, and
  // reading all costs less than making it true.
  Status find(const Walk& walk, Bytes& ret_candidates);
  size_t memory();
  uint64_t seed() const { return seed_; }

 private:
  Status next(Change& ret_change) override { return events_.next(ret_change); }
  Status restart() override { return events_.open(); }
  uint64_t lost() const override { return events_.lost(); }
  int64_t backlog() const override { return events_.backlog(); }
  int64_t count_processes() const override;
  bool is_silent(const Record& record) const override;

  const ProcRoot root_;
  Mutex mutex_;
  ProcEvents events_;
  ProcfsSource reader_;
  const uint64_t seed_ = random_seed();
  NameMemory memory_{*this, reader_, seed_};
};

class EventsSource final : public Source {
 public:
  EventsSource(RememberedNames& names, SourceContext* context)
      : names_(names), procfs_(context, names.root()) {}

  Status begin(const Walk& walk) override;
  Status next(Record& record) override;
  void end() override;
  uint64_t comm_seed() const override { return names_.seed(); }
  Status read(Record& record, FieldMask wanted) override { return procfs_.read(record, wanted); }
  Status find(int32_t pid, FieldMask wanted, Record& record) override {
    return procfs_.find(pid, wanted, record);
  }

 private:
  RememberedNames& names_;
  ProcfsSource procfs_;
  bool is_procfs_walk_ = false;  // comms do not help, or are not known
  bool is_provisional_ = false;
  Bytes candidates_;
  size_t position_ = 0;
};

}  // namespace procseek
