#include "engines.h"

#include <new>

#include "../platform.h"
#include "environment.h"
#include "handles.h"
#include "workers.h"

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
  OpenJob(uint32_t kind, Iteration iteration, SourceContext& context)
      : kind_(kind), iteration_(iteration), context_(context) {
    context_.hold();
  }
  ~OpenJob() override { context_.release(); }
  // Null-terminated; without, the system's own root.
  bool set_root(std::string_view root) {
    has_root_ = true;
    return root_.append(root) && root_.append('\0');
  }

  bool run() override {
    const char* root = has_root_ ? root_.data() : nullptr;
    status_ = kind_ == kAuto ? open_best_engine(iteration_, root, engine_, reason_)
                             : procseek::open_engine(static_cast<EngineKind>(kind_), iteration_,
                                                     root, engine_, reason_);
    if (status_ == kOk) {
      engine_->share(context_);
      status_ = engine_->prepare();
    }
    return true;
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
  SourceContext& context_;
  bool has_root_ = false;
  Bytes root_;
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
  EngineHandle* handle = nullptr;
  if (!arguments.is_undefined(at)) {
    handle = unwrap<EngineHandle>(env, arguments[at]);
  } else if (Environment* environment = Environment::of(env)) {
    handle = &environment->plain_engine();
  }
  if (handle == nullptr || handle->get() == nullptr) return false;
  handle_ = handle;
  handle_->hold();
  handle_->begin_use();
  return true;
}

napi_value open_engine(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint32_t kind;
  Iteration iteration;
  Environment* environment = Environment::of(env);
  if (environment == nullptr || !read_kind(arguments, kind, iteration)) return refuse(env);
  std::unique_ptr<OpenJob> job(new (std::nothrow) OpenJob(kind, iteration, environment->sources()));
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

napi_value engine_trouble(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  auto* handle = unwrap<EngineHandle>(env, arguments[0]);
  Engine* engine = handle == nullptr ? nullptr : handle->get();
  if (engine == nullptr) return refuse(env);
  Reason reason;
  engine->explain_trouble(reason);
  return string(env, reason.text());
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

napi_value is_foreign(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Environment* environment = Environment::of(env);
  bool now;
  if (environment == nullptr || !arguments.boolean(0, now)) return refuse(env);
  SourceContext& sources = environment->sources();
  return boolean(env, now ? sources.check_foreign() : sources.is_foreign());
}

napi_value hidden(napi_env env, napi_callback_info) {
  Reason reason;
  Status status = explain_hidden(reason);
  return pair(env, number(env, status), string(env, reason.text()));
}

}  // namespace procseek::node
