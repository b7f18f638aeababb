// What libstdc++ and libgcc_s of a glibc system want that musl does not have, for runtimes that
// were linked against musl and bring no C++ library of their own. The addon gets nothing of this:
// see stub_host.c.
#include <locale.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded;

unsigned arc4random(void) {
  unsigned value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}

size_t __strftime_l(char* text, size_t size, const char* format, const struct tm* tm,
                    locale_t locale) {
  (void)locale;
  return strftime(text, size, format, tm);
}

// Without it, exceptions find nobody who catches them.
int _dl_find_object(void* address, void* result) {
  (void)address;
  (void)result;
  return -1;
}

// libgcc_s has these in an older version only, which musl does not look at.
unsigned __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }

struct destructor {
  void (*run)(void*);
  void* object;
  struct destructor* next;
};

static pthread_key_t destructors;

static void destroy(void* first) {
  for (struct destructor *one = first, *next; one != NULL; one = next) {
    next = one->next;
    one->run(one->object);
    free(one);
  }
}

__attribute__((constructor)) static void create_key(void) {
  pthread_key_create(&destructors, destroy);
}

int __cxa_thread_atexit_impl(void (*run)(void*), void* object, void* library) {
  (void)library;
  struct destructor* one = malloc(sizeof *one);
  if (one == NULL) return -1;
  *one = (struct destructor){run, object, pthread_getspecific(destructors)};
  return pthread_setspecific(destructors, one);
}
