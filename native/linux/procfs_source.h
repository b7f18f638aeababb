// Processes as /proc shows them; proc(5). Stateless: every answer is read when it is asked for.
//
// A record of one file is read by its path. A record of several is read through one handle on its
// /proc/PID directory, which goes dead with the process: a reused PID cannot mix two processes.
#pragma once

#include <memory>

#include "../process.h"
#include "accounts.h"
#include "files.h"
#include "parse.h"

namespace procseek {

class ProcfsSource final : public Source {
 public:
  Status begin(const Walk& walk) override;
  Status next(Record& record) override;
  void end() override;
  Status read(Record& record, FieldMask wanted) override;
  Status find(int32_t pid, FieldMask wanted, Record& record) override;

 private:
  using FileSet = uint32_t;

  // Where a file of the process at hand is.
  struct Location {
    int directory;
    ProcPath path;
  };
  Location locate(const Record& record, std::string_view file) const;

  Status next_pid(int32_t& ret_pid);
  void attach(Record& record, int32_t pid);
  Status restart_with_handle(Record& record);
  bool is_alive(const Record& record) const;

  Status read_files(Record& record, FileSet files, FieldMask wanted);
  Status read_comm(Record& record);
  Status read_stat(Record& record, FieldMask wanted);
  Status read_status(Record& record, FieldMask wanted);
  Status read_cmdline(Record& record);
  Status read_environ(Record& record);
  Status read_link(Record& record, Field field, Span& span, std::string_view file);
  bool leads_to(const Record& record, std::string_view path, const Location& link) const;
  Status read_io(Record& record);
  Status read_fds(Record& record);
  Status read_cgroup(Record& record);
  Status complete_name(Record& record, FieldMask wanted);

  Status store_stat(Record& record, const Stat& stat, FieldMask wanted);
  Status store_terminal(Record& record, int32_t device);
  Status store_id(Record& record, uint64_t start_ticks);
  double start_time(uint64_t start_ticks);

  Walk walk_;
  size_t walked_ = 0;
  NumberedEntries entries_;

  // Of the process at hand.
  Fd handle_;
  bool has_begun_ = false;  // something was read by its path
  bool is_kernel_thread_ = false;
  // An entry was missing that a live process may lack too.
  bool lacks_entry_ = false;

  Accounts accounts_;
  double boot_time_ = 0;  // epoch ms, 0: not asked yet
};

}  // namespace procseek
