#include "bpf_source.h"

#include "../name.h"
#include "../platform.h"

namespace procseek {

namespace {

constexpr FieldMask kHeld = bit(Field::pid) | bit(Field::name) | bit(Field::comm) |
                            bit(Field::ppid) | bit(Field::state) | bit(Field::startTime) |
                            bit(Field::id) | bit(Field::uid) | bit(Field::gid) | bit(Field::user) |
                            bit(Field::pgid) | bit(Field::sid) | bit(Field::nice) |
                            bit(Field::threads) | bit(Field::cpuTime);

}  // namespace

Status BpfSource::begin(const Walk& walk) {
  walk_ = walk;
  first_pid_ = last_pid_ = 0;
  is_procfs_walk_ = walk.listed || (!walk.by_comm && (walk.every_time & ~kHeld) != 0) ||
                    procfs_.is_foreign_view();
  if (is_procfs_walk_) return procfs_.begin(walk);
  question_.hashes = walk.by_comm ? walk.hashes : nullptr;
  question_.hash_count = walk.hash_count;
  question_.with_cpu_time = (walk.at_most & bit(Field::cpuTime)) != 0;
  position_ = unseen_position_ = 0;
  return tasks_.ask(question_, 0, answer_) == kOk ? kOk : go_on_by_procfs(0);
}

// Whatever keeps the kernel from answering, /proc may still do so; if not, that is the failure.
Status BpfSource::go_on_by_procfs(int32_t first_pid) {
  is_procfs_walk_ = true;
  first_pid_ = first_pid;
  answer_ = KernelTasks::Answer();
  return procfs_.begin(walk_);
}

void BpfSource::end() {
  procfs_.end();
  answer_ = KernelTasks::Answer();
  row_ = nullptr;
  position_ = 0;
}

// Null when the kernel has told all, or has to be asked to go on.
const task_row* BpfSource::peek_row() const {
  if (position_ == answer_.count) return nullptr;
  size_t offset = position_ * KernelTasks::stride(question_.with_cpu_time);
  return reinterpret_cast<const task_row*>(answer_.rows.data() + offset);
}

Status BpfSource::turn_to_next(Record& record) {
  while (peek_row() == nullptr && answer_.next_pid != 0) {
    position_ = 0;
    if (tasks_.ask(question_, answer_.next_pid, answer_) != kOk) {
      Status status = go_on_by_procfs(last_pid_ + 1);
      return status == kOk ? next(record) : status;
    }
  }
  Values<int32_t> unseen = tasks_.unseen();
  row_ = peek_row();
  auto pid = row_ == nullptr ? INT32_MAX : static_cast<int32_t>(row_->pid);
  while (unseen_position_ < unseen.count && unseen.first[unseen_position_] <= pid) {
    int32_t other = unseen.first[unseen_position_++];
    if (other == pid || !process_exists(other)) continue;
    row_ = nullptr;
    last_pid_ = other;
    procfs_.attach(record, other);
    return kOk;
  }
  if (row_ == nullptr) return kEnd;
  position_++;
  last_pid_ = pid;
  record.reset(pid);
  return kOk;
}

Status BpfSource::next(Record& record) {
  if (is_procfs_walk_) {
    row_ = nullptr;
    Status status;
    while ((status = procfs_.next(record)) == kOk && record.pid < first_pid_) continue;
    return status;
  }
  for (;;) {
    Status status = turn_to_next(record);
    if (status == kOk && walk_.comm) status = read(record, bit(Field::comm));
    if (status == kOk || status == kEnd || status < 0) return status;
  }
}

Status BpfSource::read(Record& record, FieldMask wanted) {
  FieldMask missing = wanted & ~record.present;
  if (missing == 0) return kOk;
  if (row_ == nullptr) return procfs_.read(record, wanted);
  return can_tell(missing) ? tell(record, missing) : read_instead(record, wanted);
}

bool BpfSource::can_tell(FieldMask fields) const {
  if ((fields & ~kHeld) != 0) return false;
  if ((fields & bit(Field::cpuTime)) != 0 && row_->threads != 1) return false;
  if ((fields & (bit(Field::name) | bit(Field::comm))) == 0) return true;
  if (!answer_.has_comm(*row_)) return false;
  return (fields & bit(Field::name)) == 0 || is_kernel_thread(*row_) ||
         !needs_completion(short_comm_of(*row_));
}

Status BpfSource::tell(Record& record, FieldMask fields) {
  const task_row& row = *row_;
  if ((fields & (bit(Field::name) | bit(Field::comm))) != 0) {
    if (!record.has(Field::comm)) {
      size_t start = record.text.size();
      Status status = answer_.append_comm(row, record.text);
      if (status != kOk) return status;
      record.comm = {static_cast<uint32_t>(start),
                     static_cast<uint32_t>(record.text.size() - start)};
      record.set(Field::comm);
    }
    record.name = record.comm;
    if ((fields & bit(Field::name)) != 0) record.set(Field::name);
  }
  record.ppid = static_cast<int32_t>(row.ppid);
  record.pgid = static_cast<int32_t>(row.pgid);
  record.sid = static_cast<int32_t>(row.sid);
  record.state = state_of(row);
  record.nice = row.nice;
  record.threads = static_cast<int32_t>(row.threads);
  for (Field field :
       {Field::ppid, Field::pgid, Field::sid, Field::state, Field::nice, Field::threads}) {
    record.set(field);
  }
  if ((fields & bit(Field::cpuTime)) != 0) {
    record.cpuTime = cpu_time_of(*reinterpret_cast<const task_cpu*>(&row + 1));
    record.set(Field::cpuTime);
  }
  Status status = kOk;
  if ((fields & (bit(Field::startTime) | bit(Field::id))) != 0) {
    status = values_.store_start(start_ticks_of(row), fields, record);
  }
  if (status == kOk && (fields & (bit(Field::uid) | bit(Field::gid) | bit(Field::user))) != 0) {
    status = values_.store_owner({row.uid, row.gid}, fields, record);
  }
  return status;
}

// All that is wanted, for it must be of one and the same process.
Status BpfSource::read_instead(Record& record, FieldMask wanted) {
  bool is_name_cut = (wanted & bit(Field::name)) != 0 && needs_completion(short_comm_of(*row_));
  row_ = nullptr;
  // By now its PID may be a thread's, which /proc would show as well.
  if (!process_exists(record.pid)) return kGone;
  Status status = kOk;
  if (is_name_cut) {
    status = procfs_.attach_by_handle(record, record.pid);
  } else {
    procfs_.attach(record, record.pid);
  }
  return status == kOk ? procfs_.read(record, wanted) : status;
}

Status BpfSource::find(int32_t pid, FieldMask wanted, Record& record) {
  row_ = nullptr;
  return procfs_.find(pid, wanted, record);
}

}  // namespace procseek
