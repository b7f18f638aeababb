// All that is kept for one environment of JavaScript: the main thread's, or a worker thread's.
#pragma once

#include <node_api.h>

#include "../source_context.h"
#include "engines.h"
#include "workers.h"

namespace procseek::node {

class Environment {
 public:
  // False, with an exception pending, when it could not be set up.
  static bool create(napi_env env);
  // Null while the environment is shutting down.
  static Environment* of(napi_env env);

  Workers& workers() { return workers_; }
  SourceContext& sources() { return *sources_; }
  // What lookups without a Finder go by.
  EngineHandle& plain_engine() { return *plain_engine_; }

 private:
  explicit Environment(napi_env env) : workers_(env) {}
  ~Environment();
  bool open();

  SourceContext* sources_ = nullptr;
  EngineHandle* plain_engine_ = nullptr;
  Workers workers_;
};

}  // namespace procseek::node
