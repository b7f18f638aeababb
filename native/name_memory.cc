#include "name_memory.h"

#include <algorithm>
#include <cstring>

#include "sort.h"

namespace procseek {

namespace {

// How many that have ended are worth no thought.
constexpr size_t kFewEnded = 32;

// What is read of a process that is not known: its state, for it may have ended.
constexpr FieldMask kFields =
    bit(Field::comm) | bit(Field::state) | bit(Field::threads) | Happenings::kSilenceFields;

// Of a process that is shown by its comm and something behind a sign (see NameSet::append_hashes):
// what does not change.
std::string_view lasting_part(std::string_view comm) {
  return comm.substr(0, std::min(comm.find_first_of("-+", 1), kCommLength));
}

// A process that exists, and is not to be seen.
bool is_hidden(Status status) { return status < 0 && error_of(status) == error_number::kAccess; }

int by_pid(const NameMemory::Candidate& a, const NameMemory::Candidate& b) {
  return in_order(a.pid, b.pid);
}

NameMemory::Candidate* sort_candidates(Bytes& candidates, size_t& ret_count) {
  auto* first = reinterpret_cast<NameMemory::Candidate*>(candidates.data());
  ret_count = candidates.size() / sizeof *first;
  sort<NameMemory::Candidate, by_pid>(first, ret_count);
  return first;
}

}  // namespace

size_t NameMemory::memory() const { return known_.memory() + changed_.size() + ended_.size(); }

Status NameMemory::refresh(int64_t now) {
  Status status = drain();
  if (status < 0) return status;
  bool is_old = now - read_at_ > kMostAge;
  for (int attempt = 0; attempt < 2 && !is_void_ && !is_old; attempt++) {
    status = settle();
    // Few are looked at in any case: in the count, one that was reaped makes up for one that came.
    bool has_few = ended_.size() <= kFewEnded * sizeof(int32_t);
    if (status == kOk && has_few) status = drop_reaped();
    if (status != kOk) return status;
    if (is_complete()) return kOk;
    if (!has_few) status = drop_reaped();
    if (status != kOk) return status;
    if (is_complete()) return kOk;
    // Something may have happened right now.
    status = drain();
    if (status < 0) return status;
  }
  if (!is_void_ && !is_old) status = settle();
  if (status != kOk) return status;
  bool everything = is_void_ || is_old;
  if (everything) read_at_ = now;
  return read_again(everything);
}

Status NameMemory::drain() {
  Change change;
  Status status;
  while ((status = happenings_.next(change)) == kOk) {
    if (change.kind == Change::lost) is_void_ = true;
    // All will be read again, but that does not tell who has ended.
    if (is_void_ && change.kind != Change::exited) continue;
    Bytes& pids = change.kind == Change::exited ? ended_ : changed_;
    if (!append_value(pids, change.pid)) {
      is_void_ = true;
      return out_of_memory();
    }
    KnownProcess* known = change.kind == Change::exited ? known_.find(change.pid) : nullptr;
    if (known != nullptr) known->flags |= KnownProcess::kEnded;
  }
  uint64_t lost = happenings_.lost();
  is_void_ |= lost != lost_;
  lost_ = lost;
  return status == kEnd ? kOk : status;
}

// Reads again what has changed. Whatever fails, it is still to be done.
Status NameMemory::settle() {
  auto* pid = reinterpret_cast<int32_t*>(changed_.data());
  const int32_t* last = pid + sort_and_unite(pid, changed_.size() / sizeof *pid);
  // Beyond that, it is less to read all.
  if (static_cast<size_t>(last - pid) > known_.size() + 64) is_void_ = true;
  if (is_void_) return kOk;
  Bytes unsettled;
  for (; pid != last; pid++) {
    Status status = look_at(*pid);
    if (status != kOk) return status;
    if (is_unnamed(*pid) && !append_value(unsettled, *pid)) return out_of_memory();
  }
  changed_ = std::move(unsettled);
  return prune_ended();
}

// A silent process that still goes by the name of its parent may be about to get one of its own.
bool NameMemory::is_unnamed(int32_t pid) {
  const KnownProcess* known = known_.find(pid);
  if (known == nullptr || (known->flags & KnownProcess::kSilent) == 0) return false;
  const KnownProcess* parent = known_.find(record_.ppid);
  return parent != nullptr && parent->comm() == known->comm();
}

// Those that are gone altogether need not be looked at again.
Status NameMemory::prune_ended() {
  if (ended_.size() <= kFewEnded * sizeof(int32_t)) return kOk;
  Bytes kept;
  for (int32_t pid : values_of<int32_t>(ended_)) {
    const KnownProcess* known = known_.find(pid);
    if (known == nullptr || (known->flags & KnownProcess::kEnded) == 0) continue;
    if (!append_value(kept, pid)) return out_of_memory();
  }
  ended_ = std::move(kept);
  return kOk;
}

Status NameMemory::look_at(int32_t pid) {
  Status status = reader_.find(pid, kFields, record_);
  // One that may not be seen is not there, as for a walk.
  if (status > 0 || is_hidden(status)) {
    known_.erase(pid);
    return kOk;
  }
  return status == kOk ? keep(0, 0) : status;
}

// What `record_` has of a process that was not known, as the flags have it.
Status NameMemory::keep(uint32_t stamp, uint8_t flags) {
  if (record_.has(Field::state) && record_.has_ended()) {
    flags |= KnownProcess::kEnded;
    if (!append_value(ended_, record_.pid)) return out_of_memory();
  }
  if (record_.has(Field::ppid) && happenings_.is_silent(record_)) flags |= KnownProcess::kSilent;
  std::string_view comm = record_.view(record_.comm);
  if (flags & KnownProcess::kSilent) comm = lasting_part(comm);
  return known_.insert(record_.pid, stamp, comm, flags) ? kOk : out_of_memory();
}

// That a process was reaped, nobody tells.
Status NameMemory::drop_reaped() {
  auto* kept = reinterpret_cast<int32_t*>(ended_.data());
  const int32_t* last = kept + sort_and_unite(kept, ended_.size() / sizeof *kept);
  for (const int32_t* pid = kept; pid != last; pid++) {
    const KnownProcess* known = known_.find(*pid);
    if (known == nullptr || (known->flags & KnownProcess::kEnded) == 0) continue;
    Status status = reader_.find(*pid, 0, record_);
    if (status == kOk || is_hidden(status)) {
      *kept++ = *pid;
      continue;
    }
    if (status < 0) return status;
    known_.erase(*pid);
  }
  ended_.truncate(static_cast<size_t>(reinterpret_cast<char*>(kept) - ended_.data()));
  return kOk;
}

bool NameMemory::is_complete() const {
  if (is_void_) return false;
  int64_t count = happenings_.count_processes();
  return count >= 0 && count - static_cast<int64_t>(known_.size()) == others_;
}

// Everything, or only what is not what it was.
Status NameMemory::read_again(bool everything) {
  // As long as this has not come to its end, nothing counts.
  is_void_ = true;
  changed_.clear();
  known_.retain([](KnownProcess& known) {
    known.flags &= static_cast<uint8_t>(~KnownProcess::kSeen);
    return true;
  });
  Status status = reader_.begin(Walk());
  if (status == kOk) status = visit(everything);
  reader_.end();
  if (status != kEnd) return status;
  known_.retain([](const KnownProcess& known) { return (known.flags & KnownProcess::kSeen) != 0; });
  others_ = happenings_.count_processes() - static_cast<int64_t>(known_.size());
  is_void_ = false;
  return kOk;
}

Status NameMemory::visit(bool everything) {
  Status status;
  while ((status = reader_.next(record_)) == kOk) {
    KnownProcess* known = known_.find(record_.pid);
    if (known != nullptr && known->stamp != record_.stamp) known = nullptr;
    if (known != nullptr && !everything) {
      known->flags |= KnownProcess::kSeen;
      continue;
    }
    status = read(known, record_.stamp);
    if (status < 0) return status;
  }
  return status;
}

// What it is called now; the rest of what is known of it, it still is.
Status NameMemory::read(const KnownProcess* known, uint32_t stamp) {
  Status status = reader_.read(record_, known == nullptr ? kFields : bit(Field::comm));
  if (status != kOk) return status;
  uint8_t flags = known == nullptr ? 0 : known->flags;
  if (flags & KnownProcess::kEnded && !append_value(ended_, record_.pid)) return out_of_memory();
  return keep(stamp, flags | KnownProcess::kSeen);
}

NameMemory::Candidate NameMemory::candidate(const KnownProcess& known) {
  Candidate candidate = {};
  candidate.pid = known.pid;
  candidate.is_settled = (known.flags & KnownProcess::kSilent) == 0;
  candidate.length = static_cast<uint8_t>(known.comm().copy(candidate.text, kCommLength));
  return candidate;
}

Status NameMemory::find(const uint32_t* hashes, size_t count, Bytes& ret_candidates) const {
  bool has_memory = true;
  for (size_t i = 0; i < count; i++) {
    known_.for_each_like(hashes[i], [&](const KnownProcess& known) {
      if (comm_hash(known.comm()) != hashes[i]) return;
      has_memory = has_memory && append_value(ret_candidates, candidate(known));
    });
  }
  if (!has_memory) return out_of_memory();
  size_t found;
  Candidate* first = sort_candidates(ret_candidates, found);
  // The same hash may have been given twice.
  Candidate* last = std::unique(
      first, first + found, [](const Candidate& a, const Candidate& b) { return a.pid == b.pid; });
  ret_candidates.truncate(static_cast<size_t>(last - first) * sizeof *first);
  return kOk;
}

Status NameMemory::list(Bytes& ret_candidates) const {
  bool has_memory = true;
  known_.for_each([&](const KnownProcess& known) {
    has_memory = has_memory && append_value(ret_candidates, candidate(known));
  });
  if (!has_memory) return out_of_memory();
  size_t count;
  (void)sort_candidates(ret_candidates, count);
  return kOk;
}

}  // namespace procseek
