#include "kernel_tasks.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../name.h"
#include "../sort.h"
#include "bpf/processes.skel.h"
#include "bpf/tasks.skel.h"
#include "obstacles.h"
#include "proc_root.h"

namespace procseek {

namespace {

// include/linux/sched.h
constexpr uint32_t kWorker = 0x20;            // PF_WQ_WORKER
constexpr uint32_t kKernelThread = 0x200000;  // PF_KTHREAD

constexpr uint32_t kLastPid = INT32_MAX;

uint64_t ns_per_tick() { return 1000000000u / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK)); }

// `of` shared out by `part` of `whole`, rounded down; bit by bit, for the product may need 128 of
// them.
uint64_t share(uint64_t part, uint64_t whole, uint64_t of) {
  uint64_t result = 0;
  uint64_t rest = 0;
  auto reduce = [&](uint64_t more) {
    bool is_enough = rest >= whole - more;
    rest += more - (is_enough ? whole : 0);
    result += is_enough;
  };
  for (int i = 63; i >= 0; i--) {
    result *= 2;
    reduce(rest);
    if ((of >> i & 1) != 0) reduce(part);
  }
  return result;
}

}  // namespace

bool is_kernel_thread(const task_row& row) { return (row.flags & kKernelThread) != 0; }

std::string_view short_comm_of(const task_row& row) {
  return {row.comm, ::strnlen(row.comm, kCommLength)};
}

bool KernelTasks::Answer::has_comm(const task_row& row) const {
  if (!is_kernel_thread(row)) return true;
  bool is_cut = may_be_cut(short_comm_of(row));
  bool is_worker = (row.flags & kWorker) != 0;
  if (row.long_name == 0) return !is_worker && !is_cut;
  return !(is_worker && is_cut && has_old_workers);
}

// proc_task_name() in fs/proc/array.c, wq_worker_comm() in kernel/workqueue.c
Status KernelTasks::Answer::append_comm(const task_row& row, Bytes& text) const {
  if (row.long_name == 0) return text.append(short_comm_of(row)) ? kOk : out_of_memory();
  constexpr size_t kMost = 63;
  const task_long_name& name = values_of<task_long_name>(long_names).first[row.long_name - 1];
  std::string_view full(name.full, ::strnlen(name.full, sizeof name.full));
  std::string_view work(name.work, ::strnlen(name.work, sizeof name.work));
  size_t start = text.size();
  bool is_done = text.append(full.empty() ? short_comm_of(row) : full);
  if (!work.empty()) {
    is_done = is_done && text.append(name.is_working ? '+' : '-') && text.append(work);
  }
  if (!is_done) return out_of_memory();
  if (text.size() - start > kMost) text.truncate(start + kMost);
  return kOk;
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

Status KernelTasks::load(Iteration iteration, const ProcRoot& root) {
  utsname host;
  has_old_workers_ = ::uname(&host) != 0 || is_older_than(host.release, 6, 10);
  Status status = iteration == Iteration::threads
                      ? program_.load(kTasksSkeleton, sizeof(task_shared), true)
                      : program_.load(kProcessesSkeleton, sizeof(task_shared), false);
  return status == kOk ? find_unseen(root) : status;
}

// Two looks: a process that came or went between the list and the walk is no such case.
Status KernelTasks::find_unseen(const ProcRoot& root) {
  constexpr size_t kMost = 64;
  Bytes first;
  Bytes second;
  Status status = list_unseen(root, first);
  if (status == kOk && first.size() != 0) status = list_unseen(root, second);
  if (status != kOk) return status;
  for (int32_t pid : values_of<int32_t>(second)) {
    Values<int32_t> before = values_of<int32_t>(first);
    if (!std::binary_search(before.begin(), before.end(), pid)) continue;
    if (!append_value(unseen_, pid)) return out_of_memory();
  }
  return unseen().count > kMost ? failure(Call::bpf, EOPNOTSUPP) : Status{kOk};
}

Status KernelTasks::list_unseen(const ProcRoot& root, Bytes& ret_pids) {
  Question everything;
  Answer answer;
  size_t position = 0;
  NumberedEntries entries;
  int32_t pid;
  Status status = root.open_entries(entries);
  if (status == kOk) status = ask(everything, 0, answer);
  while (status == kOk && (status = entries.next(pid)) == kOk) {
    while (status == kOk && answer.next_pid != 0 && pid >= static_cast<int32_t>(answer.next_pid)) {
      status = ask(everything, answer.next_pid, answer);
      position = 0;
    }
    auto* rows = reinterpret_cast<const task_row*>(answer.rows.data());
    while (position < answer.count && static_cast<int32_t>(rows[position].pid) < pid) position++;
    bool is_seen = position < answer.count && static_cast<int32_t>(rows[position].pid) == pid;
    if (!is_seen && !append_value(ret_pids, pid)) return out_of_memory();
  }
  return status == kEnd ? kOk : status;
}

Status KernelTasks::ask(const Question& question, uint32_t first_pid, Answer& ret_answer) {
  Lock lock(mutex_);
  last_status_ = answer(question, first_pid, ret_answer);
  return last_status_;
}

Status KernelTasks::last_status() {
  Lock lock(mutex_);
  return last_status_;
}

Status KernelTasks::answer(const Question& question, uint32_t first_pid, Answer& ret_answer) {
  // Each time with less to find: when there is still too much, the host is too busy.
  constexpr int kMostRuns = 8;
  task_shared& all = shared();
  all.question.seed = seed_;
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
  for (int i = 1; status == kOk && all.answer.found > all.answer.rows; i++) {
    if (i == kMostRuns) return failure(Call::bpf, ENOSPC);
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
  if (!order.reserve(all.answer.rows * sizeof(uint64_t))) return out_of_memory();
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
  if (!is_sorted) sort(keys, count);
  ret_answer.rows.clear();
  ret_answer.count = 0;
  ret_answer.has_old_workers = has_old_workers_;
  ret_answer.long_names.clear();
  size_t names_size = all.answer.long_names * sizeof *all.long_names;
  if (!ret_answer.long_names.append({reinterpret_cast<const char*>(all.long_names), names_size})) {
    return out_of_memory();
  }
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
