// Control groups of the unified hierarchy, cgroup-v2.rst.
#include <sys/syscall.h>

#include <cerrno>
#include <string_view>

#include "../platform.h"
#include "files.h"
#include "tree_parse.h"

namespace procseek {

namespace {

constexpr long kGroupMagic = 0x63677270;  // CGROUP2_SUPER_MAGIC, statfs(2)

// Without the libc, whose structures differ: the type comes first in the kernel's.
bool is_unified(int directory) {
  long kind[64] = {};
  return counted(::syscall, SYS_fstatfs, directory, kind) == 0 && kind[0] == kGroupMagic;
}

bool open_hierarchy(Fd& ret_directory) {
  // The second one is where systemd has it beside the old hierarchies.
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    Fd directory;
    if (open_at(AT_FDCWD, mount, O_RDONLY | O_DIRECTORY, directory) == kOk &&
        is_unified(directory.get())) {
      ret_directory = std::move(directory);
      return true;
    }
  }
  return false;
}

// An absolute path none of whose elements leads upwards or nowhere, and not that of the root.
bool is_plain(std::string_view path) {
  if (path.size() < 2 || path.front() != '/' || path.find('\0') != std::string_view::npos) {
    return false;
  }
  while (!path.empty()) {
    path.remove_prefix(1);
    size_t end = path.find('/');
    std::string_view element = path.substr(0, end);
    if (element.empty() || element == "." || element == "..") return false;
    path.remove_prefix(element.size());
  }
  return true;
}

bool lists(int group, int32_t member) {
  Bytes text;
  if (read_all(group, "cgroup.procs", text) != kOk) return false;
  return lists_pid(text.view({0, static_cast<uint32_t>(text.size())}), member);
}

}  // namespace

Status kill_control_group(std::string_view path, int32_t member) {
  Bytes relative;
  Fd hierarchy;
  Fd group;
  Fd killer;  // Linux 5.14
  if (!is_plain(path)) return kUnsupported;
  if (!relative.append(path.substr(1)) || !relative.append('\0')) return out_of_memory();
  constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  if (!open_hierarchy(hierarchy) ||
      open_at(hierarchy.get(), relative.data(), kDirectory, group) != kOk ||
      !is_unified(group.get()) || !lists(group.get(), member) ||
      open_at(group.get(), "cgroup.kill", O_WRONLY | O_NOFOLLOW, killer) != kOk) {
    return kUnsupported;
  }
  return counted(::write, killer.get(), "1", size_t{1}) == 1 ? kOk : kUnsupported;
}

}  // namespace procseek
