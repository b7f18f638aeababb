// The few file operations that /proc needs, each of which tells its outcome as a Status.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>
#include <utility>

#include "../bytes.h"
#include "../status.h"
#include "../system_calls.h"

namespace procseek {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  void reset() {
    if (fd_ >= 0) counted(::close, fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// A path below /proc, relative to a directory handle: a PID, and what follows it.
class ProcPath {
 public:
  // `number` is printed in decimal.
  ProcPath& append(uint32_t number);
  // Cut when it does not fit, which no caller comes near.
  ProcPath& append(std::string_view text);
  const char* c_str() const { return path_; }
  std::string_view view() const { return {path_, length_}; }

 private:
  char path_[64] = {};
  size_t length_ = 0;
};

// kGone for a process that vanished, kDenied for one that may not be looked at; anything else,
// like running out of file descriptors, is a failure.
Status outcome(Call call, int error);

// For what concerns /proc itself and not one process.
Status as_failure(Call call, Status status);

Status open_at(int directory, const char* path, int flags, Fd& ret_fd);

// Reads what one read(2) gives: for the files of /proc that come as a whole, into a buffer larger
// than they get. Positioned reads are avoided, sandboxed kernels refuse them on /proc.
Status read_some(int fd, char* buffer, size_t size, size_t& ret_length);
Status read_small(int directory, const char* path, char* buffer, size_t size, size_t& ret_length);

// Appends a file of any size to `text`.
Status read_all(int directory, const char* path, Bytes& text);
// Appends at most `limit` bytes of a file, and tells whether there are more.
Status read_up_to(int directory, const char* path, size_t limit, Bytes& text, bool& ret_is_cut);

// Walks a directory's entries whose names are decimal numbers: PIDs, thread ids, file descriptors.
class NumberedEntries {
 public:
  NumberedEntries() = default;
  NumberedEntries(NumberedEntries&& other) noexcept { *this = std::move(other); }
  NumberedEntries& operator=(NumberedEntries&& other) noexcept;
  NumberedEntries(const NumberedEntries&) = delete;
  NumberedEntries& operator=(const NumberedEntries&) = delete;
  ~NumberedEntries() { close(); }

  Status open(int directory, const char* path);
  // kEnd behind the last entry.
  Status next(int32_t& ret_number, uint64_t& ret_inode);
  Status next(int32_t& ret_number) {
    uint64_t inode;
    return next(ret_number, inode);
  }
  void close();
  int fd() const { return directory_.get(); }

 private:
  static constexpr size_t kBufferSize = 32 * 1024;

  Fd directory_;
  char* buffer_ = nullptr;
  size_t position_ = 0;
  size_t filled_ = 0;
};

// What fstatat(2) tells of a file.
struct FileFacts {
  uint64_t device = 0;  // as numbered by the kernel, for comparison
  uint64_t inode = 0;
  uint64_t links = 0;
  uint64_t size = 0;
  uint64_t changed = 0;  // when its attributes were, in nanoseconds since 1970
  uint32_t owner = 0;
  bool has_anonymous_device() const { return (device >> 8 & 0xfff) == 0; }
  uint32_t device_minor() const {
    return static_cast<uint32_t>((device & 0xff) | (device >> 12 & 0xfff00));
  }
};
// False when it cannot be told, be it for a path that leads nowhere.
bool ask_file(int directory, const char* path, int flags, FileFacts& ret_facts);
// Likewise, as far as it is known without asking a server or a FUSE daemon (statx(2) with
// AT_STATX_DONT_SYNC, Linux 4.11; before, these are asked).
bool ask_known_file(int directory, const char* path, int flags, FileFacts& ret_facts);
// A handle on a path, as far as it can be followed without asking a file system (openat2(2) with
// RESOLVE_CACHED, Linux 5.12); kPending when one would have to be asked, kUnsupported when this
// kernel or sandbox does not know the call.
Status open_known_path(int directory, const char* path, Fd& ret_fd);

// A number in decimal without sign; false when `text` is anything else or exceeds 2^31-1.
bool parse_number(std::string_view text, int32_t& ret_number);

}  // namespace procseek
