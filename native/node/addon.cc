// What JavaScript sees: functions that take numbers and bytes, and return numbers and bytes. They
// are described, and typed, in src/binding.ts.
#include <napi.h>

#include <cstring>
#include <new>

#include "../platform.h"
#include "async.h"
#include "handles.h"
#include "values.h"

namespace procseek::node {

namespace {

// A status, or the batches when there are any rows: what a step or a lookup comes to.
napi_value outcome(napi_env env, Status status, const Pass& pass) {
  Packet packet = pass.measure();
  if (status < 0) return number(env, status);
  if (status == kEnd && packet.empty()) return number(env, 0);
  char* bytes;
  napi_value buffer = array_buffer(env, packet.size(), bytes);
  if (buffer != nullptr) pass.write(packet, bytes);
  return buffer;
}

// One process by its PID.
class Lookup {
 public:
  Lookup(int32_t pid, FieldMask fields) : pid_(pid), fields_(fields | bit(Field::pid)) {}

  void run() {
    std::unique_ptr<Source> source = make_source();
    if (source == nullptr) {
      status_ = out_of_memory();
      return;
    }
    Record record;
    status_ = source->find(pid_, fields_, record);
    if (status_ == kOk) status_ = batch_.append(record, true);
  }

  napi_value finish(napi_env env) {
    if (status_ != kOk) return number(env, status_ == kGone ? 0 : status_);
    Packet packet;
    packet.measure(batch_);
    char* bytes;
    napi_value buffer = array_buffer(env, packet.size(), bytes);
    if (buffer == nullptr) return nullptr;
    packet.begin(bytes, true);
    packet.write(0, batch_);
    return buffer;
  }

 private:
  int32_t pid_;
  FieldMask fields_;
  Status status_ = kOk;
  Batch batch_{fields_};
};

class LookupJob final : public Job {
 public:
  LookupJob(int32_t pid, FieldMask fields) : lookup_(pid, fields) {}
  void run() override { lookup_.run(); }
  napi_value finish(napi_env env) override { return lookup_.finish(env); }

 private:
  Lookup lookup_;
};

class StepJob final : public Job {
 public:
  explicit StepJob(PassHandle* handle) : handle_(handle) {
    handle_->hold();
    handle_->is_busy = true;
  }
  ~StepJob() override {
    handle_->is_busy = false;
    if (handle_->is_closing) handle_->pass.close();
    handle_->release();
  }
  void run() override { status_ = handle_->pass.step(); }
  napi_value finish(napi_env env) override { return node::outcome(env, status_, handle_->pass); }

 private:
  PassHandle* handle_;
  Status status_ = kOk;
};

class ChildrenJob final : public Job {
 public:
  bool take(const int32_t* pids, size_t count) {
    return parents_.append({reinterpret_cast<const char*>(pids), count * sizeof *pids});
  }
  void run() override {
    auto* parents = reinterpret_cast<const int32_t*>(parents_.data());
    status_ = list_children(parents, parents_.size() / sizeof *parents, children_);
  }
  napi_value finish(napi_env env) override {
    if (status_ != kOk) return number(env, status_);
    char* bytes;
    napi_value buffer = array_buffer(env, children_.size(), bytes);
    if (buffer != nullptr && children_.size() != 0) {
      std::memcpy(bytes, children_.data(), children_.size());
    }
    return buffer;
  }

 private:
  Bytes parents_;
  Bytes children_;
  Status status_ = kOk;
};

napi_value exists(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int32_t pid;
  return arguments.i32(0, pid) ? boolean(env, process_exists(pid)) : refuse(env);
}

napi_value lookup_sync(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int32_t pid;
  FieldMask fields;
  if (!arguments.i32(0, pid) || !arguments.u32(1, fields)) return refuse(env);
  Lookup lookup(pid, fields);
  lookup.run();
  return lookup.finish(env);
}

napi_value lookup(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int32_t pid;
  FieldMask fields;
  if (!arguments.i32(0, pid) || !arguments.u32(1, fields)) return refuse(env);
  return start(env, std::unique_ptr<Job>(new (std::nothrow) LookupJob(pid, fields)));
}

napi_value open_pass(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  std::unique_ptr<Source> source = make_source();
  if (source == nullptr) return number(env, out_of_memory());
  auto* handle = new (std::nothrow) PassHandle(std::move(source));
  if (handle == nullptr) return number(env, out_of_memory());
  const int32_t* pids;
  size_t count;
  Status status = kOk;
  if (!arguments.is_undefined(0)) {
    if (!arguments.i32_array(0, pids, count)) {
      handle->release();
      return refuse(env);
    }
    status = handle->pass.only(pids, count);
  }
  if (status != kOk) {
    handle->release();
    return number(env, status);
  }
  return PassHandle::wrap(env, handle);
}

napi_value add_query(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  PassHandle* handle = PassHandle::unwrap(env, arguments[0]);
  constexpr uint32_t kIgnoreCase = 1;
  constexpr uint32_t kTellAll = 2;
  constexpr uint32_t kAnyName = 4;
  QueryOptions options;
  std::string_view names;
  uint32_t by;
  uint32_t flags;
  if (handle == nullptr || handle->is_busy || !arguments.u32(1, by) ||
      by > static_cast<uint32_t>(By::any) || !arguments.u32(2, flags) ||
      !arguments.i64(3, options.uid) || !arguments.i64(4, options.ppid) ||
      !arguments.u32(5, options.limit) || !arguments.u32(6, options.fields) ||
      !arguments.bytes(7, names)) {
    return refuse(env);
  }
  options.by = static_cast<By>(by);
  options.tell_all = (flags & kTellAll) != 0;
  options.any_name = (flags & kAnyName) != 0;
  options.fields |= bit(Field::pid);
  Query* query = handle->pass.add(options);
  if (query == nullptr) return number(env, out_of_memory());
  return number(env, query->assign_names(names, (flags & kIgnoreCase) != 0));
}

napi_value next_sync(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  PassHandle* handle = PassHandle::unwrap(env, arguments[0]);
  if (handle == nullptr || handle->is_busy) return refuse(env);
  Status status = handle->pass.step();
  return outcome(env, status, handle->pass);
}

napi_value next(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  PassHandle* handle = PassHandle::unwrap(env, arguments[0]);
  if (handle == nullptr || handle->is_busy) return refuse(env);
  return start(env, std::unique_ptr<Job>(new (std::nothrow) StepJob(handle)));
}

napi_value cancel(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  PassHandle* handle = PassHandle::unwrap(env, arguments[0]);
  uint32_t index;
  if (handle == nullptr || !arguments.u32(1, index)) return refuse(env);
  handle->pass.cancel(index);
  return nullptr;
}

napi_value close(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  PassHandle* handle = PassHandle::unwrap(env, arguments[0]);
  if (handle == nullptr) return refuse(env);
  if (!handle->is_busy) {
    handle->pass.close();
    return nullptr;
  }
  handle->is_closing = true;
  handle->pass.cancel_all();
  return nullptr;
}

napi_value children(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const int32_t* pids;
  size_t count;
  if (!arguments.i32_array(0, pids, count)) return refuse(env);
  std::unique_ptr<ChildrenJob> job(new (std::nothrow) ChildrenJob);
  if (job == nullptr || !job->take(pids, count)) return number(env, out_of_memory());
  return start(env, std::move(job));
}

napi_value floor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint32_t kind;
  int32_t pid;
  if (!arguments.u32(0, kind) || kind > static_cast<uint32_t>(Floor::one_stat) ||
      !arguments.i32(1, pid)) {
    return refuse(env);
  }
  return number(env, static_cast<int32_t>(run_floor(static_cast<Floor>(kind), pid)));
}

napi_value children_cpu(napi_env env, napi_callback_info) {
  return real_number(env, children_cpu_time());
}

napi_value count_system_calls(napi_env env, napi_callback_info) {
  return real_number(env, static_cast<double>(system_calls()));
}

// The tables that TypeScript reads its numbers from.

#define FIELD(name, kind, unit, ...) #name ":" #kind,
constexpr const char* kFields[] = {
#include "../fields.def"
};
#undef FIELD

#define X(name, word) word,
constexpr const char* kStates[] = {PROCSEEK_STATES(X)};
#undef X

#define X(name) #name,
constexpr const char* kCalls[] = {PROCSEEK_CALLS(X)};
#undef X

template <size_t N>
Napi::Value string_array(Napi::Env env, const char* const (&strings)[N]) {
  Napi::Array array = Napi::Array::New(env, N);
  for (size_t i = 0; i < N; i++) array.Set(static_cast<uint32_t>(i), strings[i]);
  return array;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {
      {"exists", exists},
      {"lookupSync", lookup_sync},
      {"lookup", lookup},
      {"openPass", open_pass},
      {"addQuery", add_query},
      {"nextSync", next_sync},
      {"next", next},
      {"cancel", cancel},
      {"close", close},
      {"children", children},
      {"floor", floor},
      {"childrenCpuTime", children_cpu},
      {"systemCalls", count_system_calls},
  };
  for (const auto& function : functions) {
    napi_value value;
    if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, nullptr,
                             &value) != napi_ok ||
        napi_set_named_property(env, exports, function.name, value) != napi_ok) {
      return exports;
    }
  }
  exports.Set("fields", string_array(env, kFields));
  exports.Set("states", string_array(env, kStates));
  exports.Set("calls", string_array(env, kCalls));
  exports.Set("sourceHash", PROCSEEK_SOURCE_HASH);
  return exports;
}

}  // namespace

NODE_API_MODULE(procseek, init)

}  // namespace procseek::node
