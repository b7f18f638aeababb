// What each platform's folder provides, by the same name.
#pragma once

#include <memory>
#include <string_view>

#include "engine.h"
#include "news.h"
#include "process.h"

namespace procseek {

// The stateless source, which works on every host of the platform. Null when there is no memory.
// Without a context it waits for calls that may not return: for what takes none.
std::unique_ptr<Source> make_source(SourceContext* context = nullptr);

// The kind of engine that keeps nothing, and works on every host of the platform.
#if defined(_WIN32)
constexpr EngineKind kPlainEngine = EngineKind::ntquery;
#elif defined(__APPLE__)
constexpr EngineKind kPlainEngine = EngineKind::libproc;
#else
constexpr EngineKind kPlainEngine = EngineKind::procfs;
#endif

// The engine of that kind, by the system's own view. Null when there is no memory.
std::unique_ptr<Engine> make_plain_engine();

// An engine of a kind that this platform has, or why not; see open_engine().
Status make_engine(EngineKind kind, Iteration iteration, const char* root,
                   std::unique_ptr<Engine>& ret_engine, Reason& ret_reason);

// Says that processes are hidden from this user, and by what; adds nothing when none are known to
// be.
Status explain_hidden(Reason& ret_reason);

// Whether a process has this PID: a thread's id is none, and a process that this user may not look
// at is one.
bool process_exists(int32_t pid);

// The PID of this process as make_source() shows it: on Linux, /proc may be that of another PID
// namespace. 0 when it is not among the processes there.
int32_t own_pid();

// Appends the PIDs (int32_t) of all children of `parents` to `ret_children`. A child that lives
// throughout the call is always among them; one that came or went meanwhile may be. Parents that do
// not exist have none. kUnsupported when this host cannot tell without looking at every process.
Status list_children(const int32_t* parents, size_t count, Bytes& ret_children);

// What the system tells of processes as it happens. A failure when it cannot be set up.
Status make_news(std::unique_ptr<News>& ret_news);

// Asks a process for its end, or whatever the signal means. kGone when it is not the one of
// `identity` (any: without), or has ended and been reaped.
Status signal_process(int32_t pid, const Identity& identity, int32_t signal);

// How many handles on processes a monitor holds at most: a quarter of the file descriptors that
// this process may open at the moment, where they take one each.
size_t most_handles();

// Ending processes and all that they have started.

// Sends a signal (none, if it is negative) and appends the PIDs (int32_t) of the children to
// `ret_children`, as they were before and, behind a 0, as they are after: what the process forks
// until the signal is there is told even if it ends of it, as far as it has not ended by then. A
// PID may be told twice, and whether it still is that of a child is for the caller to find out.
// What became of the signal is returned, as by signal_process(); what became of the list is in
// `ret_listed`: kUnsupported when this host cannot tell.
Status signal_parent(int32_t pid, const Identity& identity, int32_t signal, Bytes& ret_children,
                     Status& ret_listed);

// A number that a process shares with those that it has forked, and they with theirs, until they
// execute a program: where the kernel has put the parts of the program. 0 when it cannot be told
// or, if it is to be random, where that is turned off: others that run the program may have the
// same.
uint64_t read_origin(int32_t pid, bool is_to_be_random);

// Why a process may outlive being killed; the numbers are those of src/binding.ts.
enum class Hold : uint32_t {
  none,             // nothing is known to keep it
  frozen,           // a control group has frozen it
  uninterruptible,  // it waits in the kernel for what nothing interrupts
};
Hold read_hold(int32_t pid);

// Has the kernel kill all processes of a control group and of those below it at once. `path` is
// what a member's field `cgroup` says, and `member` the PID of one: where that is not listed in the
// group's directory, the path is taken for that of another group. kUnsupported when this host or
// user cannot, or the path leads nowhere.
Status kill_control_group(std::string_view path, int32_t member);

// A thread that takes no signals, for `run(argument)`.
class Thread {
 public:
  Status start(void (*run)(void* argument), void* argument);
  // Waits for its end.
  void join();

  // One that nobody waits for.
  static Status start_detached(void (*run)(void* argument), void* argument);

 private:
  static void* enter(void* thread);
  void (*run_)(void*) = nullptr;
  void* argument_ = nullptr;
  uintptr_t native_ = 0;
};

// Of the calling thread, for the next one.
uint64_t current_thread_id();
// Whether a thread of this process waits for something, rather than for a processor. True as well
// when that cannot be told.
bool is_thread_blocked(uint64_t id);

// Puts the calling thread to sleep.
void pause_thread(int64_t milliseconds);

// Milliseconds that pass evenly, since some moment.
int64_t steady_clock();
// Milliseconds since 1970.
double wall_clock();
// CPU time of the calling thread, in milliseconds.
double thread_cpu_time();

// For benchmarks.

// A bare loop over the system calls that a question cannot do without; the numbers are those of
// src/binding.ts.
enum class Floor : uint32_t {
  every_comm,  // of every process the file that holds its name
  every_stat,  // of every process the file that holds the default fields
  one_stat,    // of one process
  directory,   // the list of processes alone
};
// Returns how many processes it came by.
uint32_t run_floor(Floor floor, int32_t pid);

// CPU time of the ended child processes of this process, in microseconds.
double children_cpu_time();

// System calls that lookups have made on this thread.
uint64_t system_calls();

}  // namespace procseek
