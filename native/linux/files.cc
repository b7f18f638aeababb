// The kernel's struct stat, by another name than that of the libc, whose layout and symbols differ
// from one libc to the next. It has to come first: libcs define macros by the names of its members.
#define stat kernel_stat
#define stat64 kernel_stat64
#include <asm/stat.h>
#undef stat
#undef stat64

#include <linux/stat.h>
#include <sys/syscall.h>

#include "files.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

// One of the libcs' macros.
#undef st_ctime

// The number is the same on all architectures; older headers lack it.
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

namespace procseek {

namespace {

// struct linux_dirent64 of getdents64(2); the libcs' own dirent differs between them on 32 bits.
struct DirectoryEntry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[1];
};

// Linux has had this call since 2.6.16. The architectures without it are younger than statx(2),
// of 4.11; LoongArch got it later on.
#if defined(SYS_newfstatat) && !defined(__loongarch__)
#define PROCSEEK_FSTATAT SYS_newfstatat
using KernelStat = kernel_stat;
#elif defined(SYS_fstatat64) && !defined(__loongarch__)
#define PROCSEEK_FSTATAT SYS_fstatat64
using KernelStat = kernel_stat64;
#endif

}  // namespace

ProcPath& ProcPath::append(uint32_t number) {
  char digits[10];
  size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return append(std::string_view(digits + first, sizeof digits - first));
}

ProcPath& ProcPath::append(std::string_view text) {
  size_t room = sizeof path_ - 1 - length_;
  size_t length = text.size() < room ? text.size() : room;
  std::memcpy(path_ + length_, text.data(), length);
  length_ += length;
  path_[length_] = '\0';
  return *this;
}

Status outcome(Call call, int error) {
  if (error == ENOENT || error == ESRCH) return kGone;
  if (error == EACCES || error == EPERM) return kDenied;
  return failure(call, error);
}

Status as_failure(Call call, Status status) {
  if (status == kGone) return failure(call, ENOENT);
  if (status == kDenied) return failure(call, EACCES);
  return status;
}

Status open_at(int directory, const char* path, int flags, Fd& ret_fd) {
  int fd = counted(::openat, directory, path, flags | O_CLOEXEC);
  if (fd < 0) return outcome(Call::openat, errno);
  ret_fd = Fd(fd);
  return kOk;
}

Status read_some(int fd, char* buffer, size_t size, size_t& ret_length) {
  ssize_t length;
  do {
    length = counted(::read, fd, buffer, size);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return outcome(Call::read, errno);
  ret_length = static_cast<size_t>(length);
  return kOk;
}

Status read_small(int directory, const char* path, char* buffer, size_t size, size_t& ret_length) {
  Fd file;
  Status status = open_at(directory, path, O_RDONLY, file);
  return status == kOk ? read_some(file.get(), buffer, size, ret_length) : status;
}

Status read_all(int directory, const char* path, Bytes& text) {
  Fd file;
  Status status = open_at(directory, path, O_RDONLY, file);
  size_t length = 1;
  while (status == kOk && length != 0) {
    if (!text.reserve(4096)) return out_of_memory();
    status = read_some(file.get(), text.data() + text.size(), text.room(), length);
    if (status == kOk) text.commit(length);
  }
  return status;
}

Status read_up_to(int directory, const char* path, size_t limit, Bytes& text, bool& ret_is_cut) {
  Fd file;
  Status status = open_at(directory, path, O_RDONLY, file);
  size_t end = text.size() + limit;
  size_t length = 1;
  ret_is_cut = false;
  while (status == kOk && length != 0 && text.size() < end) {
    if (!text.reserve(std::min<size_t>(end - text.size(), 4096))) return out_of_memory();
    size_t room = std::min(text.room(), end - text.size());
    status = read_some(file.get(), text.data() + text.size(), room, length);
    if (status == kOk) text.commit(length);
  }
  if (status != kOk || length == 0) return status;
  char next;
  status = read_some(file.get(), &next, 1, length);
  ret_is_cut = status == kOk && length != 0;
  return status;
}

namespace {

#if defined(SYS_statx)
bool ask_statx(int directory, const char* path, int flags, FileFacts& ret_facts) {
  struct statx answer;
  if (counted(::syscall, SYS_statx, directory, path, flags, STATX_BASIC_STATS, &answer) != 0) {
    return false;
  }
  uint64_t minor = answer.stx_dev_minor;
  uint64_t device = (minor & 0xff) | uint64_t{answer.stx_dev_major} << 8 | (minor & 0xfff00) << 12;
  uint64_t changed =
      static_cast<uint64_t>(answer.stx_ctime.tv_sec) * 1000000000 + answer.stx_ctime.tv_nsec;
  ret_facts = {device, answer.stx_ino, answer.stx_nlink, answer.stx_size, changed, answer.stx_uid};
  return true;
}
#else
bool ask_statx(int, const char*, int, FileFacts&) {
  errno = ENOSYS;
  return false;
}
#endif

}  // namespace

bool ask_known_file(int directory, const char* path, int flags, FileFacts& ret_facts) {
  constexpr int kDoNotSync = 0x4000;  // AT_STATX_DONT_SYNC
  if (ask_statx(directory, path, flags | kDoNotSync, ret_facts)) return true;
  // Older kernels and sandboxes do not know that call.
  return (errno == ENOSYS || errno == EPERM) && ask_file(directory, path, flags, ret_facts);
}

Status open_known_path(int directory, const char* path, Fd& ret_fd) {
  constexpr uint64_t kCached = 0x20;        // RESOLVE_CACHED
  constexpr uint64_t kNoMagicLinks = 0x02;  // RESOLVE_NO_MAGICLINKS
  struct {                                  // struct open_how
    uint64_t flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    uint64_t mode = 0;
    uint64_t resolve = kCached | kNoMagicLinks;
  } how;
  long fd = counted(::syscall, SYS_openat2, directory, path, &how, sizeof how);
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return kUnsupported;
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return kGone;
  if (fd < 0) {
    Status status = failure(Call::openat, errno);
    return errno != EAGAIN && is_exhaustion(status) ? status : kPending;
  }
  ret_fd = Fd(static_cast<int>(fd));
  return kOk;
}

#ifdef PROCSEEK_FSTATAT
bool ask_file(int directory, const char* path, int flags, FileFacts& ret_facts) {
  KernelStat answer;
  if (counted(::syscall, PROCSEEK_FSTATAT, directory, path, &answer, flags) != 0) return false;
  uint64_t changed = static_cast<uint64_t>(answer.st_ctime) * 1000000000 +
                     static_cast<uint64_t>(answer.st_ctime_nsec);
  uint64_t size = static_cast<uint64_t>(answer.st_size);
  ret_facts = {answer.st_dev, answer.st_ino, answer.st_nlink, size, changed, answer.st_uid};
  return true;
}
#else
bool ask_file(int directory, const char* path, int flags, FileFacts& ret_facts) {
  return ask_statx(directory, path, flags, ret_facts);
}
#endif

NumberedEntries& NumberedEntries::operator=(NumberedEntries&& other) noexcept {
  std::swap(directory_, other.directory_);
  std::swap(buffer_, other.buffer_);
  std::swap(position_, other.position_);
  std::swap(filled_, other.filled_);
  return *this;
}

Status NumberedEntries::open(int directory, const char* path) {
  close();
  Status status = open_at(directory, path, O_RDONLY | O_DIRECTORY, directory_);
  if (status != kOk) return status;
  buffer_ = static_cast<char*>(std::malloc(kBufferSize));
  return buffer_ == nullptr ? out_of_memory() : kOk;
}

Status NumberedEntries::next(int32_t& ret_number, uint64_t& ret_inode) {
  for (;;) {
    while (position_ < filled_) {
      auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer_ + position_);
      position_ += entry->length;
      ret_inode = entry->inode;
      if (parse_number(entry->name, ret_number)) return kOk;
    }
    long filled = counted(::syscall, SYS_getdents64, directory_.get(), buffer_, kBufferSize);
    if (filled < 0) return outcome(Call::getdents64, errno);
    if (filled == 0) return kEnd;
    position_ = 0;
    filled_ = static_cast<size_t>(filled);
  }
}

void NumberedEntries::close() {
  directory_.reset();
  std::free(buffer_);
  buffer_ = nullptr;
  position_ = filled_ = 0;
}

bool parse_number(std::string_view text, int32_t& ret_number) {
  if (text.empty() || text.size() > 10) return false;
  uint64_t number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + static_cast<uint64_t>(c - '0');
  }
  if (number > INT32_MAX) return false;
  ret_number = static_cast<int32_t>(number);
  return true;
}

}  // namespace procseek
