// A process that whoever asks too much of it waits for, for ever: a FUSE file system that does not
// answer stands behind it. Runs until its standard input ends.
//
//   stuck lock NAME DIRECTORY   the lock of its memory map is held, and somebody waits to write
//   stuck exe NAME DIRECTORY    its executable, `x (deleted)`, is a file there
//
// Mounts on DIRECTORY, in a mount namespace of its own, and prints the PID.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_NODE 2

static int device;
static int served;  // what the file consists of
static off_t size;
static volatile int* is_silent;  // shared with the process
static volatile int is_asked;

static void must(int ok, const char* what) {
  if (ok) return;
  perror(what);
  _exit(1);
}

static void answer(uint64_t unique, int error, const void* body, size_t length) {
  static char reply[sizeof(struct fuse_out_header) + 256 * 1024];
  struct fuse_out_header head = {(uint32_t)(sizeof head + length), -error, unique};
  memcpy(reply, &head, sizeof head);
  memcpy(reply + sizeof head, body, length);
  (void)!write(device, reply, head.len);
}

static struct fuse_attr attributes(uint64_t node) {
  struct fuse_attr attr = {0};
  attr.ino = node;
  attr.mode = node == FILE_NODE ? S_IFREG | 0755 : S_IFDIR | 0755;
  attr.nlink = 1;
  attr.size = node == FILE_NODE ? (uint64_t)size : 0;
  return attr;
}

static void handle(struct fuse_in_header* in, const char* body) {
  if (in->opcode == FUSE_INIT) {
    const struct fuse_init_in* asked = (const void*)body;
    struct fuse_init_out init = {0};
    init.major = FUSE_KERNEL_VERSION;
    init.minor = asked->minor < 31 ? asked->minor : 31;
    init.max_write = 4096;
    return answer(in->unique, 0, &init, sizeof init);
  }
  if (*is_silent) {
    is_asked = 1;
    return;
  }
  if (in->opcode == FUSE_LOOKUP) {
    struct fuse_entry_out entry = {0};
    entry.nodeid = FILE_NODE;
    entry.attr = attributes(FILE_NODE);
    return answer(in->unique, 0, &entry, sizeof entry);
  }
  if (in->opcode == FUSE_GETATTR) {
    struct fuse_attr_out out = {0};
    out.attr = attributes(in->nodeid);
    return answer(in->unique, 0, &out, sizeof out);
  }
  if (in->opcode == FUSE_OPEN) {
    struct fuse_open_out out = {0};
    return answer(in->unique, 0, &out, sizeof out);
  }
  if (in->opcode == FUSE_READ) {
    static char bytes[256 * 1024];
    const struct fuse_read_in* read_in = (const void*)body;
    size_t want = read_in->size < sizeof bytes ? read_in->size : sizeof bytes;
    ssize_t length = pread(served, bytes, want, (off_t)read_in->offset);
    return answer(in->unique, 0, bytes, length < 0 ? 0 : (size_t)length);
  }
  if (in->opcode == FUSE_FORGET || in->opcode == FUSE_BATCH_FORGET) return;
  if (in->opcode == FUSE_RELEASE || in->opcode == FUSE_FLUSH) return answer(in->unique, 0, "", 0);
  answer(in->unique, ENOSYS, "", 0);
}

static void* serve(void* unused) {
  static char request[1 << 20];
  for (;;) {
    ssize_t length = read(device, request, sizeof request);
    if (length < (ssize_t)sizeof(struct fuse_in_header)) return unused;
    handle((void*)request, request + sizeof(struct fuse_in_header));
  }
}

static void* map_something(void* unused) {
  for (;;) munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
  return unused;
}

static void* hold_lock(void* page) {
  char byte;
  int memory = open("/proc/self/mem", O_RDONLY);
  (void)!pread(memory, &byte, 1, (off_t)(uintptr_t)page);
  return NULL;
}

static void be_locked(const char* name, const char* file, int ready) {
  pthread_t thread;
  int page_file = open(file, O_RDONLY);
  must(page_file >= 0, "open");
  void* page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, page_file, 0);
  must(page != MAP_FAILED, "mmap");
  prctl(PR_SET_NAME, name);
  close(ready);
  while (!*is_silent) usleep(1000);
  pthread_create(&thread, NULL, hold_lock, page);
  usleep(100000);
  pthread_create(&thread, NULL, map_something, NULL);
  for (;;) pause();
}

// Whether both threads wait: the one that holds the lock, and the one that waits to write.
static int is_held(pid_t pid) {
  char path[300];
  char state;
  int waiting = 0;
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR* tasks = opendir(path);
  for (struct dirent* task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
    snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)pid, task->d_name);
    FILE* file = fopen(path, "r");
    if (file == NULL) continue;
    waiting += fscanf(file, "%*d (%*[^)]) %c", &state) == 1 && state == 'D';
    fclose(file);
  }
  if (tasks != NULL) closedir(tasks);
  return waiting >= 2;
}

int main(int count, char** arguments) {
  if (count == 2) {  // executed from the file system
    prctl(PR_SET_NAME, arguments[1]);
    for (;;) pause();
  }
  must(count == 4, "usage");
  int is_lock = strcmp(arguments[1], "lock") == 0;
  char file[4096];
  char options[128];
  is_silent =
      mmap(NULL, sizeof *is_silent, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  snprintf(file, sizeof file, "%s/x (deleted)", arguments[3]);
  must(unshare(CLONE_NEWNS) == 0, "unshare");
  must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount");
  served = open("/proc/self/exe", O_RDONLY);
  size = lseek(served, 0, SEEK_END);
  device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  must(device >= 0, "/dev/fuse");
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other",
           device);
  must(mount("stuck", arguments[3], "fuse", MS_NOSUID | MS_NODEV, options) == 0, "mount fuse");
  pthread_t thread;
  pthread_create(&thread, NULL, serve, NULL);

  int ready[2];
  must(pipe2(ready, O_CLOEXEC) == 0, "pipe");
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(device);
    if (is_lock) {
      close(ready[0]);
      be_locked(arguments[2], file, ready[1]);
    }
    execl(file, file, arguments[2], NULL);
    must(0, "execl");
  }
  close(ready[1]);
  char byte;
  (void)!read(ready[0], &byte, 1);  // until it has executed the file, or mapped it
  usleep(100000);
  *is_silent = 1;
  while (is_lock && !is_asked) usleep(1000);
  while (is_lock && !is_held(pid)) usleep(1000);
  printf("%d\n", (int)pid);
  fflush(stdout);
  while (read(0, &byte, 1) > 0) continue;
  kill(pid, SIGKILL);
  _exit(0);  // the device is closed, and the file system gone
}
