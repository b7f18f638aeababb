#include "procfs_source.h"

#include <linux/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include <cerrno>
#include <new>

#include "../name.h"
#include "../platform.h"
#include "terminal.h"

namespace procseek {

namespace {

// The entries below /proc/PID, in the order in which they are read.
enum File : uint32_t {
  kStat = 1 << 0,
  kComm = 1 << 1,
  kStatus = 1 << 2,
  kCmdline = 1 << 3,
  kExe = 1 << 4,
  kCwd = 1 << 5,
  kRoot = 1 << 6,
  kEnviron = 1 << 7,
  kIo = 1 << 8,
  kFd = 1 << 9,
  kCgroup = 1 << 10,
};

uint32_t files_for(FieldMask fields) {
  uint32_t files = 0;
#define FIELD(name, kind, unit, linux_files) \
  if (fields & bit(Field::name)) files |= linux_files;
#include "../fields.def"
#undef FIELD
  if (files & kStat) files &= ~uint32_t{kComm};
  return files;
}

bool is_single(uint32_t files) { return (files & (files - 1)) == 0; }

double clock_ms(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double ticks_to_ms(uint64_t ticks) {
  return static_cast<double>(ticks) * 1e3 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// For what concerns /proc itself and not one process.
Status as_failure(Call call, Status status) {
  if (status == kGone) return failure(call, ENOENT);
  if (status == kDenied) return failure(call, EACCES);
  return status;
}

// Asks about an open file without the stat family, whose symbols and structures differ between
// libcs. Null where the kernel is older than statx(2).
bool ask_statx(int directory, const char* path, unsigned mask, struct statx& ret_answer) {
  return ::syscall(SYS_statx, directory, path, 0, mask, &ret_answer) == 0;
}

// Puts a NUL behind the last element too, where its process left it out by rewriting its title.
bool end_last_element(Bytes& text, size_t offset) {
  return text.size() == offset || text.data()[text.size() - 1] == '\0' || text.append('\0');
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

Span span_from(const Bytes& text, size_t offset) {
  return {static_cast<uint32_t>(offset), static_cast<uint32_t>(text.size() - offset)};
}

}  // namespace

std::unique_ptr<Source> make_source() {
  return std::unique_ptr<Source>(new (std::nothrow) ProcfsSource);
}

bool process_exists(int32_t pid) {
  // Signal 0 tests without sending; tgkill(2) finds nothing when the thread is not its group's
  // leader, whoever owns it. Any other refusal means that there is something to refuse.
  if (pid <= 0) return false;
  return ::syscall(SYS_tgkill, pid, pid, 0) == 0 || errno != ESRCH;
}

Status ProcfsSource::begin(const Walk& walk) {
  walk_ = walk;
  walked_ = 0;
  if (walk.listed) return kOk;
  return as_failure(Call::openat, entries_.open(AT_FDCWD, "/proc"));
}

void ProcfsSource::end() {
  entries_.close();
  handle_.reset();
}

Status ProcfsSource::next_pid(int32_t& ret_pid) {
  if (walk_.listed) {
    while (walked_ < walk_.pid_count) {
      ret_pid = walk_.pids[walked_++];
      if (process_exists(ret_pid)) return kOk;
    }
    return kEnd;
  }
  Status status = entries_.next(ret_pid);
  if (status == kOk) walked_++;
  // A /proc without processes is none: not mounted, or something else.
  if (status == kEnd && walked_ == 0) return failure(Call::getdents64, ENOENT);
  return status == kEnd ? kEnd : as_failure(Call::getdents64, status);
}

Status ProcfsSource::next(Record& record) {
  int32_t pid;
  Status status;
  while ((status = next_pid(pid)) == kOk) {
    attach(record, pid);
    if (walk_.comm) status = read_comm(record);
    if (status <= 0) return status;
  }
  return status;
}

void ProcfsSource::attach(Record& record, int32_t pid) {
  record.reset(pid);
  handle_.reset();
  has_begun_ = false;
  is_kernel_thread_ = false;
  lacks_entry_ = false;
}

Status ProcfsSource::find(int32_t pid, FieldMask wanted, Record& record) {
  // A process may vanish, and another one take its PID, between the question whether it exists and
  // reading it; hardly ever more than once.
  for (int attempt = 0; attempt < 3; attempt++) {
    if (!process_exists(pid)) return kGone;
    attach(record, pid);
    Status status = read(record, wanted);
    handle_.reset();
    if (status <= 0) return status;
  }
  if (!process_exists(pid)) return kGone;
  // It exists and cannot be seen: hidden by the hidepid option, or there is no /proc at all.
  bool has_proc = ::access("/proc/self", F_OK) == 0;
  return failure(Call::openat, has_proc ? EACCES : ENOENT);
}

ProcfsSource::Location ProcfsSource::locate(const Record& record, std::string_view file) const {
  Location location{handle_.get(), {}};
  if (!handle_) {
    location.directory = entries_.fd();
    // Without a walk there is no handle on /proc, and an absolute path needs none.
    if (location.directory < 0) location.path.append("/proc/");
    location.path.append(static_cast<uint32_t>(record.pid)).append("/");
  }
  location.path.append(file);
  return location;
}

Status ProcfsSource::restart_with_handle(Record& record) {
  Location location = locate(record, "");
  attach(record, record.pid);
  return open_at(location.directory, location.path.c_str(), O_PATH | O_DIRECTORY, handle_);
}

bool ProcfsSource::is_alive(const Record& record) const {
  Location comm = locate(record, "comm");
  return ::faccessat(comm.directory, comm.path.c_str(), F_OK, 0) == 0;
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
      Status status = restart_with_handle(record);
      if (status != kOk) return status;
    }
  }
  Status status = read_files(record, files, wanted);
  if (status == kOk && (wanted & ~record.present & bit(Field::name))) {
    status = complete_name(record, wanted);
  }
  if (status == kOk && lacks_entry_ && !is_alive(record)) return kGone;
  lacks_entry_ = false;
  return status;
}

Status ProcfsSource::read_files(Record& record, FileSet files, FieldMask wanted) {
  Status status = kOk;
  if (files & kStat) status = read_stat(record, wanted);
  if (status == kOk && (files & kComm)) status = read_comm(record);
  if (status == kOk && (files & kStatus)) status = read_status(record, wanted);
  if (status == kOk && (files & kCmdline)) status = read_cmdline(record);
  if (status == kOk && (files & kExe)) status = read_link(record, Field::exe, record.exe, "exe");
  if (status == kOk && (files & kCwd)) status = read_link(record, Field::cwd, record.cwd, "cwd");
  if (status == kOk && (files & kRoot))
    status = read_link(record, Field::root, record.root, "root");
  if (status == kOk && (files & kEnviron)) status = read_environ(record);
  if (status == kOk && (files & kIo)) status = read_io(record);
  if (status == kOk && (files & kFd)) status = read_fds(record);
  if (status == kOk && (files & kCgroup)) status = read_cgroup(record);
  has_begun_ = true;
  return status;
}

Status ProcfsSource::read_comm(Record& record) {
  char buffer[128];  // 64 bytes at most, for kernel threads
  size_t length;
  Location comm = locate(record, "comm");
  Status status = read_small(comm.directory, comm.path.c_str(), buffer, sizeof buffer, length);
  if (status != kOk) return status;
  has_begun_ = true;
  if (!record.text.store(parse_comm({buffer, length}), record.comm)) return out_of_memory();
  record.set(Field::comm);
  return kOk;
}

Status ProcfsSource::read_stat(Record& record, FieldMask wanted) {
  char buffer[2048];  // 52 numbers and a name
  size_t length;
  Location file = locate(record, "stat");
  Status status = read_small(file.directory, file.path.c_str(), buffer, sizeof buffer, length);
  if (status != kOk) return status;
  Stat stat;
  if (!parse_stat({buffer, length}, stat)) return failure(Call::read, EPROTO);
  return store_stat(record, stat, wanted);
}

// Keeps all that costs nothing to keep.
Status ProcfsSource::store_stat(Record& record, const Stat& stat, FieldMask wanted) {
  is_kernel_thread_ = stat.is_kernel_thread;
  if (!record.text.store(stat.comm, record.comm)) return out_of_memory();
  record.state = stat.state;
  record.ppid = stat.ppid;
  record.pgid = stat.pgid;
  record.sid = stat.sid;
  record.nice = stat.nice;
  record.threads = stat.threads;
  record.startTime = start_time(stat.start_ticks);
  record.cpuTime = {ticks_to_ms(stat.user_ticks), ticks_to_ms(stat.system_ticks)};
  record.vsize = static_cast<double>(stat.vsize);
  record.rss = static_cast<double>(stat.rss_pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
  for (Field field : {Field::comm, Field::state, Field::ppid, Field::pgid, Field::sid, Field::nice,
                      Field::threads, Field::startTime, Field::cpuTime, Field::vsize, Field::rss}) {
    record.set(field);
  }
  Status status = kOk;
  if (wanted & bit(Field::id)) status = store_id(record, stat.start_ticks);
  if (status == kOk && (wanted & bit(Field::tty))) status = store_terminal(record, stat.tty);
  return status;
}

// The number of clock ticks between boot and start does not move when the wall clock is set.
Status ProcfsSource::store_id(Record& record, uint64_t start_ticks) {
  char digits[20];
  size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + start_ticks % 10);
    start_ticks /= 10;
  } while (start_ticks != 0);
  ProcPath id;
  id.append(static_cast<uint32_t>(record.pid))
      .append("-")
      .append({digits + first, sizeof digits - first});
  if (!record.text.store(id.c_str(), record.id)) return out_of_memory();
  record.set(Field::id);
  return kOk;
}

Status ProcfsSource::store_terminal(Record& record, int32_t device) {
  size_t offset = record.text.size();
  Status status = device == 0 ? kGone : append_terminal(device, record.text);
  if (status < 0) return status;
  record.tty = span_from(record.text, offset);
  status == kOk ? record.set(Field::tty) : record.withhold(Field::tty);
  return kOk;
}

double ProcfsSource::start_time(uint64_t start_ticks) {
  if (boot_time_ == 0) boot_time_ = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME);
  return static_cast<double>(static_cast<int64_t>(boot_time_ + ticks_to_ms(start_ticks)));
}

Status ProcfsSource::read_status(Record& record, FieldMask wanted) {
  char buffer[4096];  // the lines wanted are among the first
  size_t length;
  Location file = locate(record, "status");
  Status status = read_small(file.directory, file.path.c_str(), buffer, sizeof buffer, length);
  if (status != kOk) return status;
  Owner owner;
  if (!parse_status({buffer, length}, owner)) return failure(Call::read, EPROTO);
  record.uid = owner.uid;
  record.gid = owner.gid;
  record.set(Field::uid);
  record.set(Field::gid);
  if ((wanted & bit(Field::user)) == 0) return kOk;
  size_t offset = record.text.size();
  status = accounts_.append_name(owner.uid, record.text);
  if (status < 0) return status;
  record.user = span_from(record.text, offset);
  status == kOk ? record.set(Field::user) : record.withhold(Field::user);
  return kOk;
}

Status ProcfsSource::read_cmdline(Record& record) {
  size_t offset = record.text.size();
  Location file = locate(record, "cmdline");
  Status status = read_all(file.directory, file.path.c_str(), record.text);
  if (status != kOk) return status;
  if (!end_last_element(record.text, offset)) return out_of_memory();
  record.cmdline = span_from(record.text, offset);
  record.set(Field::cmdline);
  return kOk;
}

Status ProcfsSource::read_environ(Record& record) {
  size_t offset = record.text.size();
  Location file = locate(record, "environ");
  Status status = read_all(file.directory, file.path.c_str(), record.text);
  if (status < 0) return status;
  if (status != kOk) {
    record.text.truncate(offset);
    lacks_entry_ |= status == kGone;
    record.withhold(Field::environ);
    return kOk;
  }
  if (!end_last_element(record.text, offset)) return out_of_memory();
  record.environ = span_from(record.text, offset);
  record.set(Field::environ);
  return kOk;
}

// The kernel marks the path of what has been deleted, and a file may be called so. Then the path,
// in the view of the process, leads to the very file.
bool ProcfsSource::leads_to(const Record& record, std::string_view path,
                            const Location& link) const {
  char relative[4096];
  if (path.size() < 2 || path.size() >= sizeof relative) return false;
  path.remove_prefix(1);
  relative[path.copy(relative, path.size())] = '\0';
  Location root = locate(record, "root");
  Fd directory;
  struct statx marked;
  struct statx found;
  return open_at(root.directory, root.path.c_str(), O_PATH | O_DIRECTORY, directory) == kOk &&
         ask_statx(link.directory, link.path.c_str(), STATX_INO, marked) &&
         ask_statx(directory.get(), relative, STATX_INO, found) &&
         marked.stx_ino == found.stx_ino && marked.stx_dev_major == found.stx_dev_major &&
         marked.stx_dev_minor == found.stx_dev_minor;
}

Status ProcfsSource::read_link(Record& record, Field field, Span& span, std::string_view file) {
  constexpr std::string_view kDeleted = " (deleted)";
  char target[4096];
  Location link = locate(record, file);
  ssize_t length = ::readlinkat(link.directory, link.path.c_str(), target, sizeof target);
  if (length < 0) {
    Status status = outcome(Call::readlinkat, errno);
    if (status < 0 && errno != ENAMETOOLONG) return status;
    lacks_entry_ |= status == kGone;
    record.withhold(field);
    return kOk;
  }
  std::string_view path(target, static_cast<size_t>(length));
  if (ends_with(path, kDeleted) && !leads_to(record, path, link)) {
    path.remove_suffix(kDeleted.size());
  }
  if (!record.text.store(path, span)) return out_of_memory();
  record.set(field);
  return kOk;
}

Status ProcfsSource::read_io(Record& record) {
  char buffer[512];
  size_t length;
  Location file = locate(record, "io");
  Status status = read_small(file.directory, file.path.c_str(), buffer, sizeof buffer, length);
  if (status < 0) return status;
  lacks_entry_ |= status == kGone;
  bool is_known = status == kOk && parse_io({buffer, length}, record.io);
  is_known ? record.set(Field::io) : record.withhold(Field::io);
  return kOk;
}

Status ProcfsSource::read_fds(Record& record) {
  Location file = locate(record, "fd");
  record.fds = 0;
  // Since Linux 6.2 the directory's size is the number of its entries.
  struct statx answer;
  if (ask_statx(file.directory, file.path.c_str(), STATX_SIZE, answer) && answer.stx_size != 0) {
    record.fds = static_cast<int32_t>(answer.stx_size);
    record.set(Field::fds);
    return kOk;
  }
  NumberedEntries entries;
  int32_t number;
  Status status = entries.open(file.directory, file.path.c_str());
  while (status == kOk && (status = entries.next(number)) == kOk) record.fds++;
  if (status < 0) return status;
  // The directory of a process that is gone lists as empty.
  lacks_entry_ |= status == kGone || record.fds == 0;
  status == kEnd ? record.set(Field::fds) : record.withhold(Field::fds);
  return kOk;
}

Status ProcfsSource::read_cgroup(Record& record) {
  Bytes text;
  Location file = locate(record, "cgroup");
  Status status = read_all(file.directory, file.path.c_str(), text);
  if (status < 0) return status;
  lacks_entry_ |= status == kGone;
  std::string_view lines = status == kOk ? text.view({0, static_cast<uint32_t>(text.size())}) : "";
  std::string_view cgroup = parse_cgroup(lines);
  std::string_view container = parse_container_id(lines);
  if (!record.text.store(cgroup, record.cgroup)) return out_of_memory();
  if (!record.text.store(container, record.containerId)) return out_of_memory();
  cgroup.empty() ? record.withhold(Field::cgroup) : record.set(Field::cgroup);
  container.empty() ? record.withhold(Field::containerId) : record.set(Field::containerId);
  return kOk;
}

Status ProcfsSource::complete_name(Record& record, FieldMask wanted) {
  auto take = [&record](Span span) {
    record.name = span;
    record.set(Field::name);
    return Status{kOk};
  };
  std::string_view comm = record.view(record.comm);
  if (is_kernel_thread_ || !needs_completion(comm)) return take(record.comm);
  if (!handle_) {
    Status status = restart_with_handle(record);
    return status == kOk ? read(record, wanted) : status;
  }

  FieldMask sources[] = {bit(Field::cmdline), bit(Field::exe)};
  // A runtime that relabels itself may retitle itself too: its executable is the better witness.
  if (is_main_thread_label(comm)) std::swap(sources[0], sources[1]);
  for (FieldMask source : sources) {
    Status status = read_files(record, files_for(source & ~record.present), source);
    if (status != kOk) return status;
    comm = record.view(record.comm);
    std::string_view name =
        source == bit(Field::cmdline)
            ? name_from_cmdline(comm, record.view(record.cmdline))
            : name_from_exe(comm, record.has(Field::exe) ? record.view(record.exe) : "");
    if (name.empty()) continue;
    return take({static_cast<uint32_t>(name.data() - record.text.data()),
                 static_cast<uint32_t>(name.size())});
  }
  return take(record.comm);
}

}  // namespace procseek
