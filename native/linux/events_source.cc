#include "events_source.h"

#include "../platform.h"

namespace procseek {

Status RememberedNames::prepare() {
  Lock lock(mutex_);
  Status status = memory_.refresh(steady_clock(), NameMemory::Patience::unbounded);
  return status == kPending ? Status{kOk} : status;
}

Status RememberedNames::find(const Walk& walk, Bytes& ret_candidates) {
  Lock lock(mutex_);
  Status status = memory_.refresh(steady_clock());
  if (status != kOk) return status;
  return walk.hashes == nullptr
             ? memory_.list(ret_candidates)
             : memory_.find(walk.hashes, walk.hash_count, walk.filter, ret_candidates);
}

void RememberedNames::explain_deafness(Reason& ret_reason) {
  Lock lock(mutex_);
  if (memory_.is_deaf()) ret_reason.add(events_.why_not());
}

size_t RememberedNames::memory() {
  Lock lock(mutex_);
  return memory_.memory();
}

// The links of /proc are a few and one for each process (proc_root_getattr() in fs/proc/root.c).
int64_t RememberedNames::count_processes() const {
  FileFacts facts;
  return root_.ask(facts) ? static_cast<int64_t>(facts.links) : -1;
}

// Kernel threads are the children of kthreadd, whose PID is 2. They are renamed from without, and
// some are shown along with what they work on.
bool RememberedNames::is_silent(const Record& record) const {
  constexpr int32_t kKthreadd = 2;
  return record.ppid == kKthreadd;
}

Status EventsSource::begin(const Walk& walk) {
  is_procfs_walk_ = walk.listed || !walk.by_comm || procfs_.is_foreign_view();
  if (is_procfs_walk_) return procfs_.begin(walk);
  is_provisional_ = walk.provisional;
  candidates_.clear();
  position_ = 0;
  Status status = names_.find(walk, candidates_);
  if (status != kPending) return status;
  is_procfs_walk_ = true;
  return procfs_.begin(walk);
}

void EventsSource::end() {
  procfs_.end();
  candidates_ = Bytes();
  position_ = 0;
}

Status EventsSource::next(Record& record) {
  if (is_procfs_walk_) return procfs_.next(record);
  auto candidates = values_of<NameMemory::Candidate>(candidates_);
  while (position_ < candidates.count) {
    const NameMemory::Candidate& candidate = candidates.first[position_++];
    if (is_provisional_ && candidate.is_settled) {
      procfs_.attach(record, candidate.pid);
      if (!record.text.store({candidate.text, candidate.length}, record.comm)) {
        return out_of_memory();
      }
      record.set(Field::comm);
      return kOk;
    }
    // Reaped by now, it may be the PID of a thread, which /proc would show as well.
    if (!process_exists(candidate.pid)) continue;
    procfs_.attach(record, candidate.pid);
    Status status = procfs_.read(record, bit(Field::comm));
    if (status <= 0) return status;
  }
  return kEnd;
}

}  // namespace procseek
