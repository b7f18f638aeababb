// What JavaScript sees: functions that take numbers and bytes, and return numbers and bytes. They
// are described, and typed, in src/binding.ts.
#include <napi.h>

#include "../platform.h"
#include "engines.h"
#include "lookups.h"
#include "monitoring.h"
#include "values.h"

namespace procseek::node {

namespace {

napi_value floor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint32_t kind;
  int32_t pid;
  if (!arguments.u32(0, kind) || kind > static_cast<uint32_t>(Floor::directory) ||
      !arguments.i32(1, pid)) {
    return refuse(env);
  }
  return number(env, static_cast<int32_t>(run_floor(static_cast<Floor>(kind), pid)));
}

napi_value children_cpu(napi_env env, napi_callback_info) {
  return real_number(env, children_cpu_time());
}

napi_value count_system_calls(napi_env env, napi_callback_info) {
  return real_number(env, static_cast<double>(system_calls()));
}

napi_value cpu_time(napi_env env, napi_callback_info) {
  return real_number(env, thread_cpu_time());
}

// The tables that TypeScript reads its numbers from.

#define FIELD(name, kind, unit, ...) #name ":" #kind,
constexpr const char* kFields[] = {
#include "../fields.def"
};
#undef FIELD

#define X(name, word) word,
constexpr const char* kStates[] = {PROCSEEK_STATES(X)};
#undef X

#define X(name) #name,
constexpr const char* kCalls[] = {PROCSEEK_CALLS(X)};
#undef X

template <size_t N>
Napi::Value string_array(Napi::Env env, const char* const (&strings)[N]) {
  Napi::Array array = Napi::Array::New(env, N);
  for (size_t i = 0; i < N; i++) array.Set(static_cast<uint32_t>(i), strings[i]);
  return array;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const struct {
    const char* name;
    napi_callback callback;
  } functions[] = {
      {"openEngine", open_engine},
      {"closeEngine", close_engine},
      {"engineFacts", engine_facts},
      {"tryEngine", try_engine},
      {"exists", exists},
      {"lookupSync", lookup_sync},
      {"lookup", lookup},
      {"openPass", open_pass},
      {"addQuery", add_query},
      {"nextSync", next_sync},
      {"next", next},
      {"cancel", cancel},
      {"close", close},
      {"passCost", pass_cost},
      {"children", children},
      {"openMonitor", open_monitor},
      {"closeMonitor", close_monitor},
      {"refMonitor", ref_monitor},
      {"monitorCounters", monitor_counters},
      {"whyNoEvents", why_no_events},
      {"openWatch", open_watch},
      {"takeFromWatch", take_from_watch},
      {"forgetMatches", forget_matches},
      {"closeWatch", close_watch},
      {"waitForExit", wait_for_exit},
      {"cancelWait", cancel_wait},
      {"signal", signal},
      {"floor", floor},
      {"childrenCpuTime", children_cpu},
      {"systemCalls", count_system_calls},
      {"cpuTime", cpu_time},
  };
  for (const auto& function : functions) {
    napi_value value;
    if (napi_create_function(env, function.name, NAPI_AUTO_LENGTH, function.callback, nullptr,
                             &value) != napi_ok ||
        napi_set_named_property(env, exports, function.name, value) != napi_ok) {
      return exports;
    }
  }
  exports.Set("fields", string_array(env, kFields));
  exports.Set("states", string_array(env, kStates));
  exports.Set("calls", string_array(env, kCalls));
  exports.Set("sourceHash", PROCSEEK_SOURCE_HASH);
  return exports;
}

}  // namespace

NODE_API_MODULE(procseek, init)

}  // namespace procseek::node
