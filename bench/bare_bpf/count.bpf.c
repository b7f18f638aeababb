/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The least that looks for a name in the kernel: counts the processes of one comm. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
  char comm[16];
} __attribute__((preserve_access_index));

struct bpf_iter_task {
  __u64 opaque[3];
} __attribute__((aligned(8)));

extern int bpf_iter_task_new(struct bpf_iter_task *iterator, struct task_struct *task,
                             unsigned int flags) __ksym;
extern struct task_struct *bpf_iter_task_next(struct bpf_iter_task *iterator) __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task *iterator) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

__u64 name[2];
__u64 found;
char LICENSE[] SEC("license") = "Dual MIT/GPL";

SEC("syscall")
int count(void *context) {
  (void)context;
  struct bpf_iter_task iterator;
  struct task_struct *task;
  found = 0;
  bpf_rcu_read_lock();
  bpf_iter_task_new(&iterator, 0, 0);
  while ((task = bpf_iter_task_next(&iterator))) {
    if (*(__u64 *)&task->comm[0] == name[0] && *(__u64 *)&task->comm[8] == name[1]) found++;
  }
  bpf_iter_task_destroy(&iterator);
  bpf_rcu_read_unlock();
  return 0;
}
