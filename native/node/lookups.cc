// One process, or a pass over all of them, for JavaScript.
#include "lookups.h"

#include <new>

#include "../pass.h"
#include "../platform.h"
#include "engines.h"
#include "handles.h"
#include "values.h"
#include "workers.h"

namespace procseek::node {

namespace {

// A Pass as an object of JavaScript: held by that, and by a step that is under way when it is
// collected. Used on the environment's thread, but for the step itself.
class PassHandle {
 public:
  static constexpr napi_type_tag kTag = {0x9c1f0a7d52e84b36, 0xb7d3e5a1c0684f92};

  PassHandle(EngineUse engine, std::unique_ptr<Source> source)
      : engine_(std::move(engine)), pass_(std::move(source)) {}

  void hold() { holders_++; }
  void release() {
    if (--holders_ == 0) delete this;
  }

  Pass& pass() { return pass_; }

  Status step() {
    if (!is_measured) return pass_.step();
    double before = thread_cpu_time();
    Status status = pass_.step();
    cpu_time += thread_cpu_time() - before;
    return status;
  }

  // As soon as it is not busy any more.
  void close() {
    is_closing_ = true;
    if (is_busy_) return pass_.cancel_all();
    pass_.close();
    engine_.reset();
  }

  // A step is under way on another thread: nothing but cancel() and close() may touch the pass.
  bool is_busy() const { return is_busy_; }
  void set_busy(bool is_busy) {
    is_busy_ = is_busy;
    if (!is_busy && is_closing_) close();
  }

  // Tells V8 how much memory it holds, for collecting it to be worth while.
  void account(napi_env env) {
    auto held = static_cast<int64_t>(pass_.memory());
    int64_t total;
    if (held == told_memory_) return;
    if (napi_adjust_external_memory(env, held - told_memory_, &total) == napi_ok) {
      told_memory_ = held;
    }
  }

  bool is_measured = false;
  double cpu_time = 0;  // of all measured steps so far, in milliseconds

 private:
  ~PassHandle() = default;

  EngineUse engine_;  // outlives the pass
  Pass pass_;
  int holders_ = 1;
  int64_t told_memory_ = 0;
  bool is_busy_ = false;
  bool is_closing_ = false;
};

// The batches as a buffer of JavaScript's, or a status when there are more than its offsets reach.
template <class Write>
napi_value pack(napi_env env, Packet& packet, Write write) {
  if (!packet.fits()) return number(env, failure(Call::malloc, error_number::kNoMemory));
  char* bytes;
  napi_value buffer = array_buffer(env, packet.size(), bytes);
  if (buffer != nullptr) write(bytes);
  return buffer;
}

// What a step comes to: a status, or the batches when there are any rows. They are dropped here.
napi_value outcome(napi_env env, Status status, PassHandle& handle) {
  Pass& pass = handle.pass();
  Packet packet = pass.measure();
  napi_value value;
  if (status < 0) {
    value = number(env, status);
  } else if (status == kEnd && packet.empty()) {
    value = number(env, 0);
  } else {
    value = pack(env, packet, [&](char* bytes) { pass.write(packet, bytes); });
  }
  if (status != kOk) pass.release_batches();
  handle.account(env);
  return value;
}

// One process by its PID.
class Lookup {
 public:
  Lookup(EngineUse engine, int32_t pid, FieldMask fields, uint32_t text_limit)
      : engine_(std::move(engine)),
        pid_(pid),
        text_limit_(text_limit),
        batch_(fields | bit(Field::pid), text_limit) {}

  Status run() {
    std::unique_ptr<Source> source = engine_->make_source();
    if (source == nullptr) return out_of_memory();
    Record record;
    record.text_limit = text_limit_;
    Status status = source->find(pid_, batch_.fields(), record);
    return status == kOk ? batch_.append(record, true) : status;
  }

  napi_value finish(napi_env env, Status status) {
    if (status != kOk) return number(env, status == kGone ? 0 : status);
    Packet packet;
    packet.measure(batch_);
    return pack(env, packet, [&](char* bytes) {
      packet.begin(bytes, true);
      packet.write(0, batch_);
    });
  }

 private:
  EngineUse engine_;
  int32_t pid_;
  uint32_t text_limit_;
  Batch batch_;
};

// The arguments of a lookup.
struct LookupArguments {
  EngineUse engine;
  int32_t pid;
  FieldMask fields;
  uint32_t text_limit;

  bool read(napi_env env, const Arguments& arguments) {
    return engine.read(env, arguments, 0) && arguments.i32(1, pid) && arguments.u32(2, fields) &&
           arguments.u32(3, text_limit) && text_limit <= Record::kMostTextLimit;
  }
  Lookup lookup() { return Lookup(std::move(engine), pid, fields, text_limit); }
};

class LookupJob final : public Job {
 public:
  explicit LookupJob(LookupArguments& arguments) : lookup_(arguments.lookup()) {}
  bool run() override {
    status_ = lookup_.run();
    return true;
  }
  napi_value finish(napi_env env) override { return lookup_.finish(env, status_); }

 private:
  Lookup lookup_;
};

class StepJob final : public Job {
 public:
  explicit StepJob(PassHandle* handle) : handle_(handle) {
    handle_->hold();
    handle_->set_busy(true);
  }
  ~StepJob() override {
    handle_->set_busy(false);
    handle_->release();
  }
  // A step that found nothing is followed by the next one, without asking JavaScript.
  bool run() override {
    status_ = handle_->step();
    return status_ != kOk || !handle_->pass().measure().empty();
  }
  void cancel() override { handle_->pass().cancel_all(); }
  napi_value finish(napi_env env) override { return node::outcome(env, status_, *handle_); }

 private:
  PassHandle* handle_;
};

class ChildrenJob final : public Job {
 public:
  explicit ChildrenJob(EngineUse engine) : engine_(std::move(engine)) {}
  bool take(const int32_t* pids, size_t count) {
    return parents_.append({reinterpret_cast<const char*>(pids), count * sizeof *pids});
  }
  bool run() override {
    auto* parents = reinterpret_cast<const int32_t*>(parents_.data());
    status_ = engine_->list_children(parents, parents_.size() / sizeof *parents, children_);
    return true;
  }
  napi_value finish(napi_env env) override {
    if (status_ != kOk) return number(env, status_);
    return array_buffer(env, children_.data(), children_.size());
  }

 private:
  EngineUse engine_;
  Bytes parents_;
  Bytes children_;
};

}  // namespace

bool QueryArguments::read(const Arguments& arguments, size_t at) {
  constexpr uint32_t kIgnoreCase = 1;
  constexpr uint32_t kTellAll = 2;
  constexpr uint32_t kAnyName = 4;
  constexpr uint32_t kSkipsEnded = 8;
  constexpr uint32_t kTellsEnded = 16;
  uint32_t by;
  uint32_t flags;
  if (!arguments.u32(at, by) || by > static_cast<uint32_t>(By::any) ||
      !arguments.u32(at + 1, flags) || !arguments.i64(at + 2, options.uid) ||
      !arguments.i64(at + 3, options.ppid) || !arguments.u32(at + 4, options.limit) ||
      !arguments.u32(at + 5, options.fields) || !arguments.bytes(at + 6, names) ||
      !arguments.u32(at + 7, options.text_limit) || options.text_limit > Record::kMostTextLimit ||
      (!arguments.is_undefined(at + 8) && !arguments.i32_array(at + 8, excluded, excluded_count))) {
    return false;
  }
  options.by = static_cast<By>(by);
  options.tell_all = (flags & kTellAll) != 0;
  options.any_name = (flags & kAnyName) != 0;
  options.skips_ended = (flags & kSkipsEnded) != 0;
  options.tells_ended = (flags & kTellsEnded) != 0;
  options.fields |= bit(Field::pid);
  ignore_case = (flags & kIgnoreCase) != 0;
  return true;
}

Status QueryArguments::complete(Query& query) const {
  Status status = query.exclude(excluded, excluded_count);
  return status == kOk ? query.assign_names(names, ignore_case) : status;
}

napi_value exists(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  EngineUse engine;
  int32_t pid;
  if (!engine.read(env, arguments, 0) || !arguments.i32(1, pid)) return refuse(env);
  return number(env, engine->exists(pid));
}

napi_value own_pid(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  EngineUse engine;
  if (!engine.read(env, arguments, 0)) return refuse(env);
  return number(env, engine->own_pid());
}

napi_value lookup_sync(napi_env env, napi_callback_info info) {
  LookupArguments arguments;
  if (!arguments.read(env, Arguments(env, info))) return refuse(env);
  Lookup lookup = arguments.lookup();
  Status status = lookup.run();
  return lookup.finish(env, status);
}

napi_value lookup(napi_env env, napi_callback_info info) {
  LookupArguments arguments;
  if (!arguments.read(env, Arguments(env, info))) return refuse(env);
  return start(env, std::unique_ptr<Job>(new (std::nothrow) LookupJob(arguments)));
}

napi_value open_pass(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  EngineUse engine;
  if (!engine.read(env, arguments, 0)) return refuse(env);
  std::unique_ptr<Source> source = engine->make_source();
  if (source == nullptr) return number(env, out_of_memory());
  auto* handle = new (std::nothrow) PassHandle(std::move(engine), std::move(source));
  if (handle == nullptr) return number(env, out_of_memory());
  const int32_t* pids;
  size_t count;
  Status status = kOk;
  if (!arguments.is_undefined(1)) {
    if (!arguments.i32_array(1, pids, count)) {
      handle->release();
      return refuse(env);
    }
    status = handle->pass().only(pids, count);
  }
  if (status != kOk || !arguments.boolean(2, handle->is_measured)) {
    handle->release();
    return status != kOk ? number(env, status) : refuse(env);
  }
  return wrap(env, handle);
}

napi_value add_query(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<PassHandle>(env, arguments[0]);
  QueryArguments query;
  if (handle == nullptr || handle->is_busy() || !query.read(arguments, 1)) return refuse(env);
  Query* added = handle->pass().add(query.options);
  if (added == nullptr) return number(env, out_of_memory());
  return number(env, query.complete(*added));
}

napi_value next_sync(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<PassHandle>(env, arguments[0]);
  if (handle == nullptr || handle->is_busy()) return refuse(env);
  Status status = handle->step();
  return outcome(env, status, *handle);
}

napi_value next(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<PassHandle>(env, arguments[0]);
  if (handle == nullptr || handle->is_busy()) return refuse(env);
  return start(env, std::unique_ptr<Job>(new (std::nothrow) StepJob(handle)));
}

napi_value cancel(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<PassHandle>(env, arguments[0]);
  uint32_t index;
  if (handle == nullptr || !arguments.u32(1, index)) return refuse(env);
  handle->pass().cancel(index);
  return nullptr;
}

napi_value close(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<PassHandle>(env, arguments[0]);
  if (handle == nullptr) return refuse(env);
  handle->close();
  if (!handle->is_busy()) handle->account(env);
  return nullptr;
}

napi_value pass_cost(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<PassHandle>(env, arguments[0]);
  if (handle == nullptr) return refuse(env);
  if (handle->is_busy()) return nullptr;
  const double numbers[] = {static_cast<double>(handle->pass().visited()), handle->cpu_time};
  return array_buffer(env, numbers, sizeof numbers);
}

napi_value children(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  EngineUse engine;
  const int32_t* pids;
  size_t count;
  if (!engine.read(env, arguments, 0) || !arguments.i32_array(1, pids, count)) return refuse(env);
  std::unique_ptr<ChildrenJob> job(new (std::nothrow) ChildrenJob(std::move(engine)));
  if (job == nullptr || !job->take(pids, count)) return number(env, out_of_memory());
  return start(env, std::move(job));
}

}  // namespace procseek::node
