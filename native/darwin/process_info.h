// What macOS tells of a process, call by call, put into a Record.
#pragma once

#include "../posix/accounts.h"
#include "../process.h"
#include "parse.h"

namespace procseek {

using CallSet = uint32_t;

// In the order in which they are made.
enum InfoCall : CallSet {
  kShortInfo = 1 << 0,    // proc_pidinfo(PROC_PIDT_SHORTBSDINFO)
  kUniqueInfo = 1 << 1,   // proc_pidinfo(PROC_PIDUNIQIDENTIFIERINFO), of the source
  kStartInfo = 1 << 2,    // proc_pidinfo(PROC_PIDTBSDINFO); of other users sysctl(KERN_PROC_PID)
  kTaskInfo = 1 << 3,     // proc_pidinfo(PROC_PIDTASKINFO)
  kPath = 1 << 4,         // proc_pidpath()
  kArguments = 1 << 5,    // sysctl(KERN_PROCARGS2)
  kDirectories = 1 << 6,  // proc_pidinfo(PROC_PIDVNODEPATHINFO)
  kSession = 1 << 7,      // getsid()
  kUsage = 1 << 8,        // proc_pid_rusage(RUSAGE_INFO_V4)
  kFds = 1 << 9,          // proc_pidinfo(PROC_PIDLISTFDS)
};

// Those that supply the fields.
CallSet calls_for(FieldMask fields);

// kOk and how to tell the process apart; kGone when there is none.
Status read_key(int32_t pid, ProcessKey& ret_key);
// Likewise, of the unique id alone: kDenied when it is withheld.
Status read_unique_info(int32_t pid, UniqueInfo& ret_info);
// kDenied when it is withheld, and so is what is not withheld from anybody.
Status read_start_info(int32_t pid, StartInfo& ret_info);
// As the system would tell the parent, of a zombie. kDenied when it is not this user's.
Status read_zombie(int32_t pid, StartInfo& ret_info);

class ProcessInfo {
 public:
  // For another process.
  void reset();

  // Makes the calls and sets all fields that they supply. What the system withholds becomes null,
  // but for kShortInfo: kGone or kDenied tells that the process as a whole is out of reach.
  Status read(int32_t pid, CallSet calls, Record& record);
  // Sets those of the `wanted` fields that follow from what was read.
  Status derive(FieldMask wanted, Record& record);

 private:
  Status read_short_info(int32_t pid, Record& record);
  Status read_start(int32_t pid, Record& record);
  Status read_task(int32_t pid, Record& record);
  Status read_path(int32_t pid, Record& record);
  Status read_arguments(int32_t pid, Record& record);
  Status read_directories(int32_t pid, Record& record);
  void read_session(int32_t pid, Record& record);
  Status read_usage(int32_t pid, Record& record);
  Status read_fds(int32_t pid, Record& record);

  // Of the process at hand.
  uint32_t status_ = 0;
  int32_t running_ = -1;
  int32_t terminal_ = kNoTerminal;
  // Of a whole pass.
  Accounts accounts_;
  Bytes buffer_;
  uint64_t frequency_ = 0;  // of the machine's clock; 0: not asked yet
};

}  // namespace procseek
