// A Pass as an object of JavaScript.
#pragma once

#include <node_api.h>

#include "../pass.h"

namespace procseek::node {

// Held by its JavaScript object, and by a step that is under way when the object is collected.
// Used on the environment's thread, but for the step itself.
class PassHandle {
 public:
  explicit PassHandle(std::unique_ptr<Source> source) : pass(std::move(source)) {}

  // A new object that owns the handle. Null, with an exception pending and the handle released,
  // when there is none to be had.
  static napi_value wrap(napi_env env, PassHandle* handle);
  // Null when the value is not a pass.
  static PassHandle* unwrap(napi_env env, napi_value value);

  void hold() { holders_++; }
  void release() {
    if (--holders_ == 0) delete this;
  }

  // A step is under way on another thread, so nothing but cancel() may touch the pass.
  bool is_busy = false;
  bool is_closing = false;  // as soon as it is not busy any more
  Pass pass;

 private:
  ~PassHandle() = default;
  int holders_ = 1;
};

}  // namespace procseek::node
