// What the files below /proc/PID say; proc(5). Pure functions over their bytes, which a process can
// shape to some degree (its name, its command line): nothing in them is taken for granted.
#pragma once

#include <cstdint>
#include <string_view>

#include "../process.h"

namespace procseek {

struct Stat {
  std::string_view comm;
  State state = State::unknown;
  int32_t ppid = 0;
  int32_t pgid = 0;
  int32_t sid = 0;
  int32_t tty = 0;  // device number, 0 for none
  bool is_kernel_thread = false;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  int32_t nice = 0;
  int32_t threads = 0;
  uint64_t start_ticks = 0;  // since boot
  uint64_t vsize = 0;        // bytes
};

// `stat`; false when it is not of that form.
bool parse_stat(std::string_view text, Stat& ret_stat);

// `statm`, in pages.
struct Memory {
  uint64_t size = 0;
  uint64_t resident = 0;
};
bool parse_statm(std::string_view text, Memory& ret_memory);

// How a zombie ended, as wait(2) puts it, from `stat`: 0 to those it is withheld from, see proc(5).
bool parse_exit_status(std::string_view text, uint32_t& ret_status);

// `comm`: all but the one newline behind it, for a name may itself end in newlines.
std::string_view parse_comm(std::string_view text);

struct Owner {
  uint32_t uid = 0;  // real
  uint32_t gid = 0;  // real
};
bool parse_status(std::string_view text, Owner& ret_owner);

// `status`, of a process or a thread.
struct ProcessIds {
  int32_t pid = 0;         // of the process, also where the thread is meant
  int32_t namespaces = 0;  // in how many PID namespaces, from the one shown on; 0: not told
};
bool parse_ids(std::string_view text, ProcessIds& ret_ids);

bool parse_io(std::string_view text, Io& ret_io);

// `cgroup`: the path in the unified hierarchy; on a host without one, in systemd's, else in the
// first.
std::string_view parse_cgroup(std::string_view text);

// What the runtime of a container names its cgroup by: 64 hexadecimal digits (Docker, containerd,
// CRI-O, Podman), 32 and a number (Amazon ECS on Fargate), or five groups of them (Garden). Of the
// innermost container, where one runs within another; empty when there is none.
std::string_view parse_container_id(std::string_view text);

// Cuts the first line off `text`, without its newline. False at the end.
bool next_line(std::string_view& text, std::string_view& ret_line);

}  // namespace procseek
