#include "engine.h"

#include <cstring>

#include "platform.h"

namespace procseek {

namespace {

// What it takes `engine` to find nothing, in milliseconds of CPU: the least of a few tries.
Status measure(Engine& engine, double& ret_cost) {
  constexpr int kTries = 4;  // the first one may find something to be caught up with
  constexpr uint32_t kNothing = 1;
  Status status = engine.prepare();
  if (status != kOk) return status;
  std::unique_ptr<Source> source = engine.make_source();
  if (source == nullptr) return out_of_memory();
  Walk walk;
  walk.comm = walk.by_comm = true;
  walk.hashes = &kNothing;
  walk.hash_count = 1;
  Record record;
  for (int i = 0; i < kTries; i++) {
    double before = thread_cpu_time();
    status = source->begin(walk);
    while (status == kOk) status = source->next(record);
    source->end();
    if (status < 0) return status;
    double cost = thread_cpu_time() - before;
    if (i <= 1 || cost < ret_cost) ret_cost = cost;
  }
  return kOk;
}

// Takes over `other` if it costs less than `engine`. What cannot be measured is not taken.
void take_cheaper(std::unique_ptr<Engine>& engine, std::unique_ptr<Engine> other) {
  double cost;
  double cost_of_other;
  if (other == nullptr || measure(*other, cost_of_other) != kOk) return;
  if (engine == nullptr || measure(*engine, cost) != kOk || cost_of_other < cost) {
    engine = std::move(other);
  }
}

std::string_view platform_of(EngineKind kind) {
  if (kind == EngineKind::libproc) return "macOS";
  return kind == EngineKind::ntquery ? "Windows" : "Linux";
}

}  // namespace

int32_t Engine::own_pid() { return procseek::own_pid(); }

Reason& Reason::add(std::string_view more) {
  size_t length = std::strlen(text_);
  text_[length + more.copy(text_ + length, sizeof text_ - 1 - length)] = '\0';
  return *this;
}

Status open_engine(EngineKind kind, Iteration iteration, const char* root,
                   std::unique_ptr<Engine>& ret_engine, Reason& ret_reason) {
  std::string_view needed = platform_of(kind);
  if (needed != platform_of(kPlainEngine)) {
    ret_reason.add("it is of ").add(needed);
    return kUnsupported;
  }
  if (root != nullptr && kPlainEngine != EngineKind::procfs) {
    ret_reason.add("there is no /proc on ").add(needed);
    return kUnsupported;
  }
  return make_engine(kind, iteration, root, ret_engine, ret_reason);
}

Status open_best_engine(Iteration iteration, const char* root, std::unique_ptr<Engine>& ret_engine,
                        Reason& ret_reason) {
  auto open = [=](EngineKind kind) {
    Reason reason;
    std::unique_ptr<Engine> engine;
    (void)open_engine(kind, iteration, root, engine, reason);
    return engine;
  };
  Status status = open_engine(kPlainEngine, Iteration::any, root, ret_engine, ret_reason);
  if (status != kOk) return status;
  std::unique_ptr<Engine> bpf = open(EngineKind::bpf);
  // Where it need not walk threads, nothing can beat it by much, whatever the host does.
  if (bpf != nullptr && bpf->iteration() == Iteration::processes) {
    ret_engine = std::move(bpf);
    return kOk;
  }
  take_cheaper(ret_engine, open(EngineKind::events));
  take_cheaper(ret_engine, std::move(bpf));
  return kOk;
}

}  // namespace procseek
