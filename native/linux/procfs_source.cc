#include "procfs_source.h"

#include <sys/syscall.h>

#include <cerrno>
#include <new>

#include "../name.h"
#include "../platform.h"
#include "../system_calls.h"

namespace procseek {

namespace {

bool is_single(FileSet files) { return (files & (files - 1)) == 0; }

}  // namespace

std::unique_ptr<Source> make_source(SourceContext* context) {
  return std::unique_ptr<Source>(new (std::nothrow) ProcfsSource(context));
}

bool process_exists(int32_t pid) {
  // Signal 0 tests without sending; tgkill(2) finds nothing when the thread is not its group's
  // leader, whoever owns it. Any other refusal means that there is something to refuse.
  if (pid <= 0) return false;
  return counted(::syscall, SYS_tgkill, pid, pid, 0) == 0 || errno != ESRCH;
}

Status ProcfsSource::begin(const Walk& walk) {
  walk_ = walk;
  walked_ = 0;
  look_at_view();
  if (walk.listed) return root_.check();
  return as_failure(Call::openat, root_.open_entries(entries_));
}

void ProcfsSource::end() {
  entries_.close();
  handle_.reset();
  files_.release();
}

bool ProcfsSource::is_foreign_view() {
  look_at_view();
  return root_.is_foreign();
}

// Another /proc may have been mounted since.
void ProcfsSource::look_at_view() {
  if (context_ == nullptr || !root_.is_system_view()) return;
  root_.set_foreign(context_->is_foreign());
  files_.set_root(root_);
}

Status ProcfsSource::next_pid(int32_t& ret_pid, uint64_t& ret_inode) {
  if (walk_.listed) {
    while (walked_ < walk_.pid_count) {
      ret_pid = walk_.pids[walked_++];
      Status status = root_.exists(ret_pid);
      if (status <= 0) return status;
    }
    return kEnd;
  }
  Status status = entries_.next(ret_pid, ret_inode);
  if (status == kOk) walked_++;
  // A /proc without processes is none: not mounted, or something else.
  if (status == kEnd && walked_ == 0) return failure(Call::getdents64, ENOENT);
  return status == kEnd ? kEnd : as_failure(Call::getdents64, status);
}

Status ProcfsSource::next(Record& record) {
  int32_t pid;
  uint64_t inode = 0;
  Status status;
  while ((status = next_pid(pid, inode)) == kOk) {
    attach(record, pid);
    // The inode of /proc/PID is made for the process, and numbered by 32 bits (get_next_ino()).
    record.stamp = static_cast<uint32_t>(inode);
    if (walk_.comm) status = read_files(record, kComm, bit(Field::comm));
    // What is about this process alone does not concern the others.
    if (status == kOk || is_exhaustion(status)) return status;
  }
  return status;
}

void ProcfsSource::attach(Record& record, int32_t pid) {
  record.reset(pid);
  files_.reset();
  handle_.reset();
  has_begun_ = false;
}

Status ProcfsSource::find(int32_t pid, FieldMask wanted, Record& record) {
  // A process may vanish, and another one take its PID, between the question whether it exists and
  // reading it; hardly ever more than once.
  Status status;
  look_at_view();
  for (int attempt = 0; attempt < 3; attempt++) {
    status = root_.exists(pid);
    if (status != kOk) return status;
    attach(record, pid);
    status = read(record, wanted);
    handle_.reset();
    if (status <= 0) return status;
  }
  status = root_.exists(pid);
  // It exists and cannot be seen: hidden by the hidepid option, or there is no /proc at all.
  if (status == kOk) status = root_.check();
  return status == kOk ? failure(Call::openat, EACCES) : status;
}

ProcessPlace ProcfsSource::place(int32_t pid) const {
  if (handle_) return {handle_.get(), ProcPath()};
  // Without a walk there is no handle on /proc, and an absolute path needs none.
  if (entries_.fd() < 0) return {root_.directory(), root_.path(pid)};
  return {entries_.fd(), ProcPath().append(static_cast<uint32_t>(pid)).append("/")};
}

Status ProcfsSource::attach_by_handle(Record& record, int32_t pid) {
  attach(record, pid);
  ProcessPlace at = place(pid);
  return open_at(at.directory(), at.path("").c_str(), O_PATH | O_DIRECTORY, handle_);
}

Status ProcfsSource::verify(int32_t pid) const {
  ProcessPlace at = place(pid);
  // Not access(2), which asks for the real user, without capabilities.
  Fd comm;
  return open_at(at.directory(), at.path("comm").c_str(), O_PATH, comm);
}

Status ProcfsSource::read(Record& record, FieldMask wanted) {
  FieldMask missing = wanted & ~record.present;
  if (missing == 0) return kOk;
  FileSet files = files_for(missing);
  if (record.has(Field::comm)) files &= ~FileSet{kComm};  // the name follows from it
  if (files != 0 && !handle_) {
    // Whatever was read by its path is read again, along with the rest, for it might be another
    // process by now.
    if (has_begun_) {
      attach(record, record.pid);
      files = files_for(wanted);
    }
    if (!is_single(files)) {
      Status status = attach_by_handle(record, record.pid);
      if (status != kOk) return status;
    }
  }
  Status status = read_files(record, files, wanted);
  if (status == kOk && (wanted & ~record.present & bit(Field::name))) {
    status = complete_name(record, wanted);
  }
  if (status == kOk && files_.is_in_doubt()) status = verify(record.pid);
  files_.settle_doubt();
  return status;
}

Status ProcfsSource::read_files(Record& record, FileSet files, FieldMask wanted) {
  has_begun_ = true;
  return files_.read(place(record.pid), files, wanted, record);
}

Status ProcfsSource::complete_name(Record& record, FieldMask wanted) {
  auto take = [&record](Span span) {
    record.name = span;
    record.set(Field::name);
    return Status{kOk};
  };
  std::string_view comm = record.view(record.comm);
  if (files_.is_kernel_thread() || !needs_completion(comm)) return take(record.comm);
  if (!handle_) {
    Status status = attach_by_handle(record, record.pid);
    return status == kOk ? read(record, wanted) : status;
  }

  // What takes no lock of the process comes first.
  Status status = read_files(record, files_for(bit(Field::exe) & ~record.present), bit(Field::exe));
  if (status != kOk) return status;
  std::string_view name;
  if (record.has(Field::exe)) {
    name = name_from_exe(record.view(record.comm), record.view(record.exe));
  }
  if (name.empty()) {
    Span arguments;
    status = find_arguments(record, arguments);
    if (status != kOk) return status;
    name = name_from_cmdline(record.view(record.comm), record.view(arguments));
  }
  if (name.empty()) return take(record.comm);
  return take({static_cast<uint32_t>(name.data() - record.text.data()),
               static_cast<uint32_t>(name.size())});
}

// As much of the arguments as a name could follow from; nothing where they are withheld.
Status ProcfsSource::find_arguments(Record& record, Span& ret_arguments) {
  ret_arguments = Span();
  if (record.present & bit(Field::cmdline)) {
    if (record.has(Field::cmdline)) ret_arguments = record.cmdline;
    return kOk;
  }
  return files_.read_head_of_cmdline(place(record.pid), record, ret_arguments);
}

}  // namespace procseek
