#include "source.h"

#include <new>

#include "../platform.h"
#include "parents.h"
#include "record_fields.h"

namespace procseek {

namespace {

constexpr FieldMask kNames = bit(Field::name) | bit(Field::comm);

// What each kind of list tells; all of them are of processes that run.
constexpr FieldMask kToldByBasic = bit(Field::pid) | kNames | bit(Field::ppid) | bit(Field::state);

FieldMask told_by(ListKind kind) {
  if (kind == ListKind::basic) return kToldByBasic;
  constexpr Questions kByHandle =
      kImagePath | kCommandLine | kParameters | kToken | kPriority | kNothing;
  return ~fields_behind(kByHandle);
}

void withhold(FieldMask fields, Record& record) {
  record.present |= fields;
  record.nulls |= fields;
}

Status tell(const ListedProcess& process, const ProcessList& list, FieldMask wanted,
            Record& record) {
  if (wanted & bit(Field::ppid)) {
    record.ppid = find_parent(list, process);
    record.set(Field::ppid);
  }
  return store_listed(process, list.kind(), wanted, record);
}

uint32_t stamp_of(uint64_t birth) { return static_cast<uint32_t>(birth ^ birth >> 32); }

}  // namespace

int32_t own_pid() { return static_cast<int32_t>(GetCurrentProcessId()); }

std::unique_ptr<Source> make_source(SourceContext*) {
  return std::unique_ptr<Source>(new (std::nothrow) WindowsSource);
}

bool process_exists(int32_t pid) {
  Handle handle;
  Status status = open_living(pid, kLook, handle);
  if (status != kDenied) return status != kGone;
  // It may have ended, and somebody else hold on to it.
  Snapshot snapshot;
  ListedProcess process;
  return snapshot.take_any() != kOk || snapshot.list().find(pid, process);
}

Status WindowsSource::begin(const Walk& walk) {
  walk_ = walk;
  walked_ = 0;
  if (walk.listed) return kOk;
  // Of every process no more than the short list tells; or threads, which no handle does.
  bool takes_basic =
      (walk.every_time & ~kToldByBasic) == 0 && (walk.at_most & fields_behind(kThreads)) == 0;
  return takes_basic ? walked_list_.take_any() : walked_list_.take(ListKind::full);
}

void WindowsSource::end() {
  walked_list_.clear();
  details_.clear();
  handle_.reset();
}

void WindowsSource::attach(Record& record, int32_t pid) {
  record.reset(pid);
  access_ = Access::unknown;
  handle_.reset();
  is_listed_ = is_verified_ = false;
}

// Forgets what the list of the walk told of the process at hand.
void WindowsSource::start_anew(Record& record) {
  uint32_t stamp = record.stamp;
  record.reset(record.pid);
  record.stamp = stamp;
  is_listed_ = false;
}

Status WindowsSource::next(Record& record) {
  Status status;
  do {
    status = walk_.listed ? next_of_pids(record) : next_of_list(record);
    if (status != kOk || !walk_.comm) return status;
    status = read(record, bit(Field::comm));
  } while (status == kGone);
  return status;
}

Status WindowsSource::next_of_list(Record& record) {
  const ProcessList& list = walked_list_.list();
  if (walked_ == list.size()) return kEnd;
  ListedProcess process = list.at(walked_++);
  attach(record, process.pid);
  record.stamp = stamp_of(process.birth);
  listed_ = process;
  is_listed_ = true;
  return kOk;
}

Status WindowsSource::next_of_pids(Record& record) {
  while (walked_ < walk_.pid_count) {
    attach(record, walk_.pids[walked_++]);
    Status status = hold(record, walk_.at_most);
    if (status != kGone) return status;
  }
  return kEnd;
}

Status WindowsSource::find(int32_t pid, FieldMask wanted, Record& record) {
  attach(record, pid);
  Status status = hold(record, wanted);
  if (status == kOk) status = read(record, wanted);
  handle_.reset();
  details_.clear();
  return status;
}

// Sees to it that what is read from here on is of one process. kOk as well when it may not be held,
// and is there.
Status WindowsSource::hold(const Record& record, FieldMask wanted) {
  if (access_ != Access::unknown) return kOk;
  Status status = open_living(record.pid, kLook, handle_);
  if (status != kOk && status != kDenied) return status;
  access_ = status == kOk ? Access::held : Access::denied;
  ListedProcess process;
  return status == kOk || is_listed_ ? Status{kOk} : consult(record.pid, wanted, process);
}

// Whether the process held is the one that the list speaks of, and not another one by now.
bool WindowsSource::is_listed_one() {
  if (is_verified_) return true;
  nt::ProcessTimes times = {};
  is_verified_ = walked_list_.list().kind() == ListKind::full &&
                 query(handle_.get(), nt::ProcessClass::times, times) == kOk &&
                 times.created == listed_.birth;
  return is_verified_;
}

Status WindowsSource::read(Record& record, FieldMask wanted) {
  if ((wanted & ~record.present) == 0) return kOk;
  record.state =
      State::running;  // all that Windows tells: its threads have states, and it has none
  record.set(Field::state);
  withhold(wanted & fields_behind(kNothing), record);
  if (is_listed_) {
    FieldMask told = wanted & ~record.present & told_by(walked_list_.list().kind());
    Status status = told == 0 ? Status{kOk} : tell(listed_, walked_list_.list(), told, record);
    if (status != kOk) return status;
  }
  if ((wanted & ~record.present) == 0) return kOk;

  Status status = hold(record, wanted);
  if (status != kOk) return status;
  if (access_ == Access::denied) return read_by_list(record, wanted);
  if (is_listed_ && !is_listed_one()) {
    start_anew(record);
    return read(record, wanted);
  }
  return read_by_handle(record, wanted);
}

Status WindowsSource::read_by_handle(Record& record, FieldMask wanted) {
  Questions questions = questions_for(wanted & ~record.present);
  Status status = reader_.read(handle_.get(), questions, wanted, record);
  if (status == kOk && (questions & kCreator)) status = read_parent(record);
  bool lacks_name = (questions & kImageName) && record.comm.length == 0;
  if (status != kOk || !(lacks_name || (questions & kThreads))) return status;
  ListedProcess process;
  status = consult(record.pid, fields_behind(kThreads), process);
  if (status != kOk) return status;
  if (lacks_name) status = store_name(process.name, record);
  record.threads = process.threads;
  record.set(Field::threads);
  return status;
}

// For a process that may not be opened.
Status WindowsSource::read_by_list(Record& record, FieldMask wanted) {
  ListedProcess process;
  Status status = consult(record.pid, wanted, process);
  if (status != kOk) return status;
  if (!is_listed_ || consulted_ != &walked_list_.list()) {
    start_anew(record);
    record.set(Field::state);
    status = tell(process, *consulted_, wanted, record);
  }
  withhold(wanted & ~record.present, record);
  return status;
}

// What a list tells that tells as much of `wanted` as any does. kGone when it lacks the process.
Status WindowsSource::consult(int32_t pid, FieldMask wanted, ListedProcess& ret_process) {
  FieldMask told = wanted & told_by(ListKind::full);
  auto tells = [told](const Snapshot& snapshot) {
    return snapshot.is_taken() && (told & ~told_by(snapshot.list().kind())) == 0;
  };
  Snapshot& consulted = tells(walked_list_) ? walked_list_ : details_;
  consulted_ = &consulted.list();
  if (tells(consulted) && consulted_->find(pid, ret_process)) return kOk;
  if (&consulted == &walked_list_) return kGone;
  // It may have started since.
  bool is_basic = (told & ~kToldByBasic) == 0;
  Status status = is_basic ? consulted.take_any() : consulted.take(ListKind::full);
  if (status != kOk) return status;
  return consulted_->find(pid, ret_process) ? kOk : kGone;
}

// The process that created it, as long as it is there: its PID may be a younger one's by now.
Status WindowsSource::read_parent(Record& record) {
  int32_t creator = reader_.creator();
  record.ppid = 0;
  record.set(Field::ppid);
  Handle parent;
  Status status = open_living(creator, kLook, parent);
  if (status == kOk && is_older(parent.get(), handle_.get())) record.ppid = creator;
  if (status != kDenied) return status == kGone ? Status{kOk} : status;

  ListedProcess process;
  status = consult(record.pid, bit(Field::ppid), process);
  if (status == kOk) record.ppid = find_parent(*consulted_, process);
  return status;
}

}  // namespace procseek
