// Processes as the kernel holds them, found by a program that runs there: without a system call
// per process.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../engine.h"
#include "../mutex.h"
#include "../process.h"
#include "bpf/task_table.h"
#include "bpf_program.h"
#include "proc_root.h"
#include "random_seed.h"

namespace procseek {

// What a row tells.
bool is_kernel_thread(const task_row& row);
// task_struct.comm; valid as long as the row.
std::string_view short_comm_of(const task_row& row);
State state_of(const task_row& row);
// In ticks of the clock that /proc tells times by.
uint64_t start_ticks_of(const task_row& row);
// As /proc tells it, of a process with one thread.
CpuTime cpu_time_of(const task_cpu& cpu);

// Used by any number of threads.
class KernelTasks {
 public:
  struct Question {
    const uint32_t* hashes = nullptr;  // of the comms of interest (and some others pass); none: all
    size_t hash_count = 0;
    bool with_cpu_time = false;
  };

  // Where rows go, in ascending order of PIDs: a task_row each, with a task_cpu behind it if that
  // was asked for.
  struct Answer {
    Bytes rows;
    size_t count = 0;
    uint32_t next_pid = 0;  // where to go on, for there was no more room; 0: these were the last
    Bytes long_names;       // of kernel threads
    bool has_old_workers = false;

    // Whether the comm is all there, as /proc shows it.
    bool has_comm(const task_row& row) const;
    Status append_comm(const task_row& row, Bytes& text) const;
  };

  Status load(Iteration iteration, const ProcRoot& root);
  // Some kernels keep some processes from the programs in them, and show them in /proc all the
  // same: their PIDs, in ascending order, as of load().
  Values<int32_t> unseen() const { return values_of<int32_t>(unseen_); }
  // For the hashes of questions.
  uint64_t seed() const { return seed_; }
  // Those from `first_pid` on.
  Status ask(const Question& question, uint32_t first_pid, Answer& ret_answer);
  // What the last question came to, whoever asked it.
  Status last_status();

  static size_t stride(bool with_cpu_time) {
    return sizeof(task_row) + (with_cpu_time ? sizeof(task_cpu) : 0);
  }

 private:
  Status find_unseen(const ProcRoot& root);
  Status list_unseen(const ProcRoot& root, Bytes& ret_pids);
  Status answer(const Question& question, uint32_t first_pid, Answer& ret_answer);
  Status run(uint32_t first_pid, uint32_t last_pid);
  uint32_t last_that_fits(uint32_t first_pid) const;
  Status take(size_t stride, Answer& ret_answer) const;
  task_shared& shared() const { return *static_cast<task_shared*>(program_.shared()); }

  BpfProgram program_;
  Bytes unseen_;
  bool has_old_workers_ = false;
  const uint64_t seed_ = random_seed();
  Status last_status_ = kOk;
  Mutex mutex_;
};

}  // namespace procseek
