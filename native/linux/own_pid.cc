#include "own_pid.h"

#include <unistd.h>

#include <climits>

#include "../platform.h"
#include "../system_calls.h"

namespace procseek {

int32_t own_pid_below(const ProcRoot& root) {
  // A link to the number that the reader has in the namespace that is shown; proc_self(5).
  char digits[16];
  ssize_t length =
      counted(::readlinkat, root.directory(),
              ProcPath().append(root.prefix()).append("self").c_str(), digits, sizeof digits);
  if (length <= 0 || length == static_cast<ssize_t>(sizeof digits)) return 0;
  int64_t pid = 0;
  for (ssize_t i = 0; i < length; i++) {
    if (digits[i] < '0' || digits[i] > '9') return 0;
    pid = pid * 10 + (digits[i] - '0');
    if (pid > INT32_MAX) return 0;
  }
  return static_cast<int32_t>(pid);
}

int32_t own_pid() { return own_pid_below(ProcRoot()); }

}  // namespace procseek
