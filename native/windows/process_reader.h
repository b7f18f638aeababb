// What can be asked of one process by a handle on it.
#pragma once

#include "../process.h"
#include "accounts.h"
#include "handle.h"

namespace procseek {

// One bit for each question, of which fields.def says which fields they answer.
using Questions = uint32_t;
enum : Questions {
  kImageName = 1 << 0,
  kCreator = 1 << 1,
  kTimes = 1 << 2,
  kImagePath = 1 << 3,
  kCommandLine = 1 << 4,
  kParameters = 1 << 5,
  kToken = 1 << 6,
  kSession = 1 << 7,
  kMemory = 1 << 8,
  kIo = 1 << 9,
  kHandles = 1 << 10,
  kPriority = 1 << 11,
  kThreads = 1 << 12,  // which only the list of all processes tells
  kNothing = 1 << 13,  // what no process has on Windows
};

Questions questions_for(FieldMask fields);
// The fields for which one of these questions has to be asked.
FieldMask fields_behind(Questions questions);

class ProcessReader {
 public:
  // Answers all questions but the last two; what this user may not know is withheld. A process
  // without a name of its own has an empty one.
  Status read(HANDLE process, Questions questions, FieldMask wanted, Record& record);

  // Who created the last process that was asked for it.
  int32_t creator() const { return creator_; }

 private:
  Status read_name(HANDLE process, Record& record);
  Status read_creator(HANDLE process, Record& record);
  Status read_priority(HANDLE process, Record& record);
  Status read_times(HANDLE process, FieldMask wanted, Record& record);
  Status read_memory(HANDLE process, Record& record);
  Status read_io(HANDLE process, Record& record);
  Status read_path(HANDLE process, Record& record);
  Status read_command_line(HANDLE process, Record& record);
  Status read_parameters(HANDLE process, FieldMask wanted, Record& record);
  Status read_user(HANDLE process, Record& record);

  Accounts accounts_;
  int32_t creator_ = 0;
};

}  // namespace procseek
