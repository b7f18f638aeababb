/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * From the kernel's structures to the table. Only what is used of them is declared; where it stands
 * is found when the program is loaded (CO-RE), by what the kernel tells of itself (BTF).
 */
#pragma once

#include <linux/bpf.h>
/* first, for the types that the following use */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "task_table.h"

#define KERNEL __attribute__((preserve_access_index))

/* include/linux/sched.h */
#define PF_WQ_WORKER 0x20
#define PF_KTHREAD 0x200000

enum { PIDTYPE_TGID = 1, PIDTYPE_PGID = 2, PIDTYPE_SID = 3 }; /* include/linux/pid_types.h */

struct pid_namespace;

struct upid {
  int nr;
  struct pid_namespace *ns;
} KERNEL;

struct pid {
  unsigned int level;
  struct upid numbers[1];
} KERNEL;

struct prev_cputime {
  __u64 utime;
  __u64 stime;
} KERNEL;

struct signal_struct {
  int nr_threads;
  struct pid *pids[4];
  __u64 utime;
  __u64 stime;
  struct prev_cputime prev_cputime;
  unsigned long long sum_sched_runtime;
} KERNEL;

struct kuid_t {
  __u32 val;
} KERNEL;

struct cred {
  struct kuid_t uid;
  struct kuid_t gid;
} KERNEL;

struct timespec64 {
  long long tv_sec;
  long tv_nsec;
} KERNEL;

struct timens_offsets {
  struct timespec64 boottime;
} KERNEL;

struct time_namespace {
  struct timens_offsets offsets;
} KERNEL;

struct nsproxy {
  struct time_namespace *time_ns;
} KERNEL;

struct sched_entity {
  __u64 sum_exec_runtime;
} KERNEL;

struct kthread {
  void *data; /* of a worker: struct worker */
  char *full_name;
} KERNEL;

struct worker {
  void *current_work;
  void *pool;
  char desc[24];
} KERNEL;

struct task_struct {
  unsigned int __state;
  unsigned int flags;
  int static_prio;
  struct sched_entity se;
  int exit_state;
  int pid;
  int tgid;
  struct task_struct *real_parent;
  struct pid *thread_pid;
  __u64 utime;
  __u64 stime;
  __u64 start_boottime;
  const struct cred *real_cred;
  char comm[TASK_COMM_SIZE];
  void *worker_private; /* of a kernel thread: struct kthread */
  struct nsproxy *nsproxy;
  struct signal_struct *signal;
} KERNEL;

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct task_shared);
} shared SEC(".maps");

char LICENSE[] SEC("license") = "Dual MIT/GPL";

static __always_inline struct task_shared *find_shared(void) {
  __u32 first = 0;
  return bpf_map_lookup_elem(&shared, &first);
}

/* Whose view is to be told: the calling process's. */
struct viewer {
  unsigned int level;
  __u64 ns;
  __u64 clock_offset;
};

#define READ_AT(type, field, target, object) \
  bpf_probe_read_kernel(&(target), sizeof(target), (object) + bpf_core_field_offset(type, field))

static __always_inline struct upid number_at(struct pid *pid, unsigned int level) {
  struct upid number = {};
  void *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);
  bpf_probe_read_kernel(&number, sizeof number, numbers + level * sizeof number);
  return number;
}

static __always_inline void look_from(struct task_struct *caller, struct viewer *viewer) {
  struct pid *pid = caller->thread_pid;
  viewer->level = pid->level;
  viewer->ns = (__u64)number_at(pid, viewer->level).ns;
  viewer->clock_offset = 0;
  if (bpf_core_field_exists(caller->nsproxy->time_ns)) { /* CONFIG_TIME_NS */
    struct time_namespace *time = caller->nsproxy->time_ns;
    viewer->clock_offset =
        time->offsets.boottime.tv_sec * 1000000000ull + time->offsets.boottime.tv_nsec;
  }
}

/* An address that the kernel does not know for one: what can be handed to a function of its own. */
static __always_inline __u64 as_number(const void *pointer) {
  __u64 number = 0;
  bpf_probe_read_kernel(&number, sizeof number, &pointer);
  return number;
}

/* pid_nr_ns() in kernel/pid.c. Functions that are not inlined, and not static, are proved harmless
 * once, and not again for each way in which they can be reached. */
__noinline __u32 number_in_namespace(__u64 pid, __u32 level, __u64 ns) {
  __u32 own_level = 0;
  READ_AT(struct pid, level, own_level, (void *)pid);
  if (own_level < level) return 0;
  struct upid number = number_at((void *)pid, level);
  return (__u64)number.ns == ns ? number.nr : 0;
}

/* Of a pid that there is not (any more), 0: reading from nowhere gives that. */
static __always_inline __u32 number_of(struct pid *pid, const struct viewer *viewer) {
  if (viewer->level == 0) return pid->numbers[0].nr;
  return number_in_namespace(as_number(pid), viewer->level, viewer->ns);
}

/* Whether a comm begins as those do that say nothing of the program's name (is_label() in
 * native/name.h), of which there is no list: by a dot, a slash or a digit, or by "memfd". */
static __always_inline __u32 may_be_label(__u64 comm) {
  const __u64 five_bytes = 0xffffffffffull;
  __u32 first = comm & 0xff;
  return first - '.' <= '9' - '.' || (comm & five_bytes) == 0x64666d656dull;
}

/* Behind the end of a comm there are NULs (since Linux 5.17, __set_task_comm() in fs/exec.c). */
static __always_inline __u32 is_wanted(struct task_shared *all, struct task_struct *task) {
  __u64 first = *(__u64 *)&task->comm[0];
  __u32 bit = comm_hash_of(first, *(__u64 *)&task->comm[8], all->question.seed) >> 16;
  if (may_be_label(first)) return 1;
  return (all->filter[bit / 32] >> (bit % 32) | all->question.flags) & TASK_ANY_COMM;
}

static __always_inline void tell_cpu(struct task_cpu *cpu, struct task_struct *task) {
  struct signal_struct *signal = task->signal;
  cpu->user = task->utime + signal->utime;
  cpu->system = task->stime + signal->stime;
  cpu->runtime = task->se.sum_exec_runtime + signal->sum_sched_runtime;
  cpu->told_user = cpu->told_system = 0;
  if (bpf_core_field_exists(signal->prev_cputime)) {
    cpu->told_user = signal->prev_cputime.utime;
    cpu->told_system = signal->prev_cputime.stime;
  }
}

static __always_inline void tell(struct task_row *row, __u32 pid, struct task_struct *task,
                                 const struct viewer *viewer) {
  struct signal_struct *signal = task->signal;
  const struct cred *cred = task->real_cred;
  row->start_ns = task->start_boottime + viewer->clock_offset;
  row->pid = pid;
  row->ppid = number_of(task->real_parent->signal->pids[PIDTYPE_TGID], viewer);
  row->pgid = number_of(signal->pids[PIDTYPE_PGID], viewer);
  row->sid = number_of(signal->pids[PIDTYPE_SID], viewer);
  row->uid = cred->uid.val;
  row->gid = cred->gid.val;
  row->threads = signal->nr_threads;
  row->state = task->__state;
  row->exit_state = task->exit_state;
  row->flags = task->flags;
  row->nice = task->static_prio - 120; /* PRIO_TO_NICE() */
  row->long_name = 0;
  *(__u64 *)&row->comm[0] = *(__u64 *)&task->comm[0];
  *(__u64 *)&row->comm[8] = *(__u64 *)&task->comm[8];
}

/* As proc_task_name() in fs/proc/array.c shows them. Gives what long_name is to be. */
__noinline __u32 tell_long_name(__u64 task, __u32 flags) {
  struct task_shared *all = find_shared();
  void *kthread = 0;
  void *full = 0;
  void *worker = 0;
  void *pool = 0;
  void *work = 0;
  if (!all) return 0;
  __u32 at = all->answer.long_names;
  READ_AT(struct task_struct, worker_private, kthread, (void *)task);
  if (!kthread || at >= TASK_LONG_NAMES) return 0;
  struct task_long_name *name = &all->long_names[at];
  name->full[0] = name->work[0] = 0;
  READ_AT(struct kthread, full_name, full, kthread);
  if (full) bpf_probe_read_kernel_str(name->full, sizeof name->full, full);
  if (flags & PF_WQ_WORKER) {
    READ_AT(struct kthread, data, worker, kthread);
    READ_AT(struct worker, pool, pool, worker);
    READ_AT(struct worker, current_work, work, worker);
    name->is_working = work != 0;
    if (pool) {
      bpf_probe_read_kernel_str(name->work, sizeof name->work,
                                worker + bpf_core_field_offset(struct worker, desc));
    }
  }
  all->answer.long_names = at + 1;
  return at + 1;
}

/* Puts the first thread of a process into the table if it is one of those asked for. */
static __always_inline void take(struct task_shared *all, struct task_struct *task,
                                 const struct viewer *viewer) {
  struct task_answer *answer = &all->answer;
  if (!is_wanted(all, task)) return;
  /* Not thread_pid: while another thread executes a program, the first one has that one's. */
  __u32 pid = number_of(task->signal->pids[PIDTYPE_TGID], viewer);
  /* Without: reaped a moment ago, in a namespace out of sight, or the idle task. */
  if (pid == 0 || pid < all->question.first_pid || pid > all->question.last_pid) return;
  answer->found++;
  answer->buckets[pid >> TASK_BUCKET_SHIFT & (TASK_BUCKETS - 1)]++;

  __u32 has_cpu = all->question.flags & TASK_CPU_TIME;
  __u32 stride = sizeof(struct task_row) + (has_cpu ? sizeof(struct task_cpu) : 0);
  __u32 offset = answer->rows * stride;
  if (offset > TASK_TABLE_SIZE - sizeof(struct task_row) - sizeof(struct task_cpu)) return;
  struct task_row *row = (struct task_row *)&all->table[offset];
  tell(row, pid, task, viewer);
  if (row->flags & PF_KTHREAD) row->long_name = tell_long_name(as_number(task), row->flags);
  if (has_cpu) tell_cpu((struct task_cpu *)(row + 1), task);
  answer->rows++;
}
