// Work on libuv's thread pool, as a promise.
#pragma once

#include <node_api.h>

#include <memory>

namespace procseek::node {

class Job {
 public:
  virtual ~Job() = default;
  // On a pool thread: no JavaScript.
  virtual void run() = 0;
  // On the thread of the environment: the value that fulfils the promise. Null, with an exception
  // pending, when there is none; also while the environment is shutting down (a terminated worker).
  virtual napi_value finish(napi_env env) = 0;
};

// A promise for what the job finishes with; null, with an exception pending, when it could not be
// queued. Safe when a worker thread is terminated meanwhile.
napi_value start(napi_env env, std::unique_ptr<Job> job);

}  // namespace procseek::node
