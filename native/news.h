// What the system tells of processes as it happens; one implementation per platform.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "process.h"
#include "process_handle.h"
#include "status.h"

namespace procseek {

struct Change {
  enum Kind : uint8_t {
    forked,      // `pid` is the new process
    executed,    // it runs another program
    renamed,     // its name, or its owner, has changed
    exited,      // its first thread has ended, and the process as a rule: `exit`
    lost,        // changes that there was no room for
    handle_over  // the process of the handle that goes by `token` has ended, or has been reaped
  };
  Kind kind;
  int32_t pid = 0;    // but for the last two
  int32_t token = 0;  // of the last one
  Exit exit;
  int64_t time = 0;  // by the steady clock; 0: not known
};

// Used by one thread, but for what says otherwise.
class News {
 public:
  virtual ~News() = default;

  // Asks to be told of all processes: of forks, executions, new names and exits, in causal order,
  // from now on. When that is not to be had, why_not() tells why.
  virtual Status subscribe() = 0;
  virtual void unsubscribe() = 0;
  virtual const char* why_not() const = 0;
  // How many changes were lost, ever.
  virtual uint64_t lost() const = 0;

  // Waits for changes, for wake(), or for a time in milliseconds (-1: for ever); tells at most
  // `most` of what has happened. A failure is one of the changes that were subscribed to.
  // kUnsupported, after a while at most, when the ends of handles cannot be heard of at the moment.
  virtual Status wait(int64_t timeout, Change* ret_changes, size_t most, size_t& ret_count) = 0;
  // From any thread.
  virtual void wake() = 0;

  // From any thread. Until the handle is closed, its end is told.
  virtual Status follow(const ProcessHandle& handle, int32_t token) = 0;
};

}  // namespace procseek
