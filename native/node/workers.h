// Work off the thread of JavaScript, as a promise: on a thread of procseek's own, which neither
// waits for what keeps libuv's thread pool busy, nor keeps that busy.
#pragma once

#include <node_api.h>

#include <atomic>
#include <memory>

#include "../condition.h"
#include "../mutex.h"
#include "../platform.h"

namespace procseek::node {

class Job {
 public:
  virtual ~Job() = default;
  // On the worker's thread: no JavaScript. False when it wants to be run once more, after the jobs
  // that wait by then.
  virtual bool run() = 0;
  // On the thread of the environment: the value that fulfils the promise. Null, with an exception
  // pending, when there is none; also while the environment is shutting down (a terminated worker).
  virtual napi_value finish(napi_env env) = 0;
  // On the thread of the environment, while it runs: its result is of no use any more.
  virtual void cancel() {}
  // Instead of run(), when there is no thread to be had.
  void fail(Status status) { status_ = status; }

 protected:
  Status status_ = kOk;
};

// The worker of one environment. Its thread is started for the first job, and ends a moment after
// the last one. Jobs are run in the order in which they came.
class Workers {
 public:
  explicit Workers(napi_env env) : env_(env) {}
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers();

  // A promise for what the job finishes with; null, with an exception pending, when it could not be
  // begun. Safe when a worker thread of JavaScript is terminated meanwhile.
  napi_value start(std::unique_ptr<Job> job);

 private:
  struct Task {
    std::unique_ptr<Job> job;
    napi_deferred deferred = nullptr;
    Task* next = nullptr;
  };
  // First in, first out.
  class Queue {
   public:
    ~Queue();
    bool is_empty() const { return first_ == nullptr; }
    void push(std::unique_ptr<Task> task);
    std::unique_ptr<Task> pop();

   private:
    Task* first_ = nullptr;
    Task* last_ = nullptr;
  };

  bool open();
  // Ends the thread, as soon as the job under way can be ended.
  void stop();
  static void clean_up(void* workers) { static_cast<Workers*>(workers)->stop(); }
  static void enter(void* workers) { static_cast<Workers*>(workers)->run(); }
  static void hear(napi_env env, napi_value callback, void* workers, void* data);
  void run();
  void add_done(std::unique_ptr<Task> task);
  bool wait_for_task();
  Status ensure_thread();
  void finish_tasks();
  void finish(Task& task);

  napi_env env_;
  napi_threadsafe_function function_ = nullptr;
  Thread thread_;
  size_t unfinished_ = 0;  // of the environment's thread alone

  Mutex mutex_;  // of all that follows
  Condition changed_;
  Queue waiting_;
  Queue done_;
  Job* running_ = nullptr;
  bool has_thread_ = false;
  bool is_notified_ = false;
  bool is_stopping_ = false;
};

// By the worker of the environment.
napi_value start(napi_env env, std::unique_ptr<Job> job);

}  // namespace procseek::node
