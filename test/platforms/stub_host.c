// A host for the addon that is no JavaScript engine, and brings nothing but a C library: what the
// addon needs besides Node-API, it has to find there. Runs it through its lookups, and says so.
//
//   stub_host <addon>
#include <dlfcn.h>
#include <node_api.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int passed = 0;
static int failed = 0;

static void check(bool holds, const char* what, ...) {
  va_list details;
  va_start(details, what);
  printf(holds ? "passed: " : "FAILED: ");
  vprintf(what, details);
  printf("\n");
  va_end(details);
  *(holds ? &passed : &failed) += 1;
}

static void demand(bool holds, const char* what) {
  if (holds) return;
  check(false, "%s", what);
  exit(1);
}

struct napi_env__ {
  int unused;
};

static struct napi_env__ environment;

// Values. None is ever freed: the process ends soon.

struct property {
  const char* name;
  napi_value value;
  struct property* next;
};

struct napi_value__ {
  napi_valuetype type;
  double number;
  char* bytes;  // of a string, an ArrayBuffer or a typed array
  size_t length;
  bool is_typed_array;
  napi_typedarray_type element;
  napi_value* elements;
  struct property* properties;
  napi_callback callback;
  void (*heard)(napi_value argument);
  void* wrapped;
  napi_type_tag tag;
};

struct napi_callback_info__ {
  size_t count;
  napi_value* arguments;
};

static napi_value make(napi_valuetype type) {
  napi_value value = calloc(1, sizeof *value);
  demand(value != NULL, "there is memory");
  value->type = type;
  return value;
}

static napi_value undefined(void) { return make(napi_undefined); }

static napi_value number(double value) {
  napi_value result = make(napi_number);
  result->number = value;
  return result;
}

static napi_value boolean(bool value) {
  napi_value result = make(napi_boolean);
  result->number = value;
  return result;
}

static napi_value byte_array(const char* bytes, size_t length) {
  napi_value result = make(napi_object);
  result->is_typed_array = true;
  result->element = napi_uint8_array;
  result->bytes = (char*)bytes;
  result->length = length;
  return result;
}

static napi_value property(napi_value object, const char* name) {
  for (struct property* one = object->properties; one != NULL; one = one->next) {
    if (strcmp(one->name, name) == 0) return one->value;
  }
  printf("there is no %s\n", name);
  exit(1);
}

static bool has_thrown = false;

static napi_value call(napi_value exports, const char* name, size_t count, napi_value* arguments) {
  struct napi_callback_info__ info = {count, arguments};
  napi_value result = property(exports, name)->callback(&environment, &info);
  if (has_thrown) {
    check(false, "%s() throws nothing", name);
    exit(1);
  }
  return result != NULL ? result : undefined();
}

#define CALL(exports, name, ...)                                                \
  call(exports, name, sizeof((napi_value[]){__VA_ARGS__}) / sizeof(napi_value), \
       (napi_value[]){__VA_ARGS__})

// Node-API, as far as the addon asks for it.

napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t* count,
                             napi_value* values, napi_value* self, void** data) {
  (void)env;
  for (size_t i = 0; i < *count; i++) {
    values[i] = i < info->count ? info->arguments[i] : undefined();
  }
  *count = info->count;
  if (self != NULL) *self = undefined();
  if (data != NULL) *data = NULL;
  return napi_ok;
}

#define READER(name, expected, c_type)                               \
  napi_status name(napi_env env, napi_value value, c_type* result) { \
    (void)env;                                                       \
    if (value->type != expected) return napi_invalid_arg;            \
    *result = (c_type)value->number;                                 \
    return napi_ok;                                                  \
  }
READER(napi_get_value_int32, napi_number, int32_t)
READER(napi_get_value_uint32, napi_number, uint32_t)
READER(napi_get_value_int64, napi_number, int64_t)
READER(napi_get_value_double, napi_number, double)
READER(napi_get_value_bool, napi_boolean, bool)

napi_status napi_is_typedarray(napi_env env, napi_value value, bool* result) {
  (void)env;
  *result = value->is_typed_array;
  return napi_ok;
}

napi_status napi_get_typedarray_info(napi_env env, napi_value value, napi_typedarray_type* type,
                                     size_t* length, void** data, napi_value* buffer,
                                     size_t* offset) {
  (void)env, (void)buffer, (void)offset;
  *type = value->element;
  *length = value->length;
  *data = value->bytes;
  return napi_ok;
}

napi_status napi_typeof(napi_env env, napi_value value, napi_valuetype* result) {
  (void)env;
  *result = value->type;
  return napi_ok;
}

#define MAKER(name, c_type, expression)                              \
  napi_status name(napi_env env, c_type given, napi_value* result) { \
    (void)env;                                                       \
    *result = expression;                                            \
    return napi_ok;                                                  \
  }
MAKER(napi_create_int32, int32_t, number(given))
MAKER(napi_create_double, double, number(given))
MAKER(napi_get_boolean, bool, boolean(given))

napi_status napi_get_undefined(napi_env env, napi_value* result) {
  (void)env;
  *result = undefined();
  return napi_ok;
}

napi_status napi_create_object(napi_env env, napi_value* result) {
  (void)env;
  *result = make(napi_object);
  return napi_ok;
}

napi_status napi_create_string_utf8(napi_env env, const char* text, size_t length,
                                    napi_value* result) {
  (void)env, (void)length;
  *result = make(napi_string);
  (*result)->bytes = strdup(text);
  return napi_ok;
}

napi_status napi_create_array_with_length(napi_env env, size_t length, napi_value* result) {
  (void)env;
  *result = make(napi_object);
  (*result)->elements = calloc(length + 1, sizeof(napi_value));
  (*result)->length = length;
  return (*result)->elements != NULL ? napi_ok : napi_generic_failure;
}

napi_status napi_create_array(napi_env env, napi_value* result) {
  return napi_create_array_with_length(env, 0, result);
}

napi_status napi_set_element(napi_env env, napi_value array, uint32_t index, napi_value value) {
  (void)env;
  if (index >= array->length) {
    size_t length = (size_t)index + 1;
    napi_value* elements = realloc(array->elements, length * sizeof *elements);
    if (elements == NULL) return napi_generic_failure;
    memset(elements + array->length, 0, (length - array->length) * sizeof *elements);
    array->elements = elements;
    array->length = length;
  }
  array->elements[index] = value;
  return napi_ok;
}

napi_status napi_create_arraybuffer(napi_env env, size_t length, void** data, napi_value* result) {
  (void)env;
  *result = make(napi_object);
  (*result)->bytes = *data = calloc(1, length + 8);
  (*result)->length = length;
  return *data != NULL ? napi_ok : napi_generic_failure;
}

napi_status napi_create_function(napi_env env, const char* name, size_t length,
                                 napi_callback callback, void* data, napi_value* result) {
  (void)env, (void)name, (void)length, (void)data;
  *result = make(napi_function);
  (*result)->callback = callback;
  return napi_ok;
}

napi_status napi_set_named_property(napi_env env, napi_value object, const char* name,
                                    napi_value value) {
  (void)env;
  struct property* one = malloc(sizeof *one);
  if (one == NULL) return napi_generic_failure;
  *one = (struct property){strdup(name), value, object->properties};
  object->properties = one;
  return napi_ok;
}

napi_status napi_wrap(napi_env env, napi_value object, void* held, napi_finalize finalize,
                      void* hint, napi_ref* reference) {
  (void)env, (void)finalize, (void)hint, (void)reference;
  object->wrapped = held;
  return napi_ok;
}

napi_status napi_unwrap(napi_env env, napi_value object, void** held) {
  (void)env;
  *held = object->wrapped;
  return *held != NULL ? napi_ok : napi_invalid_arg;
}

napi_status napi_type_tag_object(napi_env env, napi_value object, const napi_type_tag* tag) {
  (void)env;
  object->tag = *tag;
  return napi_ok;
}

napi_status napi_check_object_type_tag(napi_env env, napi_value object, const napi_type_tag* tag,
                                       bool* result) {
  (void)env;
  *result = object->tag.lower == tag->lower && object->tag.upper == tag->upper;
  return napi_ok;
}

napi_status napi_throw_error(napi_env env, const char* code, const char* message) {
  (void)env;
  printf("thrown: %s %s\n", code, message);
  has_thrown = true;
  return napi_ok;
}

napi_status napi_throw_type_error(napi_env env, const char* code, const char* message) {
  return napi_throw_error(env, code, message);
}

napi_status napi_is_exception_pending(napi_env env, bool* result) {
  (void)env;
  *result = has_thrown;
  return napi_ok;
}

napi_status napi_get_and_clear_last_exception(napi_env env, napi_value* result) {
  (void)env;
  *result = undefined();
  has_thrown = false;
  return napi_ok;
}

napi_status napi_call_function(napi_env env, napi_value self, napi_value function, size_t count,
                               const napi_value* arguments, napi_value* result) {
  (void)env, (void)self, (void)count, (void)result;
  function->heard(arguments[0]);
  return napi_ok;
}

// A promise is its own deferred: an object that gets what it is resolved with.
static bool is_settled = false;

napi_status napi_create_promise(napi_env env, napi_deferred* deferred, napi_value* promise) {
  (void)env;
  *promise = make(napi_object);
  *deferred = (napi_deferred)*promise;
  is_settled = false;
  return napi_ok;
}

static bool has_settled = false;

napi_status napi_resolve_deferred(napi_env env, napi_deferred deferred, napi_value value) {
  has_settled = true;
  (void)env;
  *(napi_value)deferred = *value;
  is_settled = true;
  return napi_ok;
}

napi_status napi_reject_deferred(napi_env env, napi_deferred deferred, napi_value reason) {
  (void)reason;
  check(false, "nothing is rejected");
  return napi_resolve_deferred(env, deferred, undefined());
}

// Work is done when run_work() is called, on a thread with the stack that the C library gives to
// any.

// Thread-safe functions: one for the work of lookups, and one for what a monitor hears.

struct napi_threadsafe_function__ {
  napi_value function;
  napi_threadsafe_function_call_js call;
  napi_finalize finalize;
  void* finalize_data;
  void* context;
  int calls;
  bool is_released;
};

static struct napi_threadsafe_function__ channels[2];
static int channel_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

napi_status napi_create_threadsafe_function(napi_env env, napi_value function, napi_value resource,
                                            napi_value name, size_t room, size_t threads,
                                            void* finalize_data, napi_finalize finalize,
                                            void* context, napi_threadsafe_function_call_js call,
                                            napi_threadsafe_function* result) {
  (void)env, (void)resource, (void)name, (void)room, (void)threads;
  demand(channel_count < 2, "there are two thread-safe functions");
  channels[channel_count] = (struct napi_threadsafe_function__){
      function, call, finalize, finalize_data, context, 0, false};
  *result = &channels[channel_count++];
  return napi_ok;
}

napi_status napi_call_threadsafe_function(napi_threadsafe_function function, void* data,
                                          napi_threadsafe_function_call_mode mode) {
  (void)data, (void)mode;
  pthread_mutex_lock(&lock);
  function->calls++;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
  return napi_ok;
}

napi_status napi_release_threadsafe_function(napi_threadsafe_function function,
                                             napi_threadsafe_function_release_mode mode) {
  (void)mode;
  pthread_mutex_lock(&lock);
  function->is_released = true;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
  return napi_ok;
}

#define IGNORING(name, ...) \
  napi_status name(__VA_ARGS__) { return napi_ok; }
IGNORING(napi_ref_threadsafe_function, napi_env env, napi_threadsafe_function function)
IGNORING(napi_unref_threadsafe_function, napi_env env, napi_threadsafe_function function)
IGNORING(napi_add_env_cleanup_hook, napi_env env, void (*run)(void*), void* data)
IGNORING(napi_remove_env_cleanup_hook, napi_env env, void (*run)(void*), void* data)

// The event loop: until something is heard, or a function is released.
static void wait_for_calls(const bool* is_over) {
  while (!*is_over) {
    napi_threadsafe_function ready = NULL;
    pthread_mutex_lock(&lock);
    while (ready == NULL) {
      for (int i = 0; i < channel_count && ready == NULL; i++) {
        if (channels[i].calls > 0 || channels[i].is_released) ready = &channels[i];
      }
      if (ready == NULL) pthread_cond_wait(&changed, &lock);
    }
    bool is_called = ready->calls > 0;
    if (is_called) ready->calls--;
    pthread_mutex_unlock(&lock);
    if (is_called) {
      ready->call(&environment, ready->function, ready->context, NULL);
    } else {
      ready->is_released = false;
      ready->finalize(&environment, ready->finalize_data, ready->context);
      return;
    }
  }
}

static void* instance_data;

napi_status napi_set_instance_data(napi_env env, void* data, napi_finalize finalize, void* hint) {
  (void)env, (void)finalize, (void)hint;
  instance_data = data;
  return napi_ok;
}

napi_status napi_get_instance_data(napi_env env, void** data) {
  (void)env;
  *data = instance_data;
  return napi_ok;
}

napi_status napi_adjust_external_memory(napi_env env, int64_t change, int64_t* result) {
  (void)env;
  *result = change;
  return napi_ok;
}

IGNORING(napi_open_handle_scope, napi_env env, napi_handle_scope* scope)
IGNORING(napi_close_handle_scope, napi_env env, napi_handle_scope scope)

// What is asked for: a child with a name that nobody else has.

static char name[16];

static pid_t start_child(int* ret_input) {
  int input[2];
  int ready[2];
  char byte = 0;
  demand(pipe(input) == 0 && pipe(ready) == 0, "there are pipes");
  pid_t pid = fork();
  demand(pid >= 0, "there is a child");
  if (pid == 0) {
    close(input[1]);
    prctl(PR_SET_NAME, name);
    demand(write(ready[1], &byte, 1) == 1, "the child is heard");
    _exit(read(input[0], &byte, 1) == 1 ? byte : 1);
  }
  demand(read(ready[0], &byte, 1) == 1, "the child is ready");
  *ret_input = input[1];
  return pid;
}

// The bit of a field, from the table that the addon brings.
static uint32_t bit(napi_value exports, const char* field) {
  napi_value fields = property(exports, "fields");
  for (size_t i = 0; i < fields->length; i++) {
    const char* row = fields->elements[i]->bytes;
    if (strncmp(row, field, strlen(field)) == 0 && row[strlen(field)] == ':') return 1u << i;
  }
  printf("there is no field %s\n", field);
  exit(1);
}

// The first row of a packet (native/batch.h), of the fields pid, ppid and comm in whichever order
// the table has them: its flags, two numbers, and where its text ends.
static void check_row(const char* what, napi_value packet, pid_t pid) {
  const int32_t* lanes = (const int32_t*)packet->bytes;
  if (packet->length == 0 || lanes[1] != 1 || lanes[3] < 1) {
    check(false, "%s finds the child (%g)", what, packet->number);
    return;
  }
  const int32_t* row = lanes + lanes[5] / 4;
  const char* text = packet->bytes + lanes[6];
  check(lanes[3] == 1 && row[0] << 1 == 0 && row[1] == pid && row[2] == getpid() &&
            row[3] == (int32_t)strlen(name) && memcmp(text, name, strlen(name)) == 0,
        "%s finds process %d, child of %d, called %.*s", what, row[1], row[2], row[3], text);
}

static void look_up(napi_value exports, pid_t pid) {
  uint32_t fields = bit(exports, "pid") | bit(exports, "ppid") | bit(exports, "comm");
  napi_value exists = CALL(exports, "exists", undefined(), number(pid));
  check(exists->number == 0, "exists() sees it");
  exists = CALL(exports, "exists", undefined(), number(INT32_MAX));
  check(exists->number == 2, "exists() sees nothing where nothing is");
  napi_value found =
      CALL(exports, "lookupSync", undefined(), number(pid), number(fields), number(1024));
  check_row("lookupSync()", found, pid);

  napi_value pass = CALL(exports, "openPass", undefined(), undefined(), boolean(false));
  napi_value added =
      CALL(exports, "addQuery", pass, number(0), number(0), number(-1), number(-1), number(0),
           number(fields), byte_array(name, strlen(name) + 1), number(1024), undefined());
  check(added->type == napi_number && added->number == 0, "addQuery() takes the name");
  found = CALL(exports, "nextSync", pass);
  check_row("a pass over all processes", found, pid);

  napi_value promise =
      CALL(exports, "lookup", undefined(), number(pid), number(fields), number(1024));
  wait_for_calls(&has_settled);
  check_row("lookup() on another thread", promise, pid);
}

static int32_t notice[4];
static bool has_heard = false;

static void hear(napi_value notices) {
  if (notices->length < sizeof notice) return;
  memcpy(notice, notices->bytes, sizeof notice);
  has_heard = true;
}

static void wait_for_exit(napi_value exports, pid_t pid, int input) {
  napi_value listener = make(napi_function);
  listener->heard = hear;
  napi_value monitor =
      CALL(exports, "openMonitor", listener, CALL(exports, "openExitMemory", undefined()));
  demand(monitor->type == napi_object, "a monitor opens");
  napi_value waits = CALL(exports, "waitForExit", monitor, number(5), number(pid), undefined());
  check(waits->number == 0, "waitForExit() waits");
  const char code = 7;
  demand(write(input, &code, 1) == 1, "the child is told to exit");
  wait_for_calls(&has_heard);
  check(notice[1] == 5 && notice[2] == code && notice[3] == 0,
        "the end is told, with the code %d and the signal %d", notice[2], notice[3]);
  CALL(exports, "closeMonitor", monitor);
  const bool never = false;
  wait_for_calls(&never);
  check(is_settled, "the monitor's thread ends");
  demand(waitpid(pid, NULL, 0) == pid, "the child is a zombie until now");
}

int main(int count, char** arguments) {
  setvbuf(stdout, NULL, _IONBF, 0);
  demand(count == 2, "the addon is given");
  void* addon = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
  if (addon == NULL) printf("%s\n", dlerror());
  demand(addon != NULL, "the addon can be loaded");
  int32_t (*version)(void) = (int32_t(*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  demand(version != NULL, "it tells the version of Node-API");
  check(version() == 8, "it wants version 8 of Node-API");
  napi_value (*init)(napi_env, napi_value) =
      (napi_value(*)(napi_env, napi_value))dlsym(addon, "napi_register_module_v1");
  demand(init != NULL, "it has an entry point");
  napi_value exports = make(napi_object);
  check(init(&environment, exports) == exports && !has_thrown, "it exports");

  snprintf(name, sizeof name, "stub%d", (int)getpid());
  int input;
  pid_t pid = start_child(&input);
  look_up(exports, pid);
  wait_for_exit(exports, pid, input);
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
