#include "workers.h"

#include <new>

#include "environment.h"
#include "values.h"

namespace procseek::node {

namespace {

// For how long, in milliseconds, the thread waits for the next job before it ends.
constexpr int64_t kLinger = 20;

void reject(napi_env env, napi_deferred deferred) {
  napi_value reason;
  give_up(env);
  if (napi_get_and_clear_last_exception(env, &reason) != napi_ok) return;
  (void)napi_reject_deferred(env, deferred, reason);
}

}  // namespace

Workers::Queue::~Queue() {
  while (!is_empty()) (void)pop();
}

void Workers::Queue::push(std::unique_ptr<Task> task) {
  Task* added = task.release();
  (first_ == nullptr ? first_ : last_->next) = added;
  last_ = added;
}

std::unique_ptr<Workers::Task> Workers::Queue::pop() {
  std::unique_ptr<Task> task(first_);
  first_ = first_->next;
  task->next = nullptr;
  return task;
}

Workers::~Workers() { stop(); }

// For the first job. The clean-up hook has to be added behind the function's own: hooks run in
// reverse order, and the thread must end before the function is gone.
bool Workers::open() {
  napi_value name;
  if (function_ != nullptr) return true;
  if (napi_create_string_utf8(env_, "procseek", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                      hear, &function_) != napi_ok ||
      napi_add_env_cleanup_hook(env_, clean_up, this) != napi_ok ||
      napi_unref_threadsafe_function(env_, function_) != napi_ok) {
    function_ = nullptr;
    return false;
  }
  return true;
}

napi_value Workers::start(std::unique_ptr<Job> job) {
  std::unique_ptr<Task> task(new (std::nothrow) Task);
  napi_value promise;
  if (task == nullptr || job == nullptr || !open()) return give_up(env_);
  task->job = std::move(job);
  if (unfinished_ == 0 && napi_ref_threadsafe_function(env_, function_) != napi_ok) {
    return give_up(env_);
  }
  if (napi_create_promise(env_, &task->deferred, &promise) != napi_ok) {
    if (unfinished_ == 0) (void)napi_unref_threadsafe_function(env_, function_);
    return give_up(env_);
  }
  unfinished_++;
  Lock lock(mutex_);
  Status status = ensure_thread();
  if (status == kOk) {
    waiting_.push(std::move(task));
    changed_.notify_all();
  } else {
    task->job->fail(status);
    add_done(std::move(task));
  }
  return promise;
}

// Under the mutex.
Status Workers::ensure_thread() {
  if (has_thread_) return kOk;
  thread_.join();  // the one before is about to end
  Status status = thread_.start(enter, this);
  has_thread_ = status == kOk;
  return status;
}

void Workers::run() {
  Lock lock(mutex_);
  while (wait_for_task()) {
    std::unique_ptr<Task> task = waiting_.pop();
    running_ = task->job.get();
    mutex_.unlock();
    bool is_done = running_->run();
    mutex_.lock();
    running_ = nullptr;
    if (is_done) {
      add_done(std::move(task));
    } else {
      waiting_.push(std::move(task));
    }
  }
  has_thread_ = false;
}

// Under the mutex.
void Workers::add_done(std::unique_ptr<Task> task) {
  done_.push(std::move(task));
  if (is_stopping_ || is_notified_) return;
  is_notified_ = true;
  (void)napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

// Under the mutex. False when it is time for the thread to end.
bool Workers::wait_for_task() {
  int64_t deadline = steady_clock() + kLinger;
  while (!is_stopping_ && waiting_.is_empty()) {
    int64_t left = deadline - steady_clock();
    if (left <= 0) return false;
    changed_.wait(mutex_, left);
  }
  return !is_stopping_;
}

void Workers::stop() {
  {
    Lock lock(mutex_);
    is_stopping_ = true;
    if (running_ != nullptr) running_->cancel();
    changed_.notify_all();
  }
  thread_.join();
}

void Workers::hear(napi_env env, napi_value, void* workers, void*) {
  if (env != nullptr) static_cast<Workers*>(workers)->finish_tasks();
}

void Workers::finish_tasks() {
  for (;;) {
    std::unique_ptr<Task> task;
    {
      Lock lock(mutex_);
      if (done_.is_empty()) {
        is_notified_ = false;
        return;
      }
      task = done_.pop();
    }
    finish(*task);
    task.reset();
    if (--unfinished_ == 0) (void)napi_unref_threadsafe_function(env_, function_);
  }
}

void Workers::finish(Task& task) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
  napi_value value = task.job->finish(env_);
  // Neither can be done in an environment that is shutting down; then nobody waits either.
  if (value == nullptr || napi_resolve_deferred(env_, task.deferred, value) != napi_ok) {
    reject(env_, task.deferred);
  }
  (void)napi_close_handle_scope(env_, scope);
}

napi_value start(napi_env env, std::unique_ptr<Job> job) {
  Environment* environment = Environment::of(env);
  return environment == nullptr ? give_up(env) : environment->workers().start(std::move(job));
}

}  // namespace procseek::node
