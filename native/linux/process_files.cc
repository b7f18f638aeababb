#include "process_files.h"

#include <cerrno>

#include "../name.h"
#include "../platform.h"
#include "terminal.h"

namespace procseek {

namespace {

double ticks_to_ms(uint64_t ticks) {
  return static_cast<double>(ticks) * 1e3 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

// Puts a NUL behind the last element too, where its process left it out by rewriting its title.
bool end_last_element(Bytes& text, size_t offset) {
  return text.size() == offset || text.data()[text.size() - 1] == '\0' || text.append('\0');
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() > suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

// What all threads of a process share, and lose as they end.
constexpr FileSet kShared = kCmdline | kExe | kCwd | kRoot | kEnviron | kFd | kStatm;

FieldMask fields_of(FileSet files) {
  FieldMask fields = 0;
#define FIELD(name, kind, unit, linux_files, ...) \
  if (files & (linux_files)) fields |= bit(Field::name);
#include "../fields.def"
#undef FIELD
  return fields;
}

// Whether entries were read to which a process without memory has nothing to say.
bool is_bare(FileSet files, const Record& record) {
  return ((files & kCmdline) && record.cmdline.length == 0) ||
         ((files & kEnviron) && record.has(Field::environ) && record.environ.length == 0) ||
         ((files & kFd) && record.has(Field::fds) && record.fds == 0) ||
         ((files & kStatm) && record.has(Field::rss) && record.rss == 0);
}

// Whether the process's effective user is this one's.
bool is_of_own_user(const ProcessPlace& at) {
  FileFacts facts;
  return at.ask(facts) && facts.owner == ::geteuid();
}

Span span_from(const Bytes& text, size_t offset) {
  return {static_cast<uint32_t>(offset), static_cast<uint32_t>(text.size() - offset)};
}

// The number of clock ticks between boot and start does not move when the wall clock is set.
// Where it would mean another process than to this one's system calls, it says whose it is.
Status store_id(uint64_t start_ticks, const ProcRoot& root, Record& record) {
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
  if (root.is_foreign()) id.append("@").append(root.device());
  if (!record.text.store(id.view(), record.id)) return out_of_memory();
  record.set(Field::id);
  return kOk;
}

constexpr size_t kStatSize = 2048;  // 52 numbers and a name

// `ret_stat` is as good as what is in `buffer`.
Status read_stat_at(const ProcessPlace& at, char (&buffer)[kStatSize], Stat& ret_stat) {
  size_t length;
  ProcPath file = at.path("stat");
  Status status = read_small(at.directory(), file.c_str(), buffer, sizeof buffer, length);
  if (status != kOk) return status;
  return parse_stat({buffer, length}, ret_stat) ? kOk : failure(Call::read, EPROTO);
}

Status store_terminal(int32_t device, Record& record) {
  size_t offset = record.text.size();
  Status status = device == 0 ? kGone : append_terminal(device, record.text);
  if (status < 0) return status;
  record.tty = span_from(record.text, offset);
  status == kOk ? record.set(Field::tty) : record.withhold(Field::tty);
  return kOk;
}

// Whether a path, as seen from `directory`, leads to that very file: kOk, or kGone; kPending when a
// file system would have to be asked, for one that does not answer must not be waited for. Those on
// a local file system may be asked by kernels that cannot tell without.
Status leads_to(int directory, const char* path, const FileFacts& file, bool is_local) {
  Fd found;
  FileFacts facts;
  Status status = open_known_path(directory, path, found);
  if (status == kUnsupported) {
    status = is_local ? open_at(directory, path, O_PATH | O_NOFOLLOW, found) : Status{kPending};
  }
  if (status != kOk) return status;
  bool is_same = ask_known_file(found.get(), "", AT_EMPTY_PATH, facts) &&
                 facts.inode == file.inode && facts.device == file.device;
  return is_same ? kOk : kGone;
}

// Whether the kernel knows all names of open files on this device, as it does where no server and
// no daemon can change them. As the process's own list of mounts has it.
Status is_on_local_file_system(const ProcessPlace& at, const FileFacts& file, bool& ret_is_local) {
  constexpr std::string_view kLocal[] = {" - tmpfs ", " - overlay ", " - ramfs ", " - rootfs "};
  constexpr size_t kMostBytes = 256 * 1024;
  ret_is_local = !file.has_anonymous_device();
  if (ret_is_local) return kOk;
  Bytes mounts;
  bool is_cut;
  ProcPath device;
  device.append(" 0:").append(file.device_minor()).append(" ");
  Status status =
      read_up_to(at.directory(), at.path("mountinfo").c_str(), kMostBytes, mounts, is_cut);
  if (status != kOk) return is_exhaustion(status) ? status : Status{kOk};
  std::string_view lines(mounts.data(), mounts.size());
  std::string_view line;
  while (next_line(lines, line)) {
    if (line.find(device.view()) == std::string_view::npos) continue;
    for (std::string_view type : kLocal) {
      if (line.find(type) != std::string_view::npos) ret_is_local = true;
    }
  }
  return kOk;
}

// The kernel marks the path of what has been deleted, and a file may be called so. A file without
// links has been. One that has some may have been deleted by this name: then this path, in the view
// of this process and of that one, does not lead to it. The name of a file that is open is known
// without asking its file system; if it is not, there is no such name, or it might have changed.
Status is_deleted(const ProcessPlace& at, const ProcPath& link, std::string_view marked,
                  bool& ret_is_deleted) {
  char path[4096];
  FileFacts file;
  ret_is_deleted = true;
  if (marked.size() < 2 || marked.size() >= sizeof path) return kOk;
  path[marked.copy(path, marked.size())] = '\0';
  if (!ask_known_file(at.directory(), link.c_str(), 0, file) || file.links == 0) return kOk;
  bool is_local;
  Status status = is_on_local_file_system(at, file, is_local);
  if (status != kOk) return status;
  Status here = leads_to(AT_FDCWD, path, file, is_local);
  if (is_exhaustion(here)) return here;
  Fd root;
  Status there = open_at(at.directory(), at.path("root").c_str(), O_PATH | O_DIRECTORY, root);
  if (there == kOk) there = leads_to(root.get(), path + 1, file, is_local);
  if (here != kOk && is_exhaustion(there)) return there;
  bool is_known = here == kGone && there == kGone;
  ret_is_deleted = here != kOk && there != kOk && (is_known || is_local);
  return kOk;
}

}  // namespace

FileSet files_for(FieldMask fields) {
  FileSet files = 0;
#define FIELD(name, kind, unit, linux_files, ...) \
  if (fields & bit(Field::name)) files |= linux_files;
#include "../fields.def"
#undef FIELD
  if (files & kStat) files &= ~FileSet{kComm};
  return files;
}

void ProcessFiles::reset() {
  knows_stat_ = false;
  is_kernel_thread_ = false;
  lost_first_thread_ = false;
  is_visible_ = false;
  is_denied_ = false;
  lacks_entry_ = false;
}

Status ProcessFiles::read(const ProcessPlace& at, FileSet files, FieldMask wanted, Record& record) {
  Status status = kOk;
  if (files & kStat) status = read_stat(at, wanted, record);
  if (status == kOk && (files & kComm)) status = read_comm(at, record);
  if (status == kOk && (files & kStatus)) status = read_status(at, wanted, record);
  if (lost_first_thread_ && (wanted & bit(Field::vsize))) files |= kStatm;
  if (status == kOk) status = read_shared(at, files & kShared, record);
  if (status == kOk && (files & kIo)) status = read_io(at, record);
  if (status == kOk && (files & kCgroup)) status = read_cgroup(at, record);
  is_visible_ |= status == kOk && (files & (kStat | kComm | kStatus | kCmdline | kStatm)) != 0;
  return status;
}

Status ProcessFiles::read_shared(const ProcessPlace& at, FileSet files, Record& record) {
  if (files == 0) return kOk;
  if (lost_first_thread_) return read_through_thread(at, files, record);
  bool lacked_entry = lacks_entry_;
  bool was_denied = is_denied_;
  Status status = read_entries(at, files, record);
  if (status != kOk || knows_stat_) return status;
  bool is_lacking = (lacks_entry_ && !lacked_entry) || is_bare(files, record) ||
                    (is_denied_ && !was_denied && is_of_own_user(at));
  if (!is_lacking) return kOk;
  status = look_for_first_thread(at);
  return status == kOk && lost_first_thread_ ? read_through_thread(at, files, record) : status;
}

Status ProcessFiles::read_entries(const ProcessPlace& at, FileSet files, Record& record) {
  Status status = kOk;
  if (files & kCmdline) status = read_cmdline(at, record);
  if (status == kOk && (files & kHeadOfCmdline)) status = read_head(at, record);
  if (status == kOk && (files & kExe))
    status = read_link(at, "exe", Field::exe, record.exe, record);
  if (status == kOk && (files & kCwd))
    status = read_link(at, "cwd", Field::cwd, record.cwd, record);
  if (status == kOk && (files & kRoot))
    status = read_link(at, "root", Field::root, record.root, record);
  if (status == kOk && (files & kEnviron)) status = read_environ(at, record);
  if (status == kOk && (files & kFd)) status = read_fds(at, record);
  if (status == kOk && (files & kStatm)) status = read_statm(at, record);
  return status;
}

// Processes have entries that say nothing when they have ended, are of the kernel, or have lost
// their first thread; of the last, the user's own are refused to anybody without privileges. Only
// `stat` tells which.
Status ProcessFiles::look_for_first_thread(const ProcessPlace& at) {
  Stat stat;
  char buffer[kStatSize];
  Status status = read_stat_at(at, buffer, stat);
  if (status == kOk) note_stat(stat);
  return status;
}

void ProcessFiles::note_stat(const Stat& stat) {
  knows_stat_ = true;
  is_kernel_thread_ = stat.is_kernel_thread;
  lost_first_thread_ = stat.state == State::zombie && stat.threads > 1;
}

// What the threads that are left share, as one of them has it. Where none can be asked, nothing is
// known of it, for it is there.
Status ProcessFiles::read_through_thread(const ProcessPlace& at, FileSet files, Record& record) {
  // Each may end before it has told; those that have are hardly ever still listed.
  constexpr int kMostThreads = 16;
  NumberedEntries threads;
  Status status = threads.open(at.directory(), at.path("task").c_str());
  for (int i = 0; i < kMostThreads && status == kOk; i++) {
    int32_t thread;
    status = threads.next(thread);
    if (status != kOk) break;
    ProcessPlace within(at.directory(),
                        at.path("task/").append(static_cast<uint32_t>(thread)).append("/"));
    Stat stat;
    char buffer[kStatSize];
    Status asked = read_stat_at(within, buffer, stat);
    if (asked == kOk && stat.state != State::zombie && stat.state != State::dead) {
      asked = read_entries(within, files, record);
      if (asked == kOk) return kOk;
    }
    if (asked < 0) return asked;
  }
  if (status < 0) return status;
  record.present |= fields_of(files);
  record.nulls |= fields_of(files);
  if (files & kCmdline) record.cmdline = Span();
  return kOk;
}

void ProcessFiles::miss(Status status) {
  lacks_entry_ |= status == kGone;
  is_denied_ |= status == kDenied;
}

Status ProcessFiles::read_comm(const ProcessPlace& at, Record& record) {
  char buffer[128];  // 64 bytes at most, for kernel threads
  size_t length;
  ProcPath comm = at.path("comm");
  Status status = read_small(at.directory(), comm.c_str(), buffer, sizeof buffer, length);
  if (status != kOk) return status;
  if (!record.text.store(parse_comm({buffer, length}), record.comm)) return out_of_memory();
  record.set(Field::comm);
  return kOk;
}

Status ProcessFiles::read_stat(const ProcessPlace& at, FieldMask wanted, Record& record) {
  Stat stat;
  char buffer[kStatSize];
  Status status = read_stat_at(at, buffer, stat);
  return status == kOk ? store_stat(stat, wanted, record) : status;
}

// Keeps all that costs nothing to keep.
Status ProcessFiles::store_stat(const Stat& stat, FieldMask wanted, Record& record) {
  note_stat(stat);
  if (!record.text.store(stat.comm, record.comm)) return out_of_memory();
  record.state = stat.state;
  record.ppid = stat.ppid;
  record.pgid = stat.pgid;
  record.sid = stat.sid;
  record.nice = stat.nice;
  record.threads = stat.threads;
  record.cpuTime = {ticks_to_ms(stat.user_ticks), ticks_to_ms(stat.system_ticks)};
  record.vsize = static_cast<double>(stat.vsize);
  for (Field field : {Field::comm, Field::state, Field::ppid, Field::pgid, Field::sid, Field::nice,
                      Field::threads, Field::cpuTime, Field::vsize}) {
    record.set(field);
  }
  // Without its first thread, it seems to have no memory.
  if (lost_first_thread_) record.withhold(Field::vsize);
  Status status = store_start(stat.start_ticks, wanted, record);
  if (status == kOk && (wanted & bit(Field::tty))) status = store_terminal(stat.tty, record);
  return status;
}

Status ProcessFiles::store_start(uint64_t start_ticks, FieldMask wanted, Record& record) {
  // Early rather than late, by less than a tick: so did the kernel round.
  record.startTime =
      boot_time_.get() + static_cast<double>(static_cast<int64_t>(ticks_to_ms(start_ticks)));
  record.set(Field::startTime);
  return wanted & bit(Field::id) ? store_id(start_ticks, root_, record) : kOk;
}

Status ProcessFiles::read_status(const ProcessPlace& at, FieldMask wanted, Record& record) {
  char buffer[4096];  // the lines wanted are among the first
  size_t length;
  ProcPath file = at.path("status");
  Status status = read_small(at.directory(), file.c_str(), buffer, sizeof buffer, length);
  if (status != kOk) return status;
  Owner owner;
  if (!parse_status({buffer, length}, owner)) return failure(Call::read, EPROTO);
  return store_owner(owner, wanted, record);
}

Status ProcessFiles::store_owner(const Owner& owner, FieldMask wanted, Record& record) {
  record.uid = owner.uid;
  record.gid = owner.gid;
  record.set(Field::uid);
  record.set(Field::gid);
  if ((wanted & bit(Field::user)) == 0) return kOk;
  // Of another namespace's users, the accounts here are not.
  size_t offset = record.text.size();
  Status status = root_.is_foreign() ? kGone : accounts_.append_name(owner.uid, record.text);
  if (status < 0) return status;
  record.user = span_from(record.text, offset);
  status == kOk ? record.set(Field::user) : record.withhold(Field::user);
  return kOk;
}

// Files that a process can make as large as it likes, or keep from being read.
Status ProcessFiles::read_guarded(const ProcessPlace& at, std::string_view entry, size_t limit,
                                  Record& record, bool& ret_is_cut) {
  size_t offset = record.text.size();
  ret_is_cut = false;
  Status status = guarded_.read(at, entry, record.pid, limit, record.text, ret_is_cut);
  if (status == kOk || is_exhaustion(status)) return status;
  record.text.truncate(offset);
  return status < 0 ? Status{kDenied} : status;
}

Status ProcessFiles::read_cmdline(const ProcessPlace& at, Record& record) {
  size_t offset = record.text.size();
  bool is_cut;
  Status status = read_guarded(at, "cmdline", record.text_limit, record, is_cut);
  if (status < 0 || status == kGone) return status;
  if (status != kOk) {
    record.withhold(Field::cmdline);
    return kOk;
  }
  if (!end_last_element(record.text, offset)) return out_of_memory();
  record.cmdline = span_from(record.text, offset);
  record.set(Field::cmdline);
  if (is_cut) record.cut |= bit(Field::cmdline);
  return kOk;
}

Status ProcessFiles::read_head_of_cmdline(const ProcessPlace& at, Record& record, Span& ret_head) {
  head_ = Span();
  Status status = read_shared(at, kHeadOfCmdline, record);
  ret_head = head_;
  return status;
}

Status ProcessFiles::read_head(const ProcessPlace& at, Record& record) {
  constexpr size_t kHead = 4096;
  size_t offset = record.text.size();
  bool is_cut;
  Status status = read_guarded(at, "cmdline", kHead, record, is_cut);
  if (status < 0 || status == kGone) return status;
  head_ = span_from(record.text, offset);
  return kOk;
}

Status ProcessFiles::read_environ(const ProcessPlace& at, Record& record) {
  size_t offset = record.text.size();
  bool is_cut;
  Status status = read_guarded(at, "environ", record.text_limit, record, is_cut);
  if (status < 0) return status;
  if (status != kOk) {
    miss(status);
    record.withhold(Field::environ);
    return kOk;
  }
  // Half of a variable would be a wrong value.
  while (is_cut && record.text.size() > offset && record.text.last() != '\0') {
    record.text.truncate(record.text.size() - 1);
  }
  if (!end_last_element(record.text, offset)) return out_of_memory();
  record.environ = span_from(record.text, offset);
  record.set(Field::environ);
  if (is_cut) record.cut |= bit(Field::environ);
  return kOk;
}

Status ProcessFiles::read_link(const ProcessPlace& at, std::string_view entry, Field field,
                               Span& span, Record& record) {
  constexpr std::string_view kDeleted = " (deleted)";
  char target[4096];
  ProcPath link = at.path(entry);
  ssize_t length = counted(::readlinkat, at.directory(), link.c_str(), target, sizeof target);
  if (length < 0) {
    Status status = outcome(Call::readlinkat, errno);
    if (is_exhaustion(status)) return status;
    miss(status);
    record.withhold(field);
    return kOk;
  }
  std::string_view path(target, static_cast<size_t>(length));
  if (ends_with(path, kDeleted)) {
    bool is_marked;
    Status status = is_deleted(at, link, path, is_marked);
    if (status != kOk) return status;
    if (is_marked) path.remove_suffix(kDeleted.size());
  }
  if (!record.text.store(path, span)) return out_of_memory();
  record.set(field);
  return kOk;
}

// The kernel sums up exactly what stands here, and not what stands in `stat`.
Status ProcessFiles::read_statm(const ProcessPlace& at, Record& record) {
  char buffer[256];  // seven numbers
  size_t length;
  ProcPath file = at.path("statm");
  Status status = read_small(at.directory(), file.c_str(), buffer, sizeof buffer, length);
  if (status != kOk) return status;
  Memory memory;
  if (!parse_statm({buffer, length}, memory)) return failure(Call::read, EPROTO);
  auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  record.rss = static_cast<double>(memory.resident) * page;
  record.set(Field::rss);
  if (!lost_first_thread_) return kOk;
  record.vsize = static_cast<double>(memory.size) * page;
  record.set(Field::vsize);
  return kOk;
}

Status ProcessFiles::read_io(const ProcessPlace& at, Record& record) {
  constexpr size_t kLength = 512;
  size_t offset = record.text.size();
  bool is_cut;
  Status status = read_guarded(at, "io", kLength, record, is_cut);
  if (status < 0) return status;
  miss(status);
  bool is_known = status == kOk && parse_io(record.view(span_from(record.text, offset)), record.io);
  record.text.truncate(offset);
  is_known ? record.set(Field::io) : record.withhold(Field::io);
  return kOk;
}

Status ProcessFiles::read_fds(const ProcessPlace& at, Record& record) {
  ProcPath file = at.path("fd");
  record.fds = 0;
  // Since Linux 6.2 the directory's size is the number of its entries.
  FileFacts facts;
  if (ask_file(at.directory(), file.c_str(), 0, facts) && facts.size != 0) {
    record.fds = static_cast<int32_t>(facts.size);
    record.set(Field::fds);
    return kOk;
  }
  NumberedEntries entries;
  int32_t number;
  Status status = entries.open(at.directory(), file.c_str());
  while (status == kOk && (status = entries.next(number)) == kOk) record.fds++;
  if (is_exhaustion(status)) return status;
  // The directory of a process that is gone lists as empty.
  miss(record.fds == 0 ? kGone : status);
  status == kEnd ? record.set(Field::fds) : record.withhold(Field::fds);
  return kOk;
}

Status ProcessFiles::read_cgroup(const ProcessPlace& at, Record& record) {
  Bytes text;
  ProcPath file = at.path("cgroup");
  Status status = read_all(at.directory(), file.c_str(), text);
  if (is_exhaustion(status)) return status;
  miss(status);
  std::string_view lines = status == kOk ? text.view({0, static_cast<uint32_t>(text.size())}) : "";
  std::string_view cgroup = parse_cgroup(lines);
  std::string_view container = parse_container_id(lines);
  if (!record.text.store(cgroup, record.cgroup)) return out_of_memory();
  if (!record.text.store(container, record.containerId)) return out_of_memory();
  cgroup.empty() ? record.withhold(Field::cgroup) : record.set(Field::cgroup);
  container.empty() ? record.withhold(Field::containerId) : record.set(Field::containerId);
  return kOk;
}

}  // namespace procseek
