/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* Walks all threads, and takes the first one of each process: before Linux 6.7. */
#include "task_table.bpf.h"

struct bpf_iter_meta;

struct bpf_iter__task {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
} KERNEL;

SEC("iter/task")
int walk(struct bpf_iter__task *context) {
  struct task_struct *task = context->task;
  if (!task || task->pid != task->tgid) return 0;
  struct task_shared *all = find_shared();
  if (!all) return 0;
  struct viewer viewer;
  look_from(bpf_get_current_task_btf(), &viewer);
  take(all, task, &viewer);
  return 0;
}
