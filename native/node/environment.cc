#include "environment.h"

#include <new>

#include "../platform.h"
#include "values.h"

namespace procseek::node {

bool Environment::create(napi_env env) {
  auto* environment = new (std::nothrow) Environment(env);
  auto finalize = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  if (environment != nullptr && environment->open() &&
      napi_set_instance_data(env, environment, finalize, nullptr) == napi_ok) {
    return true;
  }
  delete environment;
  (void)give_up(env);
  return false;
}

Environment* Environment::of(napi_env env) {
  void* environment = nullptr;
  return napi_get_instance_data(env, &environment) == napi_ok
             ? static_cast<Environment*>(environment)
             : nullptr;
}

bool Environment::open() {
  sources_ = SourceContext::create();
  if (sources_ == nullptr) return false;
  (void)sources_->check_foreign();
  std::unique_ptr<Engine> plain = make_plain_engine();
  if (plain == nullptr) return false;
  plain->share(*sources_);
  plain_engine_ = new (std::nothrow) EngineHandle(std::move(plain));
  return plain_engine_ != nullptr;
}

Environment::~Environment() {
  if (plain_engine_ != nullptr) plain_engine_->release();
  if (sources_ != nullptr) sources_->release();
}

}  // namespace procseek::node
