// The engines that there are on Linux, and why one of them is not to be had.
#include <cerrno>
#include <new>

#include "../platform.h"
#include "bpf_source.h"
#include "events_source.h"
#include "obstacles.h"
#include "own_pid.h"
#include "procfs_source.h"

namespace procseek {

namespace {

// What shows the processes, opened.
struct Root {
  Fd directory;  // none: this process's own /proc, which is not kept open
  ProcRoot root;

  // Null for that.
  Status open(const char* path) {
    return path == nullptr ? kOk : ProcRoot::open(path, directory, root);
  }
};

class ProcfsEngine : public Engine {
 public:
  explicit ProcfsEngine(Root root) : root_(std::move(root)) {}

  EngineKind kind() const override { return EngineKind::procfs; }
  bool is_foreign() const override { return view().is_foreign(); }
  std::unique_ptr<Source> make_source() override {
    return std::unique_ptr<Source>(new (std::nothrow) ProcfsSource(context(), root()));
  }
  Status exists(int32_t pid) override { return view().exists(pid); }
  int32_t own_pid() override { return own_pid_below(view()); }
  Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) override {
    return view().list_children(parents, count, ret_children);
  }

 protected:
  const ProcRoot& root() const { return root_.root; }

 private:
  // The root as it is now: another /proc may have been mounted.
  ProcRoot view() const {
    ProcRoot view = root();
    if (view.is_system_view() && context() != nullptr) view.set_foreign(context()->is_foreign());
    return view;
  }

  Root root_;
};

class EventsEngine final : public ProcfsEngine {
 public:
  explicit EventsEngine(Root root) : ProcfsEngine(std::move(root)), names_(ProcfsEngine::root()) {}

  Status open(Reason& ret_reason) {
    Status status = names_.open();
    if (status != kOk) explain_events_failure(status, names_.why_not(), ret_reason);
    return status;
  }

  EngineKind kind() const override { return EngineKind::events; }
  Status prepare() override { return names_.prepare(); }
  size_t memory() override { return names_.memory(); }
  void explain_trouble(Reason& ret_reason) override { names_.explain_deafness(ret_reason); }
  std::unique_ptr<Source> make_source() override {
    return std::unique_ptr<Source>(new (std::nothrow) EventsSource(names_, context()));
  }

 private:
  RememberedNames names_;
};

class BpfEngine final : public ProcfsEngine {
 public:
  using ProcfsEngine::ProcfsEngine;

  Status load(Iteration iteration) {
    iteration_ = iteration;
    return tasks_.load(iteration, root());
  }

  EngineKind kind() const override { return EngineKind::bpf; }
  Iteration iteration() const override { return iteration_; }
  size_t memory() override { return sizeof(task_shared); }
  void explain_trouble(Reason& ret_reason) override {
    Status status = tasks_.last_status();
    if (status != kOk) explain_bpf_trouble(status, ret_reason);
  }
  std::unique_ptr<Source> make_source() override {
    return std::unique_ptr<Source>(new (std::nothrow) BpfSource(tasks_, context(), root()));
  }

 private:
  Iteration iteration_ = Iteration::any;
  KernelTasks tasks_;
};

Status open_bpf(Root root, Iteration iteration, std::unique_ptr<Engine>& ret_engine,
                Reason& ret_reason) {
  Status status = find_obstacles_to_bpf(root.root, ret_reason);
  if (status != kOk || !kBpfIsPossible) return status;  // then, all that follows is left out
  std::unique_ptr<BpfEngine> engine(new (std::nothrow) BpfEngine(std::move(root)));
  if (engine == nullptr) return out_of_memory();
  status = engine->load(iteration == Iteration::any ? Iteration::processes : iteration);
  // Whatever a kernel before 6.7 finds fault with.
  if (status != kOk && iteration == Iteration::any && !is_passing(status)) {
    status = engine->load(Iteration::threads);
  }
  if (status != kOk) {
    explain_bpf_failure(status, iteration, ret_reason);
    return status;
  }
  ret_engine = std::move(engine);
  return kOk;
}

Status open_events(Root root, std::unique_ptr<Engine>& ret_engine, Reason& ret_reason) {
  std::unique_ptr<EventsEngine> engine(new (std::nothrow) EventsEngine(std::move(root)));
  if (engine == nullptr) return out_of_memory();
  Status status = engine->open(ret_reason);
  if (status == kOk) ret_engine = std::move(engine);
  return status;
}

}  // namespace

std::unique_ptr<Engine> make_plain_engine() {
  return std::unique_ptr<Engine>(new (std::nothrow) ProcfsEngine(Root()));
}

Status make_engine(EngineKind kind, Iteration iteration, const char* path,
                   std::unique_ptr<Engine>& ret_engine, Reason& ret_reason) {
  Root root;
  Status status = root.open(path);
  if (status == kOk) status = root.root.check();
  if (status != kOk) return status;
  if (kind == EngineKind::procfs) {
    ret_engine.reset(new (std::nothrow) ProcfsEngine(std::move(root)));
    return ret_engine == nullptr ? out_of_memory() : kOk;
  }
  status = find_obstacles_to_kernel_view(root.root, ret_reason);
  if (status != kOk) return status;
  return kind == EngineKind::bpf ? open_bpf(std::move(root), iteration, ret_engine, ret_reason)
                                 : open_events(std::move(root), ret_engine, ret_reason);
}

}  // namespace procseek
