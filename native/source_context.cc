#include "source_context.h"

#include <new>

namespace procseek {

SourceContext* SourceContext::create() {
  GuardedCalls* calls = GuardedCalls::create();
  if (calls == nullptr) return nullptr;
  auto* context = new (std::nothrow) SourceContext(calls);
  if (context == nullptr) calls->release();
  return context;
}

}  // namespace procseek
