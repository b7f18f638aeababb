// Processes as Windows shows them. Stateless: every answer is asked for when it is needed.
//
// A walk goes over one list, which the system fills in one call and which is gone over in place:
// the short one that there is since Windows 11 24H2 where no more than names is asked of every
// process, else the one that tells most fields by itself. What a list does not tell is asked by a
// handle on the process, which no other one can be mistaken for. Of processes that this user may
// not open, a list tells what it knows; nothing else would tell even that they have not ended.
#pragma once

#include "../process.h"
#include "handle.h"
#include "process_reader.h"
#include "snapshot.h"

namespace procseek {

class WindowsSource final : public Source {
 public:
  Status begin(const Walk& walk) override;
  Status next(Record& record) override;
  void end() override;
  Status read(Record& record, FieldMask wanted) override;
  Status find(int32_t pid, FieldMask wanted, Record& record) override;

 private:
  Status next_of_list(Record& record);
  Status next_of_pids(Record& record);
  void attach(Record& record, int32_t pid);
  void start_anew(Record& record);
  Status hold(const Record& record, FieldMask wanted);
  bool is_listed_one();
  Status read_by_handle(Record& record, FieldMask wanted);
  Status read_by_list(Record& record, FieldMask wanted);
  Status consult(int32_t pid, FieldMask wanted, ListedProcess& ret_process);
  Status read_parent(Record& record);

  Walk walk_;
  size_t walked_ = 0;
  Snapshot walked_list_;
  Snapshot details_;                        // taken when nothing else tells
  const ProcessList* consulted_ = nullptr;  // one of both

  // Of the process at hand.
  enum class Access : uint8_t { unknown, held, denied };
  Access access_ = Access::unknown;
  Handle handle_;
  bool is_listed_ = false;  // `listed_` is what the list of the walk tells of it
  ListedProcess listed_;
  bool is_verified_ = false;  // the one held is that one
  ProcessReader reader_;
};

}  // namespace procseek
