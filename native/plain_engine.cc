// The one engine of a platform that has no others: it keeps nothing.
#include <new>

#include "platform.h"

namespace procseek {

namespace {

class PlainEngine final : public Engine {
 public:
  EngineKind kind() const override { return kPlainEngine; }
  std::unique_ptr<Source> make_source() override { return procseek::make_source(context()); }
  Status exists(int32_t pid) override { return process_exists(pid) ? kOk : kGone; }
  Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) override {
    return procseek::list_children(parents, count, ret_children);
  }
};

}  // namespace

bool SourceContext::check_foreign() { return false; }

bool SourceContext::is_foreign() { return false; }

// What is withheld shows in the fields of the processes, all of which are listed.
Status explain_hidden(Reason&) { return kOk; }

std::unique_ptr<Engine> make_plain_engine() {
  return std::unique_ptr<Engine>(new (std::nothrow) PlainEngine);
}

Status make_engine(EngineKind, Iteration, const char*, std::unique_ptr<Engine>& ret_engine,
                   Reason&) {
  ret_engine = make_plain_engine();
  return ret_engine == nullptr ? out_of_memory() : kOk;
}

}  // namespace procseek
