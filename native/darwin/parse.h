// What macOS tells of a process, from the bytes that it fills in. Pure functions; names and
// arguments are what their process has made of them: nothing in them is taken for granted.
#pragma once

#include <cstdint>
#include <string_view>

#include "../process.h"

namespace procseek {

// p_stat; sys/proc.h.
constexpr uint32_t kIdle = 1;
constexpr uint32_t kRunnable = 2;
constexpr uint32_t kSleeping = 3;
constexpr uint32_t kStopped = 4;
constexpr uint32_t kZombie = 5;

constexpr int32_t kNoTerminal = -1;

struct ShortInfo {
  int32_t pid = 0;
  int32_t ppid = 0;
  int32_t pgid = 0;
  uint32_t status = 0;
  std::string_view comm;  // 15 bytes at most: the kernel cuts the last of 16 off
  uint32_t uid = 0;       // real
  uint32_t gid = 0;       // real
};
bool parse_short_info(std::string_view bytes, ShortInfo& ret_info);

// What both proc_bsdinfo and kinfo_proc tell.
struct StartInfo {
  int32_t pid = 0;
  uint32_t status = 0;
  int32_t terminal = kNoTerminal;  // device number
  int32_t nice = 0;
  uint64_t start = 0;        // microseconds since 1970, by the wall clock of then
  uint32_t exit_status = 0;  // of a zombie, as wait(2) puts it; from proc_bsdinfo alone
};
bool parse_bsd_info(std::string_view bytes, StartInfo& ret_info);
bool parse_kinfo(std::string_view bytes, StartInfo& ret_info);

struct UniqueInfo {
  uint64_t unique_id = 0;   // of the process, for as long as the host runs
  uint32_t id_version = 0;  // of what it runs
};
bool parse_unique_info(std::string_view bytes, UniqueInfo& ret_info);

struct TaskInfo {
  uint64_t virtual_size = 0;   // bytes
  uint64_t resident_size = 0;  // bytes
  uint64_t user_time = 0;      // in ticks of the machine's clock
  uint64_t system_time = 0;
  int32_t threads = 0;
  int32_t running = 0;  // threads that run, or are ready to
};
bool parse_task_info(std::string_view bytes, TaskInfo& ret_info);

struct UsageInfo {
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
};
bool parse_usage_info(std::string_view bytes, UsageInfo& ret_info);

// Empty when there is none.
struct Directories {
  std::string_view cwd;
  std::string_view root;  // of one that has called chroot(2)
};
bool parse_directories(std::string_view bytes, Directories& ret_directories);

// sysctl(KERN_PROCARGS2). The kernel leaves the environment out for programs that it protects, and
// with it all that follows; an environment that is merely empty is followed by what dyld is told.
struct Arguments {
  std::string_view cmdline;  // a NUL behind each, but for a last one that was cut
  std::string_view environ;  // likewise
  bool has_environ = false;
};
bool parse_arguments(std::string_view bytes, Arguments& ret_arguments);

// Of a process that has such a p_stat; macOS has nothing but kRunnable for all that are alive and
// not stopped. `running`: how many of its threads run; -1 when that is withheld.
State state_of(uint32_t status, int32_t running);

// `frequency`: ticks per second of the machine's clock.
double milliseconds_of(uint64_t ticks, uint64_t frequency);

// What tells a process apart from all others: its unique id; or, where that is withheld, when it
// started, in microseconds since 1970.
struct ProcessKey {
  enum Kind : uint8_t { none, unique_id, start_time };
  Kind kind = none;
  uint64_t number = 0;
  bool operator==(const ProcessKey& other) const {
    return kind == other.kind && number == other.number;
  }
};
// Appends the field `id`. False when there is no memory.
[[nodiscard]] bool append_id(int32_t pid, const ProcessKey& key, Bytes& text);

// The path of the pseudo terminal with this device number; a guess, if it is something else's.
constexpr char kPseudoTerminal[] = "/dev/ttys000";
constexpr size_t kTerminalPathSize = sizeof kPseudoTerminal;
void pseudo_terminal_path(int32_t device, char (&ret_path)[kTerminalPathSize]);

}  // namespace procseek
