#include "kernel_tasks.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "../name.h"
#include "bpf/processes.skel.h"
#include "bpf/tasks.skel.h"

namespace procseek {

namespace {

// include/linux/sched.h
constexpr uint32_t kWorker = 0x20;            // PF_WQ_WORKER
constexpr uint32_t kKernelThread = 0x200000;  // PF_KTHREAD

constexpr uint32_t kLastPid = INT32_MAX;

uint64_t ns_per_tick() { return 1000000000u / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK)); }

// What was used, shared out in the proportion of the samples, rounded down; without overflow.
uint64_t share(uint64_t part, uint64_t whole, uint64_t of) {
#ifdef __SIZEOF_INT128__
  return static_cast<uint64_t>(static_cast<unsigned __int128>(part) * of / whole);
#else
  return static_cast<uint64_t>(static_cast<double>(part) / static_cast<double>(whole) *
                               static_cast<double>(of));
#endif
}

}  // namespace

bool is_kernel_thread(const task_row& row) { return (row.flags & kKernelThread) != 0; }

bool has_whole_comm(const task_row& row) {
  // Workers are shown along with what they work on, and other kernel threads by names of any length
  // (proc_task_name() in fs/proc/array.c).
  if (!is_kernel_thread(row)) return true;
  return (row.flags & kWorker) == 0 && !may_be_cut(comm_of(row));
}

std::string_view comm_of(const task_row& row) {
  return {row.comm, ::strnlen(row.comm, kCommLength)};
}

// __task_state_index() in include/linux/sched.h
State state_of(const task_row& row) {
  constexpr uint32_t kReported = 0x7f;
  constexpr uint32_t kIdle = 0x402;                     // TASK_IDLE
  constexpr uint32_t kShownAsAsleep = 0x1000 | 0x8000;  // TASK_RTLOCK_WAIT, TASK_FROZEN
  constexpr State kStates[] = {State::running, State::sleeping,     State::disk_sleep,
                               State::stopped, State::tracing_stop, State::dead,
                               State::zombie,  State::parked};
  if ((row.state & kShownAsAsleep) != 0) return State::disk_sleep;
  if ((row.state & kIdle) == kIdle) return State::idle;
  uint32_t bits = (row.state | row.exit_state) & kReported;
  size_t highest = 0;  // counted from 1, 0 for none
  while (bits >> highest != 0) highest++;
  return kStates[highest];
}

uint64_t start_ticks_of(const task_row& row) { return row.start_ns / ns_per_tick(); }

// cputime_adjust() in kernel/sched/cputime.c
CpuTime cpu_time_of(const task_cpu& cpu) {
  uint64_t user = cpu.told_user;
  uint64_t system = cpu.told_system;
  if (user + system < cpu.runtime) {
    uint64_t sampled = cpu.user + cpu.system;
    system = cpu.system == 0 ? 0
             : cpu.user == 0 ? cpu.runtime
                             : std::min(share(cpu.system, sampled, cpu.runtime), cpu.runtime);
    system = std::max(system, cpu.told_system);
    user = cpu.runtime - std::min(system, cpu.runtime);
    if (user < cpu.told_user) {
      user = cpu.told_user;
      system = cpu.runtime - user;
    }
  }
  auto ms = [](uint64_t ns) {
    return static_cast<double>(ns / ns_per_tick()) * static_cast<double>(ns_per_tick()) / 1e6;
  };
  return {ms(user), ms(system)};
}

Status KernelTasks::load(Iteration iteration) {
  return iteration == Iteration::threads
             ? program_.load(kTasksSkeleton, sizeof(task_shared), true)
             : program_.load(kProcessesSkeleton, sizeof(task_shared), false);
}

Status KernelTasks::ask(const Question& question, uint32_t first_pid, Answer& ret_answer) {
  std::lock_guard<std::mutex> lock(mutex_);
  task_shared& all = shared();
  all.question.flags = (question.hashes == nullptr ? TASK_ANY_COMM : 0) |
                       (question.with_cpu_time ? TASK_CPU_TIME : 0);
  if (question.hashes != nullptr) {
    std::memset(all.filter, 0, sizeof all.filter);
    for (size_t i = 0; i < question.hash_count; i++) {
      uint32_t at = question.hashes[i] >> 16;
      all.filter[at / 32] |= uint32_t{1} << (at % 32);
    }
  }
  ret_answer.next_pid = 0;
  Status status = run(first_pid, kLastPid);
  while (status == kOk && all.answer.found > all.answer.rows) {
    uint32_t last = last_that_fits(first_pid);
    ret_answer.next_pid = last + 1;
    status = run(first_pid, last);
  }
  return status == kOk ? take(stride(question.with_cpu_time), ret_answer) : status;
}

Status KernelTasks::run(uint32_t first_pid, uint32_t last_pid) {
  task_shared& all = shared();
  all.question.first_pid = first_pid;
  all.question.last_pid = last_pid;
  std::memset(&all.answer, 0, sizeof all.answer);
  return program_.run();
}

// The table has room for more than one bucket.
uint32_t KernelTasks::last_that_fits(uint32_t first_pid) const {
  const task_answer& answer = shared().answer;
  uint32_t bucket = first_pid >> TASK_BUCKET_SHIFT;
  uint32_t room = answer.rows;
  for (uint32_t count = answer.buckets[bucket]; bucket + 1 < TASK_BUCKETS; bucket++) {
    count += answer.buckets[bucket + 1];
    if (count > room) break;
  }
  return ((bucket + 1) << TASK_BUCKET_SHIFT) - 1;
}

// The kernel's order is roughly that of the forks. When a PID was given to another process
// meanwhile, both are there; the latter is the one.
Status KernelTasks::take(size_t stride, Answer& ret_answer) const {
  const task_shared& all = shared();
  Bytes order;
  uint64_t last = 0;
  bool is_sorted = true;
  for (uint32_t i = 0; i < all.answer.rows; i++) {
    auto* row = reinterpret_cast<const task_row*>(all.table + i * stride);
    uint64_t key = uint64_t{row->pid} << 32 | i;
    is_sorted &= key > last;
    last = key;
    if (!append_value(order, key)) return out_of_memory();
  }
  auto* keys = reinterpret_cast<uint64_t*>(order.data());
  size_t count = all.answer.rows;
  if (!is_sorted) std::sort(keys, keys + count);
  ret_answer.rows.clear();
  ret_answer.count = 0;
  if (!ret_answer.rows.reserve(count * stride)) return out_of_memory();
  for (size_t i = 0; i < count; i++) {
    if (i + 1 < count && keys[i] >> 32 == keys[i + 1] >> 32) continue;
    if (!ret_answer.rows.append({all.table + static_cast<uint32_t>(keys[i]) * stride, stride})) {
      return out_of_memory();
    }
    ret_answer.count++;
  }
  return kOk;
}

}  // namespace procseek
