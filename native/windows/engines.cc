// The engine that there is on Windows.
#include <new>

#include "../platform.h"
#include "source.h"

namespace procseek {

namespace {

class NtQueryEngine final : public Engine {
 public:
  EngineKind kind() const override { return EngineKind::ntquery; }
  std::unique_ptr<Source> make_source() override { return procseek::make_source(); }
  Status exists(int32_t pid) override { return process_exists(pid) ? kOk : kGone; }
  Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) override {
    return procseek::list_children(parents, count, ret_children);
  }
};

}  // namespace

Status make_engine(EngineKind, Iteration, const char*, std::unique_ptr<Engine>& ret_engine,
                   Reason&) {
  ret_engine.reset(new (std::nothrow) NtQueryEngine);
  return ret_engine == nullptr ? out_of_memory() : kOk;
}

}  // namespace procseek
