// The engines that there are on Linux, and why one of them is not to be had.
#include <cerrno>
#include <new>

#include "../platform.h"
#include "bpf_source.h"
#include "events_source.h"
#include "obstacles.h"
#include "procfs_source.h"

namespace procseek {

namespace {

class ProcfsEngine : public Engine {
 public:
  // Null for this process's own /proc.
  Status open_root(const char* path) {
    return path == nullptr ? kOk : ProcRoot::open(path, directory_, root_);
  }

  EngineKind kind() const override { return EngineKind::procfs; }
  bool is_foreign() const override { return root_.is_foreign(); }
  std::unique_ptr<Source> make_source() override {
    return std::unique_ptr<Source>(new (std::nothrow) ProcfsSource(root_));
  }
  Status exists(int32_t pid) override { return root_.exists(pid); }
  Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) override {
    return root_.list_children(parents, count, ret_children);
  }

 private:
  Fd directory_;
  ProcRoot root_;
};

class EventsEngine final : public ProcfsEngine {
 public:
  Status open(Reason& ret_reason) {
    Status status = names_.open();
    if (status != kOk) ret_reason.add(names_.why_not());
    return status;
  }

  EngineKind kind() const override { return EngineKind::events; }
  size_t memory() override { return names_.memory(); }
  std::unique_ptr<Source> make_source() override {
    return std::unique_ptr<Source>(new (std::nothrow) EventsSource(names_));
  }

 private:
  RememberedNames names_;
};

class BpfEngine final : public ProcfsEngine {
 public:
  Status load(Iteration iteration) {
    iteration_ = iteration;
    return tasks_.load(iteration);
  }

  EngineKind kind() const override { return EngineKind::bpf; }
  Iteration iteration() const override { return iteration_; }
  size_t memory() override { return sizeof(task_shared); }
  std::unique_ptr<Source> make_source() override {
    return std::unique_ptr<Source>(new (std::nothrow) BpfSource(tasks_));
  }

 private:
  Iteration iteration_ = Iteration::any;
  KernelTasks tasks_;
};

Status open_bpf(const char* root, Iteration iteration, std::unique_ptr<Engine>& ret_engine,
                Reason& ret_reason) {
  Status status = find_obstacles_to_bpf(ret_reason);
  if (status != kOk) return status;
  for (Iteration one : {Iteration::processes, Iteration::threads}) {
    if (iteration != Iteration::any && iteration != one) continue;
    std::unique_ptr<BpfEngine> engine(new (std::nothrow) BpfEngine);
    if (engine == nullptr) return out_of_memory();
    status = engine->open_root(root);
    if (status == kOk) status = engine->load(one);
    if (status == kOk) {
      ret_engine = std::move(engine);
      return kOk;
    }
    if (iteration == Iteration::any && error_of(status) == ENOMEM) break;
  }
  explain_bpf_failure(status, iteration, ret_reason);
  return status;
}

Status open_events(const char* root, std::unique_ptr<Engine>& ret_engine, Reason& ret_reason) {
  std::unique_ptr<EventsEngine> engine(new (std::nothrow) EventsEngine);
  if (engine == nullptr) return out_of_memory();
  Status status = engine->open_root(root);
  if (status == kOk) status = engine->open(ret_reason);
  if (status == kOk) ret_engine = std::move(engine);
  return status;
}

Status open_procfs(const char* root, std::unique_ptr<Engine>& ret_engine) {
  std::unique_ptr<ProcfsEngine> engine(new (std::nothrow) ProcfsEngine);
  if (engine == nullptr) return out_of_memory();
  Status status = engine->open_root(root);
  if (status == kOk) ret_engine = std::move(engine);
  return status;
}

}  // namespace

Status open_engine(EngineKind kind, Iteration iteration, const char* root,
                   std::unique_ptr<Engine>& ret_engine, Reason& ret_reason) {
  std::unique_ptr<Engine> procfs;
  Status status = open_procfs(root, procfs);
  if (status != kOk || kind == EngineKind::procfs) {
    ret_engine = std::move(procfs);
    return status;
  }
  status = find_obstacles_to_kernel_view(*procfs, ret_reason);
  if (status != kOk) return status;
  return kind == EngineKind::bpf ? open_bpf(root, iteration, ret_engine, ret_reason)
                                 : open_events(root, ret_engine, ret_reason);
}

}  // namespace procseek
