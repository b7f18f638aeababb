// Where the entries of a process are: below a handle on its directory, or by its path.
#pragma once

#include <string_view>

#include "files.h"

namespace procseek {

class ProcessPlace {
 public:
  // `prefix` is empty, or ends in a slash.
  ProcessPlace(int directory, const ProcPath& prefix) : directory_(directory), prefix_(prefix) {}

  int directory() const { return directory_; }
  ProcPath path(std::string_view entry) const { return ProcPath(prefix_).append(entry); }
  // Of the directory itself.
  bool ask(FileFacts& ret_facts) const {
    const char* path = prefix_.c_str();
    return ask_file(directory_, path, *path == '\0' ? AT_EMPTY_PATH : 0, ret_facts);
  }

 private:
  int directory_;
  ProcPath prefix_;
};

}  // namespace procseek
