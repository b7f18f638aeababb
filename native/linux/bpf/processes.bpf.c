/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Walks the processes, and not their threads: Linux 6.7 and later. One run, one walk. */
#include "task_table.bpf.h"

struct bpf_iter_task {
  __u64 opaque[3];
} __attribute__((aligned(8)));

enum { ALL_PROCESSES = 0 }; /* BPF_TASK_ITER_ALL_PROCS */

extern int bpf_iter_task_new(struct bpf_iter_task *iterator, struct task_struct *task,
                             unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *iterator) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *iterator) __ksym;
extern void *bpf_rdonly_cast(const void *object, __u32 type) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

/* To read from it and nothing else: of anything that could be more, the kernel proves at length,
 * when it loads the program, what each pointer in it is good for. */
static __always_inline struct task_struct *to_read(struct task_struct *task) {
  return bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct));
}

SEC("syscall")
int walk(void *context) {
  (void)context;
  struct task_shared *all = find_shared();
  if (!all) return 1;
  struct viewer viewer;
  struct bpf_iter_task iterator;
  struct task_struct *task;
  bpf_rcu_read_lock();
  look_from(to_read(bpf_get_current_task_btf()), &viewer);
  bpf_iter_task_new(&iterator, 0, ALL_PROCESSES);
  while ((task = bpf_iter_task_next(&iterator))) take(all, to_read(task), &viewer);
  bpf_iter_task_destroy(&iterator);
  bpf_rcu_read_unlock();
  return 0;
}
