#include "async.h"

#include <new>

#include "values.h"

namespace procseek::node {

namespace {

struct Task {
  std::unique_ptr<Job> job;
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
};

void execute(napi_env, void* data) { static_cast<Task*>(data)->job->run(); }

void reject(napi_env env, napi_deferred deferred) {
  napi_value reason;
  give_up(env);
  if (napi_get_and_clear_last_exception(env, &reason) != napi_ok) return;
  (void)napi_reject_deferred(env, deferred, reason);
}

void complete(napi_env env, napi_status, void* data) {
  std::unique_ptr<Task> task(static_cast<Task*>(data));
  napi_value value = task->job->finish(env);
  // Neither can be done in an environment that is shutting down; then nobody waits either.
  if (value == nullptr || napi_resolve_deferred(env, task->deferred, value) != napi_ok) {
    reject(env, task->deferred);
  }
  (void)napi_delete_async_work(env, task->work);
}

}  // namespace

napi_value start(napi_env env, std::unique_ptr<Job> job) {
  std::unique_ptr<Task> task(new (std::nothrow) Task);
  napi_value name;
  napi_value promise;
  if (task == nullptr || job == nullptr) return give_up(env);
  task->job = std::move(job);
  if (napi_create_string_utf8(env, "procseek", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, task.get(), &task->work) !=
          napi_ok) {
    return give_up(env);
  }
  if (napi_create_promise(env, &task->deferred, &promise) != napi_ok ||
      napi_queue_async_work(env, task->work) != napi_ok) {
    (void)napi_delete_async_work(env, task->work);
    return give_up(env);
  }
  (void)task.release();  // complete() owns it now
  return promise;
}

}  // namespace procseek::node
