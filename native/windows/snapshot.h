// A list of all processes, as the system fills it in one call, and where it stands.
#pragma once

#include "../bytes.h"
#include "process_list.h"

namespace procseek {

class Snapshot {
 public:
  // kUnsupported when this version of Windows does not make lists of this kind.
  Status take(ListKind kind);
  // Of the kind that costs the least here, for no more than who there is.
  Status take_any();
  void clear();

  bool is_taken() const { return buffer_.size() != 0; }
  const ProcessList& list() const { return list_; }

 private:
  Bytes buffer_;
  ProcessList list_;
};

}  // namespace procseek
