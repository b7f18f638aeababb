#include "monitoring.h"

#include <new>

#include "../monitor.h"
#include "../platform.h"
#include "environment.h"
#include "handles.h"
#include "lookups.h"
#include "values.h"

namespace procseek::node {

namespace {

// An ExitMemory as an object of JavaScript.
class ExitMemoryHandle {
 public:
  static constexpr napi_type_tag kTag = {0x6c3e91f5a2d84b07, 0x9b5d2e8f70c6143a};

  // Takes over the caller's hold.
  explicit ExitMemoryHandle(ExitMemory* memory) : memory_(memory) {}
  void release() { delete this; }
  ExitMemory* memory() { return memory_; }

 private:
  ~ExitMemoryHandle() { memory_->release(); }
  ExitMemory* memory_;
};

// A Monitor as an object of JavaScript, and the way from its thread to that of the environment: a
// thread-safe function, of which the thread owns one share. The thread ends before the environment
// does: when closed, it gives up its share, whereupon the function is finalized, and the thread
// joined; when the environment ends first, it is joined from a clean-up hook.
//
// Held by the object, by the function, and by watches.
class MonitorHandle final : public Monitor::Listener {
 public:
  static constexpr napi_type_tag kTag = {0x2f6b8c1d90e74a53, 0x8e0d4b7a61c92f35};

  explicit MonitorHandle(napi_env env) : env_(env) {}

  // A status; kPending when an exception is.
  Status open(napi_value callback, ExitMemory* memory);
  // Null once it has been closed.
  Monitor* monitor() { return is_closing_ ? nullptr : monitor_.get(); }
  // A promise for the moment when the thread is over and all that it held is closed; it keeps the
  // environment alive that long. Null, with an exception pending, when there is none to be had.
  napi_value close();
  bool set_ref(bool is_ref);

  void hold() { holders_++; }
  void release() {
    if (--holders_ == 0) delete this;
  }

  bool notify() override {
    return napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) == napi_ok;
  }
  void finish() override { (void)napi_release_threadsafe_function(function_, napi_tsfn_release); }

 private:
  ~MonitorHandle() override = default;
  static void call(napi_env env, napi_value callback, void* handle, void*);
  static void finalize(napi_env env, void* handle, void*);
  static void clean_up(void* handle);

  napi_env env_;
  napi_threadsafe_function function_ = nullptr;
  std::unique_ptr<Monitor> monitor_;
  napi_deferred closed_ = nullptr;
  Bytes unheard_;  // notices that could not be handed over
  bool is_closing_ = false;
  int holders_ = 1;
};

Status MonitorHandle::open(napi_value callback, ExitMemory* memory) {
  std::unique_ptr<News> news;
  Status status = make_news(news);
  if (status != kOk) return status;
  Environment* environment = Environment::of(env_);
  SourceContext* context = environment == nullptr ? nullptr : &environment->sources();
  monitor_.reset(new (std::nothrow) Monitor(std::move(news), memory, context));
  if (monitor_ == nullptr) return out_of_memory();
  napi_value name;
  if (napi_create_string_utf8(env_, "procseek", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env_, callback, nullptr, name, 0, 1, this, finalize, this,
                                      call, &function_) != napi_ok) {
    (void)give_up(env_);
    return kPending;
  }
  hold();
  // Hooks run in reverse order: this one before that of the function.
  if (napi_add_env_cleanup_hook(env_, clean_up, this) != napi_ok) status = out_of_memory();
  if (status == kOk) status = monitor_->start(*this);
  if (status != kOk) {
    is_closing_ = true;
    (void)napi_release_threadsafe_function(function_, napi_tsfn_abort);
  }
  return status;
}

napi_value MonitorHandle::close() {
  napi_value promise;
  if (napi_create_promise(env_, &closed_, &promise) != napi_ok || !set_ref(true)) {
    return give_up(env_);
  }
  is_closing_ = true;
  monitor_->stop();
  return promise;
}

bool MonitorHandle::set_ref(bool is_ref) {
  if (monitor() == nullptr) return true;
  return (is_ref ? napi_ref_threadsafe_function : napi_unref_threadsafe_function)(
             env_, function_) == napi_ok;
}

void MonitorHandle::call(napi_env env, napi_value callback, void* data, void*) {
  auto* handle = static_cast<MonitorHandle*>(data);
  napi_value self;
  if (env == nullptr || handle->monitor() == nullptr) return;
  Bytes& notices = handle->unheard_;
  handle->monitor_->take(notices);
  napi_value argument = array_buffer(env, notices.data(), notices.size());
  if (argument == nullptr || napi_get_undefined(env, &self) != napi_ok) return;
  notices.clear();
  (void)napi_call_function(env, self, callback, 1, &argument, nullptr);
}

void MonitorHandle::finalize(napi_env env, void* data, void*) {
  auto* handle = static_cast<MonitorHandle*>(data);
  clean_up(handle);
  (void)napi_remove_env_cleanup_hook(env, clean_up, handle);
  napi_value nothing;
  if (handle->closed_ != nullptr && napi_get_undefined(env, &nothing) == napi_ok) {
    (void)napi_resolve_deferred(env, handle->closed_, nothing);
  }
  handle->release();
}

// The thread is over when this returns, and all that it held is closed.
void MonitorHandle::clean_up(void* data) {
  auto* handle = static_cast<MonitorHandle*>(data);
  if (handle->monitor_ == nullptr) return;
  handle->is_closing_ = true;
  handle->monitor_->stop();
  handle->monitor_->join();
  handle->monitor_.reset();
}

// A Watch as an object of JavaScript.
class WatchHandle {
 public:
  static constexpr napi_type_tag kTag = {0x51d07e3ac84f4b96, 0xa3c58e6f1b7d2094};

  // Takes over the caller's hold on the watch.
  WatchHandle(MonitorHandle* monitor, Watch* watch) : watch_(watch), monitor_(monitor) {
    monitor_->hold();
  }
  void release() { delete this; }

  Watch& watch() { return *watch_; }
  Monitor* monitor() { return monitor_->monitor(); }
  void close() {
    if (watch_->is_closed()) return;
    watch_->close();
    wake();
  }
  void wake() {
    if (monitor() != nullptr) monitor()->wake();
  }

 private:
  ~WatchHandle() {
    close();
    watch_->release();
    monitor_->release();
  }

  Watch* watch_;
  MonitorHandle* monitor_;
};

Monitor* monitor_of(napi_env env, const Arguments& arguments) {
  auto* handle = unwrap<MonitorHandle>(env, arguments[0]);
  return handle == nullptr ? nullptr : handle->monitor();
}

bool read_identity(const Arguments& arguments, size_t index, Identity& ret_identity) {
  std::string_view id;
  ret_identity = Identity{};
  if (arguments.is_undefined(index)) return true;
  if (!arguments.bytes(index, id)) return false;
  ret_identity = Identity::of(id);
  return true;
}

Status set_up(Watch& watch, const Arguments& arguments, const QueryArguments& query) {
  const int32_t* pids;
  size_t count;
  Status status = query.complete(watch.query());
  if (status != kOk || !arguments.i32_array(2, pids, count)) return status;
  return watch.only(pids, count);
}

}  // namespace

napi_value open_exit_memory(napi_env env, napi_callback_info) {
  auto* memory = new (std::nothrow) ExitMemory;
  if (memory == nullptr) return number(env, out_of_memory());
  auto* handle = new (std::nothrow) ExitMemoryHandle(memory);
  if (handle != nullptr) return wrap(env, handle);
  memory->release();
  return number(env, out_of_memory());
}

napi_value open_monitor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  napi_valuetype type;
  auto* memory = unwrap<ExitMemoryHandle>(env, arguments[1]);
  if (memory == nullptr) return refuse(env);
  if (napi_typeof(env, arguments[0], &type) != napi_ok || type != napi_function) return refuse(env);
  auto* handle = new (std::nothrow) MonitorHandle(env);
  if (handle == nullptr) return number(env, out_of_memory());
  Status status = handle->open(arguments[0], memory->memory());
  if (status == kOk) return wrap(env, handle);
  handle->release();
  return status < 0 ? number(env, status) : nullptr;
}

napi_value close_monitor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<MonitorHandle>(env, arguments[0]);
  if (handle == nullptr || handle->monitor() == nullptr) return refuse(env);
  return handle->close();
}

napi_value ref_monitor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<MonitorHandle>(env, arguments[0]);
  bool is_ref;
  if (handle == nullptr || !arguments.boolean(1, is_ref)) return refuse(env);
  return handle->set_ref(is_ref) ? nullptr : give_up(env);
}

napi_value monitor_counters(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Monitor* monitor = monitor_of(env, arguments);
  if (monitor == nullptr) return refuse(env);
  Monitor::Counters all = monitor->counters();
  ExitWaits::Counters waits = monitor->waits().counters();
  // In the order of src/monitor.ts.
  const double numbers[] = {static_cast<double>(all.changes),  static_cast<double>(all.lost),
                            static_cast<double>(all.passes),   static_cast<double>(all.skipped),
                            static_cast<double>(all.resyncs),  static_cast<double>(all.failed),
                            static_cast<double>(all.failure),  all.cpu_time,
                            static_cast<double>(all.interval), static_cast<double>(waits.waiting),
                            static_cast<double>(waits.polled), static_cast<double>(waits.polls),
                            static_cast<double>(waits.refusal)};
  return array_buffer(env, numbers, sizeof numbers);
}

napi_value why_no_events(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Monitor* monitor = monitor_of(env, arguments);
  if (monitor == nullptr) return refuse(env);
  char text[160];
  monitor->why_no_events(text, sizeof text);
  return string(env, text);
}

napi_value open_watch(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<MonitorHandle>(env, arguments[0]);
  int32_t token;
  uint32_t backend;
  WatchOptions options;
  QueryArguments query;
  if (handle == nullptr || handle->monitor() == nullptr || !arguments.i32(1, token) ||
      !arguments.u32(3, backend) || backend > static_cast<uint32_t>(Backend::polling) ||
      !arguments.i64(4, options.interval) || !arguments.f64(5, options.budget) ||
      !arguments.boolean(6, options.tells_passes) || !query.read(arguments, 7)) {
    return refuse(env);
  }
  options.backend = static_cast<Backend>(backend);
  auto* watch = new (std::nothrow) Watch(token, query.options, options);
  if (watch == nullptr) return number(env, out_of_memory());
  auto* held = new (std::nothrow) WatchHandle(handle, watch);
  Status status = held == nullptr ? out_of_memory() : set_up(*watch, arguments, query);
  if (status == kOk) {
    handle->monitor()->add(*watch);
    return wrap(env, held);
  }
  held == nullptr ? watch->release() : held->release();
  return number(env, status);
}

napi_value take_from_watch(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<WatchHandle>(env, arguments[0]);
  if (handle == nullptr) return refuse(env);
  Watch& watch = handle->watch();
  Bytes told;
  Batch rows(watch.query().told_fields(), watch.query().text_limit());
  if (watch.take(told, rows)) handle->wake();
  Packet packet;
  packet.measure(rows);
  char* bytes;
  napi_value told_buffer = array_buffer(env, told.data(), told.size());
  napi_value rows_buffer = array_buffer(env, packet.size(), bytes);
  if (told_buffer == nullptr || rows_buffer == nullptr) return nullptr;
  packet.begin(bytes, true);
  packet.write(0, rows);
  return pair(env, told_buffer, rows_buffer);
}

napi_value forget_matches(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<WatchHandle>(env, arguments[0]);
  const int32_t* pairs;
  size_t count;
  if (handle == nullptr || !arguments.i32_array(1, pairs, count)) return refuse(env);
  if (handle->monitor() == nullptr) return number(env, kOk);
  return number(env, handle->monitor()->forget(handle->watch().token(), pairs, count / 2));
}

napi_value close_watch(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<WatchHandle>(env, arguments[0]);
  if (handle == nullptr) return refuse(env);
  handle->close();
  return nullptr;
}

napi_value wait_for_exit(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Monitor* monitor = monitor_of(env, arguments);
  int32_t token;
  int32_t pid;
  Identity identity;
  if (monitor == nullptr || !arguments.i32(1, token) || !arguments.i32(2, pid) ||
      !read_identity(arguments, 3, identity)) {
    return refuse(env);
  }
  return number(env, monitor->waits().add(token, pid, identity));
}

napi_value cancel_wait(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<MonitorHandle>(env, arguments[0]);
  int32_t token;
  bool may_linger;
  if (handle == nullptr || !arguments.i32(1, token) || !arguments.boolean(2, may_linger)) {
    return refuse(env);
  }
  size_t lingering = 0;
  if (handle->monitor() != nullptr)
    lingering = handle->monitor()->waits().cancel(token, may_linger);
  return number(env, static_cast<int32_t>(lingering));
}

napi_value signal(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int32_t pid;
  Identity identity;
  int32_t number_of_signal;
  if (!arguments.i32(0, pid) || !read_identity(arguments, 1, identity) ||
      !arguments.i32(2, number_of_signal)) {
    return refuse(env);
  }
  return number(env, signal_process(pid, identity, number_of_signal));
}

}  // namespace procseek::node
