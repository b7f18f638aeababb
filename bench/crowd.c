// So many sleeping processes of one name, until a line is read; then all of them end, and are
// reaped. They share this one's memory, and so take hardly any of their own.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kStack = 4096 };

static int sleep_on(void *not_used) {
  (void)not_used;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (pause() != 0) continue;
  return 0;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 0;
  char *stacks = malloc((size_t)count * kStack);
  int *pids = malloc((size_t)count * sizeof *pids);
  if (count <= 0 || stacks == NULL || pids == NULL) return 1;
  prctl(PR_SET_NAME, "storm-worker");
  int made = 0;
  for (; made < count; made++) {
    pids[made] = clone(sleep_on, stacks + (size_t)(made + 1) * kStack,
                       CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, NULL);
    if (pids[made] < 0) break;
  }
  printf("%d\n", made);
  fflush(stdout);
  (void)getchar();
  for (int i = 0; i < made; i++) kill(pids[i], SIGKILL);
  while (wait(NULL) > 0) continue;
  printf("gone\n");
  fflush(stdout);
  (void)getchar();
  return 0;
}
