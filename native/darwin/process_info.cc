#include "process_info.h"

#include <libproc.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "../name.h"
#include "../system_calls.h"
#include "layouts.h"
#include "terminal.h"

namespace procseek {

namespace {

// What the error of a call about one process comes to. Of all errors, only want of memory says
// nothing of the process.
Status outcome(Call call, int error) {
  if (error == ESRCH || error == ENOENT) return kGone;
  return error == ENOMEM ? failure(call, error) : kDenied;
}

// Fills `buffer` whole, or fails.
template <size_t kSize>
Status ask(int32_t pid, int flavor, uint64_t about, char (&buffer)[kSize]) {
  errno = 0;
  int filled = counted(::proc_pidinfo, pid, flavor, about, buffer, static_cast<int>(kSize));
  return filled == static_cast<int>(kSize) ? Status{kOk} : outcome(Call::proc_pidinfo, errno);
}

template <size_t kSize>
std::string_view view_of(const char (&buffer)[kSize]) {
  return {buffer, kSize};
}

Status ask_kernel(int32_t pid, StartInfo& ret_info) {
  char buffer[kinfo::kSize];
  int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, pid};
  size_t size = sizeof buffer;
  int result = counted(::sysctl, name, 4u, buffer, &size, static_cast<void*>(nullptr), size_t{0});
  if (result != 0) return outcome(Call::sysctl, errno);
  // Of a process that is gone, it tells nothing.
  return parse_kinfo({buffer, size}, ret_info) && ret_info.pid == pid ? kOk : kGone;
}

Status ask_bsd_info(int32_t pid, StartInfo& ret_info) {
  constexpr uint64_t kZombiesToo = 1;
  char buffer[bsd_info::kSize];
  Status status = ask(pid, PROC_PIDTBSDINFO, kZombiesToo, buffer);
  if (status == kOk && !parse_bsd_info(view_of(buffer), ret_info)) return kDenied;
  return status;
}

uint64_t clock_frequency() {
  // Not mach_timebase_info(), which under Rosetta tells of the clock that it makes believe; the
  // kernel counts in that of the machine.
  uint64_t frequency = 0;
  size_t size = sizeof frequency;
  return ::sysctlbyname("hw.tbfrequency", &frequency, &size, nullptr, 0) == 0 ? frequency : 0;
}

Status store(Field field, std::string_view text, Span& span, Record& record) {
  if (text.empty()) {
    record.withhold(field);
    return kOk;
  }
  if (!record.text.store(text, span)) return out_of_memory();
  record.set(field);
  return kOk;
}

// Puts a NUL behind the last element too, where it was cut.
Status store_list(Field field, std::string_view list, Span& span, Record& record) {
  size_t offset = record.text.size();
  if (!record.text.append(list)) return out_of_memory();
  if (!list.empty() && list.back() != '\0' && !record.text.append('\0')) return out_of_memory();
  span = {static_cast<uint32_t>(offset), static_cast<uint32_t>(record.text.size() - offset)};
  record.set(field);
  return kOk;
}

}  // namespace

CallSet calls_for(FieldMask fields) {
  CallSet calls = 0;
#define FIELD(name, kind, unit, linux_files, darwin_calls, ...) \
  if (fields & bit(Field::name)) calls |= darwin_calls;
#include "../fields.def"
#undef FIELD
  return calls;
}

Status read_unique_info(int32_t pid, UniqueInfo& ret_info) {
  constexpr uint64_t kZombiesToo = 1;
  char buffer[unique_info::kSize];
  Status status = ask(pid, unique_info::kFlavor, kZombiesToo, buffer);
  if (status == kOk && !parse_unique_info(view_of(buffer), ret_info)) return kDenied;
  return status;
}

Status read_start_info(int32_t pid, StartInfo& ret_info) {
  // Of this user's processes without the kernel's looking through all of them.
  Status status = ask_bsd_info(pid, ret_info);
  return status == kDenied ? ask_kernel(pid, ret_info) : status;
}

Status read_zombie(int32_t pid, StartInfo& ret_info) {
  Status status = ask_bsd_info(pid, ret_info);
  return status == kOk && ret_info.status != kZombie ? Status{kGone} : status;
}

Status read_key(int32_t pid, ProcessKey& ret_key) {
  UniqueInfo unique;
  Status status = read_unique_info(pid, unique);
  if (status == kOk) ret_key = {ProcessKey::unique_id, unique.unique_id};
  if (status != kDenied) return status;
  StartInfo start;
  status = read_start_info(pid, start);
  if (status == kOk) ret_key = {ProcessKey::start_time, start.start};
  return status;
}

void ProcessInfo::reset() {
  status_ = 0;
  running_ = -1;
  terminal_ = kNoTerminal;
}

Status ProcessInfo::read(int32_t pid, CallSet calls, Record& record) {
  Status status = kOk;
  if (calls & kShortInfo) status = read_short_info(pid, record);
  if (status == kOk && (calls & kStartInfo)) status = read_start(pid, record);
  if (status == kOk && (calls & kTaskInfo)) status = read_task(pid, record);
  if (status == kOk && (calls & kPath)) status = read_path(pid, record);
  if (status == kOk && (calls & kArguments)) status = read_arguments(pid, record);
  if (status == kOk && (calls & kDirectories)) status = read_directories(pid, record);
  if (status == kOk && (calls & kSession)) read_session(pid, record);
  if (status == kOk && (calls & kUsage)) status = read_usage(pid, record);
  if (status == kOk && (calls & kFds)) status = read_fds(pid, record);
  return status;
}

Status ProcessInfo::derive(FieldMask wanted, Record& record) {
  FieldMask missing = wanted & ~record.present;
  if (missing & bit(Field::state)) {
    record.state = state_of(status_, running_);
    record.set(Field::state);
  }
  if (missing & bit(Field::tty)) {
    size_t offset = record.text.size();
    Status status = terminal_ == kNoTerminal ? kGone : append_terminal(terminal_, record.text);
    if (status < 0) return status;
    record.tty = {static_cast<uint32_t>(offset),
                  static_cast<uint32_t>(record.text.size() - offset)};
    status == kOk ? record.set(Field::tty) : record.withhold(Field::tty);
  }
  if (missing & bit(Field::user)) {
    size_t offset = record.text.size();
    Status status = accounts_.append_name(record.uid, record.text);
    if (status < 0) return status;
    record.user = {static_cast<uint32_t>(offset),
                   static_cast<uint32_t>(record.text.size() - offset)};
    status == kOk ? record.set(Field::user) : record.withhold(Field::user);
  }
  return kOk;
}

Status ProcessInfo::read_short_info(int32_t pid, Record& record) {
  constexpr uint64_t kZombiesToo = 1;
  char buffer[short_info::kSize];
  ShortInfo info;
  Status status = ask(pid, PROC_PIDT_SHORTBSDINFO, kZombiesToo, buffer);
  if (status != kOk) return status;
  if (!parse_short_info(view_of(buffer), info)) return failure(Call::proc_pidinfo, EPROTO);
  status_ = info.status;
  if (!record.text.store(info.comm, record.comm)) return out_of_memory();
  record.ppid = info.ppid;
  record.pgid = info.pgid;
  record.uid = info.uid;
  record.gid = info.gid;
  for (Field field : {Field::comm, Field::ppid, Field::pgid, Field::uid, Field::gid}) {
    record.set(field);
  }
  return kOk;
}

Status ProcessInfo::read_start(int32_t pid, Record& record) {
  StartInfo info;
  Status status = read_start_info(pid, info);
  // startTime is a field that everybody is told of every process; so it takes one to be out of
  // reach as a whole for it to be withheld.
  if (status != kOk) return status;
  terminal_ = info.terminal;
  record.startTime = static_cast<double>(info.start / 1000);
  record.nice = info.nice;
  record.set(Field::startTime);
  record.set(Field::nice);
  return kOk;
}

Status ProcessInfo::read_task(int32_t pid, Record& record) {
  char buffer[task_info::kSize];
  TaskInfo info;
  Status status = ask(pid, PROC_PIDTASKINFO, 0, buffer);
  if (status < 0) return status;
  bool is_known = status == kOk && parse_task_info(view_of(buffer), info);
  running_ = is_known ? info.running : -1;
  record.threads = info.threads;  // 0 of a zombie, whose last one has ended
  record.vsize = static_cast<double>(info.virtual_size);
  record.rss = static_cast<double>(info.resident_size);
  for (Field field : {Field::threads, Field::vsize, Field::rss}) {
    is_known ? record.set(field) : record.withhold(field);
  }
  if (frequency_ == 0) frequency_ = clock_frequency();
  if (is_known && frequency_ != 0) {
    record.cpuTime = {milliseconds_of(info.user_time, frequency_),
                      milliseconds_of(info.system_time, frequency_)};
    record.set(Field::cpuTime);
  } else {
    record.withhold(Field::cpuTime);
  }
  return kOk;
}

Status ProcessInfo::read_path(int32_t pid, Record& record) {
  char path[PROC_PIDPATHINFO_MAXSIZE];
  errno = 0;
  int length = counted(::proc_pidpath, pid, path, static_cast<uint32_t>(sizeof path));
  Status status = length > 0 ? kOk : outcome(Call::proc_pidpath, errno);
  if (status < 0) return status;
  std::string_view exe(path, status == kOk ? static_cast<size_t>(length) : 0);
  return store(Field::exe, exe, record.exe, record);
}

Status ProcessInfo::read_arguments(int32_t pid, Record& record) {
  // Of a list that the buffer does not take whole, it tells the end alone, without a word. None is
  // longer than kMost: ARG_MAX of sys/syslimits.h, and how many there are.
  constexpr size_t kMost = (1 << 20) + sizeof(int32_t);
  Arguments arguments;
  bool is_known = false;
  buffer_.clear();
  for (size_t size = 16 * 1024; !is_known; size = std::min(size * 8, kMost)) {
    if (!buffer_.reserve(size)) return out_of_memory();
    int name[] = {CTL_KERN, KERN_PROCARGS2, pid};
    size_t filled = size;
    int result = counted(::sysctl, name, 3u, static_cast<void*>(buffer_.data()), &filled,
                         static_cast<void*>(nullptr), size_t{0});
    if (result != 0 && errno == ENOMEM) return failure(Call::sysctl, ENOMEM);
    // Of a process that is gone, of another user's, and of one without arguments alike: EINVAL,
    // EIO, or nothing at all.
    if (result != 0 || filled == 0) break;
    if (filled < size) {
      is_known = parse_arguments({buffer_.data(), filled}, arguments);
      break;
    }
    if (size == kMost) break;
  }
  Status status = kOk;
  if (is_known) {
    status = store_list(Field::cmdline, arguments.cmdline, record.cmdline, record);
  } else {
    record.withhold(Field::cmdline);
  }
  if (status != kOk) return status;
  if (arguments.has_environ) {
    return store_list(Field::environ, arguments.environ, record.environ, record);
  }
  record.withhold(Field::environ);
  return kOk;
}

Status ProcessInfo::read_directories(int32_t pid, Record& record) {
  char buffer[path_info::kSize];
  Directories directories;
  Status status = ask(pid, PROC_PIDVNODEPATHINFO, 0, buffer);
  if (status < 0) return status;
  bool is_known = status == kOk && parse_directories(view_of(buffer), directories);
  // Only one that has called chroot(2) has a root of its own.
  if (is_known && directories.root.empty()) directories.root = "/";
  status = store(Field::cwd, directories.cwd, record.cwd, record);
  return status == kOk ? store(Field::root, directories.root, record.root, record) : status;
}

void ProcessInfo::read_session(int32_t pid, Record& record) {
  record.sid = counted(::getsid, pid);
  record.sid >= 0 ? record.set(Field::sid) : record.withhold(Field::sid);
}

Status ProcessInfo::read_usage(int32_t pid, Record& record) {
  char buffer[usage_info::kSize];
  UsageInfo info;
  int result =
      counted(::proc_pid_rusage, pid, RUSAGE_INFO_V4, reinterpret_cast<rusage_info_t*>(&buffer));
  Status status = result == 0 ? kOk : outcome(Call::proc_pid_rusage, errno);
  if (status < 0) return status;
  if (status != kOk || !parse_usage_info(view_of(buffer), info)) {
    record.withhold(Field::io);
    return kOk;
  }
  record.io = {kNotCounted, kNotCounted, kNotCounted, kNotCounted, 0, 0};
  record.io.readBytes = static_cast<double>(info.bytes_read);
  record.io.writeBytes = static_cast<double>(info.bytes_written);
  record.set(Field::io);
  return kOk;
}

Status ProcessInfo::read_fds(int32_t pid, Record& record) {
  // Without a buffer: the size of the table, and some more; of which those that are open are told.
  constexpr size_t kMost = size_t{1} << 26;
  record.withhold(Field::fds);
  errno = 0;
  int size =
      counted(::proc_pidinfo, pid, PROC_PIDLISTFDS, uint64_t{0}, static_cast<void*>(nullptr), 0);
  while (size > 0 && static_cast<size_t>(size) <= kMost) {
    buffer_.clear();
    if (!buffer_.reserve(static_cast<size_t>(size))) return out_of_memory();
    errno = 0;
    int filled = counted(::proc_pidinfo, pid, PROC_PIDLISTFDS, uint64_t{0},
                         static_cast<void*>(buffer_.data()), size);
    if (filled < 0 || (filled == 0 && errno != 0)) break;
    if (filled < size) {
      record.fds = filled / static_cast<int>(sizeof(proc_fdinfo));
      record.set(Field::fds);
      return kOk;
    }
    size *= 2;  // more were opened meanwhile
  }
  return errno == ENOMEM ? failure(Call::proc_pidinfo, ENOMEM) : kOk;
}

}  // namespace procseek
