#include "terminal.h"

#include <sys/stat.h>

#include <cstdlib>

#include "../system_calls.h"
#include "parse.h"

namespace procseek {

Status append_terminal(int32_t device, Bytes& text) {
  char path[kTerminalPathSize];
  pseudo_terminal_path(device, path);
  struct stat found;
  if (counted(::stat, path, &found) == 0 && S_ISCHR(found.st_mode) && found.st_rdev == device) {
    return text.append(path) ? kOk : out_of_memory();
  }
  // Any other one, which takes a search through /dev. It begins with a # when there is none.
  char name[64];
  if (::devname_r(device, S_IFCHR, name, sizeof name) == nullptr || name[0] == '#') return kGone;
  return text.append("/dev/") && text.append(name) ? kOk : out_of_memory();
}

}  // namespace procseek
