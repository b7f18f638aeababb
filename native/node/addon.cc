// What JavaScript sees: functions that take numbers and bytes, and return numbers and bytes. They
// are described, and typed, in src/binding.ts.
#include <node_api.h>

#include "../name.h"
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

// Null when there is none to be had, here and below.
template <size_t N>
napi_value string_array(napi_env env, const char* const (&strings)[N]) {
  napi_value array;
  if (napi_create_array_with_length(env, N, &array) != napi_ok) return nullptr;
  for (size_t i = 0; i < N; i++) {
    napi_value element = string(env, strings[i]);
    if (element == nullptr ||
        napi_set_element(env, array, static_cast<uint32_t>(i), element) != napi_ok) {
      return nullptr;
    }
  }
  return array;
}

napi_value function(napi_env env, const char* name, napi_callback callback) {
  napi_value value;
  napi_status status = napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &value);
  return status == napi_ok ? value : nullptr;
}

bool set(napi_env env, napi_value object, const char* name, napi_value value) {
  return value != nullptr && napi_set_named_property(env, object, name, value) == napi_ok;
}

bool add_exports(napi_env env, napi_value exports) {
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
  for (const auto& [name, callback] : functions) {
    if (!set(env, exports, name, function(env, name, callback))) return false;
  }
  return set(env, exports, "fields", string_array(env, kFields)) &&
         set(env, exports, "states", string_array(env, kStates)) &&
         set(env, exports, "calls", string_array(env, kCalls)) &&
         set(env, exports, "namesAreImages", boolean(env, kNameRules == NameRules::image)) &&
         set(env, exports, "sourceHash", string(env, PROCSEEK_SOURCE_HASH));
}

}  // namespace

}  // namespace procseek::node

NAPI_MODULE_INIT(/* env, exports */) {
  return procseek::node::add_exports(env, exports) ? exports : procseek::node::give_up(env);
}
