#include "terminal.h"

#include <cerrno>

#include "../name.h"
#include "files.h"

namespace procseek {

Status append_terminal(int32_t device, Bytes& text) {
  // The layout of tty_nr in proc_pid_stat(5), the majors in the kernel's admin-guide/devices.txt.
  uint32_t bits = static_cast<uint32_t>(device);
  uint32_t major = (bits >> 8) & 0xfff;
  uint32_t minor = (bits & 0xff) | ((bits >> 12) & 0xfff00);
  ProcPath path;
  if (major >= 136 && major <= 143) {
    path.append("/dev/pts/").append((major - 136) * 256 + minor);
    return text.append(path.c_str()) ? kOk : out_of_memory();
  }
  path.append("/sys/dev/char/").append(major).append(":").append(minor);
  char target[512];
  ssize_t length = counted(::readlink, path.c_str(), target, sizeof target);
  if (length < 0) {
    Status status = outcome(Call::readlinkat, errno);
    return status < 0 ? status : kGone;
  }
  std::string_view name = base_name({target, static_cast<size_t>(length)});
  return text.append("/dev/") && text.append(name) ? kOk : out_of_memory();
}

}  // namespace procseek
