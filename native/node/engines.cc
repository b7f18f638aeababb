#include "engines.h"

#include <new>

#include "../platform.h"
#include "async.h"
#include "handles.h"

namespace procseek::node {

namespace {

constexpr uint32_t kAuto = 5;  // behind the last EngineKind

bool read_kind(const Arguments& arguments, uint32_t& ret_kind, Iteration& ret_iteration) {
  uint32_t iteration;
  if (!arguments.u32(0, ret_kind) || ret_kind > kAuto || !arguments.u32(1, iteration) ||
      iteration > static_cast<uint32_t>(Iteration::threads)) {
    return false;
  }
  ret_iteration = static_cast<Iteration>(iteration);
  return true;
}

class OpenJob final : public Job {
 public:
  OpenJob(uint32_t kind, Iteration iteration) : kind_(kind), iteration_(iteration) {}
  // Null-terminated; without, the system's own root.
  bool set_root(std::string_view root) {
    has_root_ = true;
    return root_.append(root) && root_.append('\0');
  }

  void run() override {
    const char* root = has_root_ ? root_.data() : nullptr;
    status_ = kind_ == kAuto ? open_best_engine(iteration_, root, engine_, reason_)
                             : procseek::open_engine(static_cast<EngineKind>(kind_), iteration_,
                                                     root, engine_, reason_);
    if (status_ == kOk) status_ = engine_->prepare();
  }

  napi_value finish(napi_env env) override {
    if (status_ != kOk) return pair(env, number(env, status_), string(env, reason_.text()));
    auto* handle = new (std::nothrow) EngineHandle(std::move(engine_));
    if (handle == nullptr) return pair(env, number(env, out_of_memory()), string(env, ""));
    return pair(env, wrap(env, handle), string(env, ""));
  }

 private:
  uint32_t kind_;
  Iteration iteration_;
  bool has_root_ = false;
  Bytes root_;
  Status status_ = kOk;
  Reason reason_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

void EngineUse::reset() {
  if (handle_ == nullptr) return;
  handle_->end_use();
  handle_->release();
  handle_ = nullptr;
}

bool EngineUse::read(napi_env env, const Arguments& arguments, size_t at) {
  if (arguments.is_undefined(at)) return true;
  auto* handle = unwrap<EngineHandle>(env, arguments[at]);
  if (handle == nullptr || handle->get() == nullptr) return false;
  handle_ = handle;
  handle_->hold();
  handle_->begin_use();
  return true;
}

std::unique_ptr<Source> EngineUse::make_source() const {
  return handle_ == nullptr ? procseek::make_source() : handle_->get()->make_source();
}

Status EngineUse::exists(int32_t pid) const {
  if (handle_ != nullptr) return handle_->get()->exists(pid);
  return process_exists(pid) ? kOk : kGone;
}

int32_t EngineUse::own_pid() const {
  return handle_ == nullptr ? procseek::own_pid() : handle_->get()->own_pid();
}

Status EngineUse::list_children(const int32_t* parents, size_t count, Bytes& ret_children) const {
  return handle_ == nullptr ? procseek::list_children(parents, count, ret_children)
                            : handle_->get()->list_children(parents, count, ret_children);
}

napi_value open_engine(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint32_t kind;
  Iteration iteration;
  if (!read_kind(arguments, kind, iteration)) return refuse(env);
  std::unique_ptr<OpenJob> job(new (std::nothrow) OpenJob(kind, iteration));
  std::string_view root;
  if (!arguments.is_undefined(2)) {
    if (!arguments.bytes(2, root)) return refuse(env);
    if (job != nullptr && !job->set_root(root)) job.reset();
  }
  return start(env, std::move(job));
}

napi_value close_engine(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<EngineHandle>(env, arguments[0]);
  if (handle == nullptr) return refuse(env);
  handle->close();
  return nullptr;
}

napi_value engine_facts(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<EngineHandle>(env, arguments[0]);
  Engine* engine = handle == nullptr ? nullptr : handle->get();
  if (engine == nullptr) return refuse(env);
  const double facts[] = {
      static_cast<double>(engine->kind()), static_cast<double>(engine->iteration()),
      static_cast<double>(engine->is_foreign()), static_cast<double>(engine->memory())};
  return array_buffer(env, facts, sizeof facts);
}

napi_value try_engine(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint32_t kind;
  Iteration iteration;
  if (!read_kind(arguments, kind, iteration) || kind == kAuto) return refuse(env);
  Reason reason;
  std::unique_ptr<Engine> engine;
  Status status =
      procseek::open_engine(static_cast<EngineKind>(kind), iteration, nullptr, engine, reason);
  return pair(env, number(env, status), string(env, reason.text()));
}

}  // namespace procseek::node
