/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * What the programs that run in the kernel and the addon have in common: a question, and the table
 * that answers it. One of each, in an array map that both sides have in memory. C, for both.
 */
#pragma once

#include "../../comm_hash.h"

#ifdef __bpf__
typedef __u64 task_u64;
typedef __u32 task_u32;
#else
#include <stdint.h>
typedef uint64_t task_u64;
typedef uint32_t task_u32;
#endif

enum {
  TASK_COMM_SIZE = 16,        /* TASK_COMM_LEN, of which the last byte is a NUL */
  TASK_FILTER_BITS = 1 << 16, /* found by the upper bits of comm_hash_of() */
  TASK_BUCKETS = 1024,        /* of PIDs, 4096 each */
  TASK_BUCKET_SHIFT = 12,
  TASK_TABLE_SIZE = 1310720,
  TASK_LONG_NAMES = 1024,
};

/* task_question.flags */
enum {
  TASK_ANY_COMM = 1, /* tell all, whether or not the filter knows their comm */
  TASK_CPU_TIME = 2, /* a task_cpu behind each task_row */
};

struct task_row {
  task_u64 start_ns; /* since the host started, by the clock of the caller's time namespace */
  task_u32
      pid; /* this, and all that follow, as the caller's PID namespace has them; 0: not in it */
  task_u32 ppid;
  task_u32 pgid;
  task_u32 sid;
  task_u32 uid; /* real, by the initial user namespace */
  task_u32 gid;
  task_u32 threads;
  task_u32 state;      /* task_struct.__state */
  task_u32 exit_state; /* task_struct.exit_state */
  task_u32 flags;      /* task_struct.flags */
  int nice;
  task_u32 long_name; /* position of a task_long_name, counted from 1; 0: none, or no more room */
  char comm[TASK_COMM_SIZE]; /* with NULs behind its end */
};

/* In nanoseconds; of a process with one thread, for it is not added up over several. */
struct task_cpu {
  task_u64 user; /* as the timer saw it */
  task_u64 system;
  task_u64 runtime;   /* exactly */
  task_u64 told_user; /* what was told last, below which it must not fall */
  task_u64 told_system;
};

/* What makes the name of a kernel thread longer than its comm, or other than it. */
struct task_long_name {
  char full[64]; /* in place of the comm; empty: that is all */
  char work[32]; /* of a worker: what it last worked on; empty: nothing yet */
  task_u32 is_working;
};

struct task_question {
  task_u32 flags;
  task_u32 first_pid; /* to last_pid */
  task_u32 last_pid;
  task_u32 unused;
  task_u64 seed; /* of comm_hash_of() */
};

struct task_answer {
  task_u32 found; /* processes that were asked for; only `rows` of them are in the table */
  task_u32 rows;
  task_u32 long_names;
  task_u32 unused;
  task_u32 buckets[TASK_BUCKETS]; /* how many were found, by PID >> TASK_BUCKET_SHIFT */
};

struct task_shared {
  struct task_question question;
  struct task_answer answer;
  task_u32 filter[TASK_FILTER_BITS / 32]; /* the bits of all comms that are of interest, and more */
  struct task_long_name long_names[TASK_LONG_NAMES];
  char table[TASK_TABLE_SIZE];
};
