// What the entries below /proc/PID say of a process, put into a Record; proc(5).
#pragma once

#include "../posix/accounts.h"
#include "../process.h"
#include "../source_context.h"
#include "boot_time.h"
#include "files.h"
#include "guarded_read.h"
#include "parse.h"
#include "proc_root.h"
#include "process_place.h"

namespace procseek {

using FileSet = uint32_t;

// The entries below /proc/PID, in the order in which they are read.
enum File : FileSet {
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
  kStatm = 1 << 11,
  kHeadOfCmdline = 1 << 12,  // as much of `cmdline` as a name could follow from
};

// Those that supply the fields.
FileSet files_for(FieldMask fields);

class ProcessFiles {
 public:
  // Without a context it waits for files that may not answer.
  ProcessFiles(const ProcRoot& root, SourceContext* context)
      : root_(root), guarded_(calls_of(context)), accounts_(calls_of(context)) {}

  void set_root(const ProcRoot& root) { root_ = root; }

  // For another process.
  void reset();

  // Reads the files and sets all fields that they supply; a few, which cost extra, only when
  // `wanted`. Fields that a live process may lack or withhold become null; kGone or kDenied tells
  // that the process as a whole is out of reach.
  Status read(const ProcessPlace& at, FileSet files, FieldMask wanted, Record& record);

  // Appends the begin of the process's arguments, as much as its name could follow from.
  Status read_head_of_cmdline(const ProcessPlace& at, Record& record, Span& ret_head);

  // Gives back the memory that is held for files of any size.
  void release() { guarded_.release(); }

  // What follows from values, whoever supplied them.
  Status store_start(uint64_t start_ticks, FieldMask wanted, Record& record);
  Status store_owner(const Owner& owner, FieldMask wanted, Record& record);

  // As far as `stat` has been read, which it is when an entry that others have is missing.
  bool is_kernel_thread() const { return is_kernel_thread_; }
  // Whether the process may have vanished since, for it lacked an entry that some live ones lack
  // too; or may be hidden as a whole, for all it was asked for was denied.
  bool is_in_doubt() const { return lacks_entry_ || (is_denied_ && !is_visible_); }
  void settle_doubt() { lacks_entry_ = is_denied_ = false; }

 private:
  Status read_shared(const ProcessPlace& at, FileSet files, Record& record);
  Status read_entries(const ProcessPlace& at, FileSet files, Record& record);
  Status look_for_first_thread(const ProcessPlace& at);
  Status read_through_thread(const ProcessPlace& at, FileSet files, Record& record);
  Status read_comm(const ProcessPlace& at, Record& record);
  Status read_stat(const ProcessPlace& at, FieldMask wanted, Record& record);
  Status read_status(const ProcessPlace& at, FieldMask wanted, Record& record);
  Status read_cmdline(const ProcessPlace& at, Record& record);
  Status read_head(const ProcessPlace& at, Record& record);
  Status read_environ(const ProcessPlace& at, Record& record);
  Status read_link(const ProcessPlace& at, std::string_view entry, Field field, Span& span,
                   Record& record);
  Status read_statm(const ProcessPlace& at, Record& record);
  Status read_io(const ProcessPlace& at, Record& record);
  Status read_fds(const ProcessPlace& at, Record& record);
  Status read_cgroup(const ProcessPlace& at, Record& record);

  // Takes down that an entry was not to be had.
  void miss(Status status);
  Status store_stat(const Stat& stat, FieldMask wanted, Record& record);
  void note_stat(const Stat& stat);

  Status read_guarded(const ProcessPlace& at, std::string_view entry, size_t limit, Record& record,
                      bool& ret_is_cut);
  static GuardedCalls* calls_of(SourceContext* context) {
    return context == nullptr ? nullptr : &context->guarded_calls();
  }

  ProcRoot root_;
  GuardedRead guarded_;
  Span head_;                // of the arguments, in the record's text
  bool knows_stat_ = false;  // as for the next two
  bool is_kernel_thread_ = false;
  // The first thread has ended, others have not. What they share is to be had from them alone.
  bool lost_first_thread_ = false;
  bool is_visible_ = false;  // an entry that everybody may read was read
  bool is_denied_ = false;
  bool lacks_entry_ = false;
  // Of a whole pass.
  Accounts accounts_;
  BootTime boot_time_;
};

}  // namespace procseek
