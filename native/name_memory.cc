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

// How many processes there are, as far as is known.
int64_t NameMemory::count_present() const {
  int64_t count = happenings_.count_processes();
  return count < 0 ? static_cast<int64_t>(known_.size()) : std::max<int64_t>(count - others_, 0);
}

Status NameMemory::refresh(int64_t now, Patience patience) {
  int64_t present = count_present();
  work_left_ = 3 * present + kTrifle;
  if (now - read_at_ > kMostAge) forget(now);
  Status status = is_deaf_ ? kOk : hear(now);
  if (status == kOk && !is_void_) status = follow(now);
  if (status < 0 || (status == kOk && !is_void_)) return status;
  if (is_deaf_ && now < listen_at_ && patience == Patience::bounded) return kPending;
  if (is_deaf_) status = listen_again(now);
  if (is_deaf_) return status;
  if (patience == Patience::unbounded) {
    work_left_ = INT64_MAX;
  } else {
    allow_for_walk(present);
  }
  return read_again();
}

// All that was told. When that is too much, or cannot be heard, it counts as lost.
Status NameMemory::hear(int64_t now) {
  if (happenings_.lost() != lost_ || happenings_.backlog() > work_left_) {
    lose(now);
    return kOk;
  }
  Change change;
  Status status = kOk;
  while (work_left_ > 0 && (status = happenings_.next(change)) == kOk) {
    work_left_--;
    if (change.kind == Change::lost) break;
    if (!note(change)) {
      lose(now);
      return out_of_memory();
    }
  }
  if (status != kEnd || happenings_.lost() != lost_) lose(now);
  return kOk;
}

// False when there is no memory.
bool NameMemory::note(const Change& change) {
  KnownProcess* known = known_.find(change.pid);
  if (change.kind == Change::exited) {
    if (known == nullptr || (known->flags & KnownProcess::kEnded) != 0) return true;
    known->flags |= KnownProcess::kEnded;
    return append_value(ended_, change.pid);
  }
  if (known != nullptr) known->flags &= static_cast<uint8_t>(~KnownProcess::kCurrent);
  // Otherwise a walk comes by it.
  return is_void_ || append_value(changed_, change.pid);
}

// Nothing that was read before now counts.
void NameMemory::forget(int64_t now) {
  is_void_ = true;
  read_at_ = now;
  changed_.clear();
  known_.retain([](KnownProcess& known) {
    known.flags &= static_cast<uint8_t>(~KnownProcess::kCurrent);
    return true;
  });
}

void NameMemory::lose(int64_t now) {
  forget(now);
  is_deaf_ = true;
  if (now - heard_since_ > kCalm) {
    pause_ = 0;
    listen_at_ = now;
  } else {
    rest(now);
  }
}

void NameMemory::rest(int64_t now) {
  pause_ = pause_ == 0 ? kLeastPause : std::min(pause_ * 2, kMostPause);
  listen_at_ = now + pause_;
}

// kPending when it did not work.
Status NameMemory::listen_again(int64_t now) {
  if (happenings_.restart() != kOk) {
    rest(now);
    return kPending;
  }
  is_deaf_ = false;
  heard_since_ = now;
  lost_ = happenings_.lost();
  return kOk;
}

// What was told. kPending when a walk is needed, which is_void_ says as well.
Status NameMemory::follow(int64_t now) {
  for (int attempt = 0; attempt < 2; attempt++) {
    Status status = settle();
    // Few are looked at in any case: in the count, one that was reaped makes up for one that came.
    bool has_few = ended_.size() <= kFewEnded * sizeof(int32_t);
    if (status == kOk && has_few) status = drop_reaped();
    if (status != kOk) return status;
    if (is_complete()) return kOk;
    if (!has_few) status = drop_reaped();
    if (status != kOk) return status;
    if (is_complete()) return kOk;
    // Something may have happened right now.
    status = hear(now);
    if (status != kOk || is_void_) return status < 0 ? status : Status{kPending};
  }
  Status status = settle();
  if (status != kOk) return status;
  is_void_ = true;
  return kPending;
}

// Reads again what has changed. Whatever fails, it is still to be done.
Status NameMemory::settle() {
  auto* pid = reinterpret_cast<int32_t*>(changed_.data());
  const int32_t* last = pid + sort_and_unite(pid, changed_.size() / sizeof *pid);
  // A walk reads no more of them, for less.
  if ((last - pid) * kLook > work_left_) {
    is_void_ = true;
    return kPending;
  }
  work_left_ -= (last - pid) * kLook;
  Bytes unsettled;
  for (; pid != last; pid++) {
    Status status = look_at(*pid);
    if (status != kOk) return status;
    if (is_unnamed(*pid) && !append_value(unsettled, *pid)) return out_of_memory();
  }
  changed_ = std::move(unsettled);
  prune_ended();
  return kOk;
}

// A silent process that still goes by the name of its parent may be about to get one of its own.
bool NameMemory::is_unnamed(int32_t pid) {
  const KnownProcess* known = known_.find(pid);
  if (known == nullptr || (known->flags & KnownProcess::kSilent) == 0) return false;
  const KnownProcess* parent = known_.find(record_.ppid);
  return parent != nullptr && parent->comm() == known->comm();
}

// Those that are gone altogether need not be looked at again.
void NameMemory::prune_ended() {
  if (ended_.size() <= kFewEnded * sizeof(int32_t)) return;
  auto* kept = reinterpret_cast<int32_t*>(ended_.data());
  const int32_t* last = kept + sort_and_unite(kept, ended_.size() / sizeof *kept);
  for (const int32_t* pid = kept; pid != last; pid++) {
    const KnownProcess* known = known_.find(*pid);
    if (known != nullptr && (known->flags & KnownProcess::kEnded) != 0) *kept++ = *pid;
  }
  ended_.truncate(static_cast<size_t>(reinterpret_cast<char*>(kept) - ended_.data()));
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
  flags |= KnownProcess::kCurrent;
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
  if (last - kept > work_left_) {
    is_void_ = true;
    return kPending;
  }
  work_left_ -= last - kept;
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

// A walk is to be done with all at once if that costs little more than reading all would. Otherwise
// whoever asks has to read all, and the walk gets as far as it does.
void NameMemory::allow_for_walk(int64_t present) {
  int64_t to_read = 0;
  known_.for_each([&](const KnownProcess& known) {
    if ((known.flags & KnownProcess::kCurrent) == 0) to_read += kComm;
  });
  auto known = static_cast<int64_t>(known_.size());
  int64_t needed =
      std::min(to_read, present * kComm) + std::max<int64_t>(present - known, 0) * kFull;
  if (needed <= present * (kComm + 1) + kTrifle) {
    work_left_ = present * (kComm + 2) + kTrifle;
  } else {
    work_left_ += present;
  }
}

// Who is there, and by what name where that is not known. kPending when there is too much to read.
Status NameMemory::read_again() {
  // As long as this has not come to its end, nothing counts.
  is_void_ = true;
  changed_.clear();
  prune_ended();
  known_.retain([](KnownProcess& known) {
    known.flags &= static_cast<uint8_t>(~KnownProcess::kSeen);
    return true;
  });
  Status status = reader_.begin(Walk());
  if (status == kOk) status = visit();
  reader_.end();
  if (status != kEnd) return status;
  known_.retain([](const KnownProcess& known) { return (known.flags & KnownProcess::kSeen) != 0; });
  others_ = happenings_.count_processes() - static_cast<int64_t>(known_.size());
  is_void_ = false;
  return kOk;
}

Status NameMemory::visit() {
  Status status;
  while ((status = reader_.next(record_)) == kOk) {
    KnownProcess* known = known_.find(record_.pid);
    if (known != nullptr && known->stamp != record_.stamp) known = nullptr;
    if (known != nullptr && (known->flags & KnownProcess::kCurrent) != 0) {
      known->flags |= KnownProcess::kSeen;
      continue;
    }
    if (work_left_ <= 0) return kPending;
    work_left_ -= known == nullptr ? kFull : kComm;
    status = read(known, record_.stamp);
    if (status < 0) return status;
    bool is_unsettled = status == kOk && record_.has(Field::ppid) && is_unnamed(record_.pid);
    if (is_unsettled && !append_value(changed_, record_.pid)) return out_of_memory();
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

Status NameMemory::find(const uint32_t* hashes, size_t count, const CommFilter* filter,
                        Bytes& ret_candidates) {
  bool has_memory = true;
  for (size_t i = 0; i < count; i++) {
    known_.for_each_like(hashes[i], [&](const KnownProcess& known) {
      if (known_.hash_of(known.comm()) != hashes[i]) return;
      // What is shown of a silent one may be longer than this, or something else by now.
      bool is_settled = (known.flags & KnownProcess::kSilent) == 0;
      if (is_settled && filter != nullptr && !filter->may_match(known.comm())) return;
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
