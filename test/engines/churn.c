/* Processes that change as they are told: forks, executes, renames, ends and reaps them, and gives
 * their PIDs to others. Reads commands by lines, answers each by a line when it is done.
 *
 *   fork I            a copy, as worker I
 *   rename I NAME     prctl(2)
 *   thread I NAME     renames the first thread, from another one
 *   exec I NAME       executes a program of this name, in the folder given
 *   steal I NAME      likewise, from another thread than the first one
 *   end I             ends it, and reaps it
 *   zombie I          ends it, and leaves it unreaped
 *   reap I            what zombie left
 *   reuse I           ends and reaps it, and forks worker I with the PID that it had
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 64 };

static struct {
  pid_t pid;
  int orders;  /* what it is told */
  int replies; /* that it has done it */
} workers[WORKERS];

static const char *folder;
static char path[1024];

static void execute(int orders, int replies) {
  char from[16], to[16];
  snprintf(from, sizeof from, "%d", orders);
  snprintf(to, sizeof to, "%d", replies);
  execl(path, path, "worker", folder, from, to, (char *)NULL);
  _exit(1);
}

struct errand {
  char what;
  char name[300];
  int orders, replies;
};

static void *run(void *argument) {
  struct errand *errand = argument;
  if (errand->what == 's') execute(errand->orders, errand->replies);
  char comm[64];
  snprintf(comm, sizeof comm, "/proc/self/task/%d/comm", getpid());
  int file = open(comm, O_WRONLY | O_CLOEXEC);
  if (write(file, errand->name, strlen(errand->name)) < 0) _exit(1);
  close(file);
  return NULL;
}

/* What follows an order: done at once, or by the program that was executed. */
static void work(int orders, int replies) {
  static struct errand errand;
  char line[300];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    if (write(replies, "!", 1) != 1) _exit(0);
    ssize_t length = read(orders, line, sizeof line - 1);
    if (length <= 1) _exit(0);
    line[length] = 0;
    errand.what = line[0];
    errand.orders = orders;
    errand.replies = replies;
    snprintf(errand.name, sizeof errand.name, "%s", line + 1);
    snprintf(path, sizeof path, "%.500s/%s", folder, errand.name);
    if (errand.what == 'r') {
      prctl(PR_SET_NAME, errand.name);
    } else if (errand.what == 'x') {
      execute(orders, replies);
    } else {
      pthread_t thread;
      if (pthread_create(&thread, NULL, run, &errand) != 0) _exit(1);
      if (errand.what == 's') pause();
      pthread_join(thread, NULL);
    }
  }
}

static void await(int i) {
  char reply;
  if (read(workers[i].replies, &reply, 1) != 1) exit(1);
}

static void make(int i) {
  int orders[2], replies[2];
  if (pipe(orders) != 0 || pipe(replies) != 0) exit(1);
  pid_t pid = fork();
  if (pid < 0) exit(1);
  if (pid == 0) {
    for (int other = 0; other < WORKERS; other++) {
      if (other != i && workers[other].pid != 0 && workers[other].orders >= 0) {
        close(workers[other].orders);
        close(workers[other].replies);
      }
    }
    close(orders[1]);
    close(replies[0]);
    work(orders[0], replies[1]);
  }
  close(orders[0]);
  close(replies[1]);
  workers[i].pid = pid;
  workers[i].orders = orders[1];
  workers[i].replies = replies[0];
  await(i);
}

static void finish(int i, int options) {
  siginfo_t info;
  kill(workers[i].pid, SIGKILL);
  close(workers[i].orders);
  close(workers[i].replies);
  workers[i].orders = workers[i].replies = -1;
  if (waitid(P_PID, workers[i].pid, &info, WEXITED | options) != 0) exit(1);
}

static int read_last_pid(void) {
  int last = 0;
  FILE *file = fopen("/proc/sys/kernel/ns_last_pid", "r");
  if (file == NULL || fscanf(file, "%d", &last) != 1) exit(1);
  fclose(file);
  return last;
}

static void write_last_pid(int last) {
  FILE *file = fopen("/proc/sys/kernel/ns_last_pid", "w");
  if (file == NULL) return;
  fprintf(file, "%d", last);
  fclose(file);
}

/* Somebody else may be faster: then it is another PID. */
static void reuse(int i) {
  pid_t wanted = workers[i].pid;
  int last = read_last_pid();
  finish(i, 0);
  for (int tries = 0; tries < 20; tries++) {
    write_last_pid(wanted - 1);
    make(i);
    if (workers[i].pid == wanted) break;
    if (tries < 19) finish(i, 0);
  }
  write_last_pid(last);
}

static void order(int i, char what, const char *name) {
  char line[300];
  int length = snprintf(line, sizeof line, "%c%s", what, name);
  if (write(workers[i].orders, line, (size_t)length) != length) exit(1);
  await(i);
}

int main(int count, char **arguments) {
  if (count == 5) {
    folder = arguments[2];
    work(atoi(arguments[3]), atoi(arguments[4]));
  }
  folder = arguments[1];
  setvbuf(stdout, NULL, _IOLBF, 0);
  char line[512], what[16], name[256];
  int i;
  while (fgets(line, sizeof line, stdin) != NULL) {
    name[0] = 0;
    if (sscanf(line, "%15s %d %255s", what, &i, name) < 2 || i < 0 || i >= WORKERS) return 1;
    if (strcmp(what, "fork") == 0) make(i);
    if (strcmp(what, "rename") == 0) order(i, 'r', name);
    if (strcmp(what, "thread") == 0) order(i, 't', name);
    if (strcmp(what, "exec") == 0) order(i, 'x', name);
    if (strcmp(what, "steal") == 0) order(i, 's', name);
    if (strcmp(what, "end") == 0) finish(i, 0);
    if (strcmp(what, "zombie") == 0) finish(i, WNOWAIT);
    if (strcmp(what, "reap") == 0) waitpid(workers[i].pid, NULL, 0);
    if (strcmp(what, "reuse") == 0) reuse(i);
    printf("%d\n", (int)workers[i].pid);
    if (strcmp(what, "end") == 0 || strcmp(what, "reap") == 0) workers[i].pid = 0;
  }
  for (i = 0; i < WORKERS; i++) {
    if (workers[i].pid != 0) kill(workers[i].pid, SIGKILL);
  }
  while (wait(NULL) > 0) continue;
  return 0;
}
