// What a Finder holds natively, for JavaScript; described in src/binding.ts.
#pragma once

#include <node_api.h>

#include <memory>

#include "../engine.h"
#include "values.h"

namespace procseek::node {

// An Engine as an object of JavaScript. On the environment's thread.
class EngineHandle {
 public:
  static constexpr napi_type_tag kTag = {0x5d0c94be7a3f4821, 0x8e61b7f20d5ca936};

  explicit EngineHandle(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}

  void hold() { holders_++; }
  void release() {
    if (--holders_ == 0) delete this;
  }

  // The engine goes as soon as nobody uses it any more.
  void close() {
    is_closing_ = true;
    drop_engine();
  }
  void begin_use() { users_++; }
  void end_use() {
    users_--;
    drop_engine();
  }
  Engine* get() const { return engine_.get(); }

 private:
  ~EngineHandle() = default;
  void drop_engine() {
    if (is_closing_ && users_ == 0) engine_.reset();
  }

  std::unique_ptr<Engine> engine_;
  int holders_ = 1;
  int users_ = 0;
  bool is_closing_ = false;
};

// The use of an engine for one lookup: a Finder's, or the one that keeps nothing.
class EngineUse {
 public:
  EngineUse() = default;
  EngineUse(EngineUse&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  EngineUse& operator=(EngineUse&&) = delete;
  EngineUse(const EngineUse&) = delete;
  ~EngineUse() { reset(); }
  void reset();

  // An engine, or undefined for the one that keeps nothing. False when it is neither, or was
  // closed.
  bool read(napi_env env, const Arguments& arguments, size_t at);

  Engine* operator->() const { return handle_->get(); }

 private:
  EngineHandle* handle_ = nullptr;
};

napi_value open_engine(napi_env env, napi_callback_info info);
napi_value close_engine(napi_env env, napi_callback_info info);
napi_value engine_facts(napi_env env, napi_callback_info info);
napi_value engine_trouble(napi_env env, napi_callback_info info);
napi_value try_engine(napi_env env, napi_callback_info info);
napi_value is_foreign(napi_env env, napi_callback_info info);
napi_value hidden(napi_env env, napi_callback_info info);

}  // namespace procseek::node
