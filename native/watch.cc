#include "watch.h"

#include <algorithm>

#include "births.h"
#include "process_handle.h"

namespace procseek {

namespace {

// As many bytes as may wait to be taken.
constexpr size_t kMostBytes = 1 << 20;

bool has_memory(const Record& record) { return record.has(Field::vsize) && record.vsize > 0; }

// Whether a process has none by now that had some when it was read.
bool has_lost_memory(Source& source, int32_t pid) {
  Record record;
  Status status = source.find(pid, bit(Field::vsize), record);
  return status == kGone || (status == kOk && !has_memory(record));
}

}  // namespace

Status Watch::only(const int32_t* pids, size_t count) {
  is_listed_ = true;
  return pids_.append({reinterpret_cast<const char*>(pids), count * sizeof *pids})
             ? kOk
             : out_of_memory();
}

bool Watch::lists(int32_t pid) const {
  if (!is_listed_) return true;
  Values<int32_t> pids = values_of<int32_t>(pids_);
  return std::binary_search(pids.begin(), pids.end(), pid);
}

FieldMask Watch::all_fields() const {
  return query_.all_fields() | Record::kLife | bit(Field::startTime) | bit(Field::vsize);
}

const Identity* Watch::known(int32_t pid) const {
  const Match* match = matches_.find(pid);
  return match == nullptr ? nullptr : &match->identity;
}

Status Watch::show(Source& source, Record& record, const Sight& sight) {
  if (!lists(record.pid)) return kOk;
  bool is_known = known(record.pid) != nullptr;
  Status status = wants_comm() ? source.read(record, bit(Field::comm)) : Status{kOk};
  if (status == kOk && !is_known) {
    if (!query_.may_match(record)) return kOk;
    status = source.read(record, query_.first_fields(record));
    if (status == kOk && !query_.test(record)) return kOk;
  }
  if (status == kOk) status = source.read(record, all_fields());
  if (status != kOk) return status > 0 ? kOk : status;
  return decide(source, record, sight);
}

Status Watch::decide(Source& source, Record& record, const Sight& sight) {
  Identity identity = record.identity();
  Match* match = matches_.find(record.pid);
  if (match != nullptr && !(match->identity == identity)) {
    // The change that brought this about is on its way, and tells more.
    if (sight.pass == 0) return kOk;
    exited(record.pid, Exit{});
    if (known(record.pid) != nullptr) return kOk;  // there was no room
    match = nullptr;
  }
  bool has_ended = (sight.pass != 0 || sight.skips_ended) && record.has_ended();
  if (has_ended && (is_ready_ || !query_.tells_ended())) return kOk;
  bool uses_memory = has_memory(record);
  bool is_match = query_.test(record);
  if (match == nullptr && !is_match) return kOk;
  if (match != nullptr && match->has_memory &&
      (!uses_memory || (!is_match && has_lost_memory(source, record.pid)))) {
    // It is ending, and lacks what it was called by; it has not changed its name.
    match->pass = sight.pass;
    return kOk;
  }

  uint64_t fingerprint = query_.fingerprint(record);
  if (match != nullptr && sight.pass != 0 && is_match && match->fingerprint == fingerprint) {
    match->pass = sight.pass;
    return kOk;
  }
  bool is_new = match == nullptr;
  if (is_new) match = matches_.insert(record.pid);
  if (match == nullptr) return out_of_memory();
  Match told = {identity, told_numbers_++, sight.pass, fingerprint, uses_memory};
  bool is_told =
      tell(kSeen, flags_of(record, sight, is_match), static_cast<int32_t>(told.number), 0, &record);
  if (is_told) *match = told;
  if (is_told ? !is_match : is_new) matches_.erase(record.pid);
  // It had ended before the watch began, and no change will tell.
  if (has_ended && is_told) tell_end(record.pid, identity, nullptr);
  return kOk;
}

int32_t Watch::flags_of(const Record& record, const Sight& sight, bool is_match) const {
  bool is_birth = sight.is_birth;
  if (sight.pass != 0) {
    double age = sight.wall_time - record.startTime;
    is_birth = age <= static_cast<double>(sight.now - current_as_of + Births::kWindow);
  }
  return (is_match ? kIsMatch : 0) | (is_ready_ ? 0 : kIsExisting) | (is_birth ? kIsBirth : 0);
}

void Watch::exited(int32_t pid, const Exit& exit) {
  if (known(pid) == nullptr || !tell(kExited, pid, exit.code_bits(), exit.signal_or_unknown()))
    return;
  matches_.erase(pid);
}

// Of a match that has ended, and how, as far as that can be told by now.
void Watch::tell_end(int32_t pid, Identity identity, ExitMemory* memory) {
  Exit exit;
  if (memory == nullptr || !memory->recall(pid, identity, exit)) {
    (void)read_exit(ProcessHandle(), pid, identity, exit);
    if (memory != nullptr) memory->store(pid, identity, exit);
  }
  exited(pid, exit);
}

void Watch::leave_to_others(int32_t pid, const Identity& identity, uint32_t pass) {
  Match* match = matches_.find(pid);
  if (match != nullptr && match->identity == identity) match->pass = pass;
}

Status Watch::end_pass(uint32_t pass, ExitMemory* memory) {
  Bytes ended;
  bool has_memory = true;
  matches_.for_each([&](int32_t pid, const Match& match) {
    if (match.pass == pass) return;
    has_memory &= append_value(ended, pid);
  });
  for (int32_t pid : values_of<int32_t>(ended)) tell_end(pid, *known(pid), memory);
  if (!has_told_backend_) use(backend_);
  if (is_ready_ && options_.tells_passes) (void)tell(kPassed, 0, 0, 0);
  return has_memory ? kOk : out_of_memory();
}

void Watch::tell_ready(Status status) {
  bool is_told = tell(kReady, status, 0, 0);
  if (is_told) is_ready_ = true;
  failure_ = is_told ? Status{kOk} : status;
}

void Watch::catch_up() {
  if (failure_ != kOk) tell_ready(failure_);
}

void Watch::use(Backend backend) {
  backend_ = backend;
  has_told_backend_ = tell(kUses, static_cast<int32_t>(backend), 0, 0);
}

void Watch::forget(int32_t pid, uint32_t number) {
  const Match* match = matches_.find(pid);
  if (match != nullptr && match->number == number) matches_.erase(pid);
}

bool Watch::is_full() const { return told_.size() + query_.batch().bytes() >= kMostBytes; }

bool Watch::tell(Told what, int32_t a, int32_t b, int32_t c, const Record* record) {
  Lock lock(mutex_);
  const int32_t numbers[] = {what, a, b, c};
  bool has_room = !is_behind_ && !is_full() && told_.reserve(sizeof numbers) &&
                  (record == nullptr || query_.tell(*record) == kOk) &&
                  append_value(told_, numbers);
  // What is left untold differs from what was told, and a pass will find it.
  if (!has_room) is_behind_ = needs_pass = true;
  return has_room;
}

bool Watch::is_to_be_announced() {
  Lock lock(mutex_);
  if (is_announced_ || told_.size() == 0) return false;
  return is_announced_ = true;
}

bool Watch::has_room() {
  Lock lock(mutex_);
  if (told_.size() != 0) return false;
  is_behind_ = false;
  return true;
}

bool Watch::waits_for_memory() {
  Lock lock(mutex_);
  return is_behind_ && told_.size() == 0;
}

bool Watch::take(Bytes& ret_told, Batch& ret_rows) {
  Lock lock(mutex_);
  bool waits_for_room = is_behind_ || is_full();
  std::swap(ret_told, told_);
  std::swap(ret_rows, query_.batch());
  is_announced_ = false;
  return waits_for_room;
}

}  // namespace procseek
