// What JavaScript sees: functions that take numbers and bytes, and return numbers and bytes. They
// are described, and typed, in src/binding.ts.
#include <node_api.h>

#include <cstring>

#include "../name.h"
#include "../platform.h"
#include "ending.h"
#include "engines.h"
#include "environment.h"
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

// The tables that TypeScript reads its numbers from: the strings one behind the other, which takes
// no pointers that would have to be filled in when the addon is loaded.

#define FIELD(name, kind, unit, ...) #name ":" #kind "\0"
constexpr char kFields[] =
#include "../fields.def"
    ;
#undef FIELD

#define X(name, word) word "\0"
constexpr char kStates[] = PROCSEEK_STATES(X);
#undef X

#define X(name) #name "\0"
constexpr char kCalls[] = PROCSEEK_CALLS(X);
#undef X

#define PROCSEEK_EXPORTS(X)              \
  X("openEngine", open_engine)           \
  X("closeEngine", close_engine)         \
  X("engineFacts", engine_facts)         \
  X("engineTrouble", engine_trouble)     \
  X("tryEngine", try_engine)             \
  X("isForeign", is_foreign)             \
  X("hidden", hidden)                    \
  X("exists", exists)                    \
  X("ownPid", own_pid)                   \
  X("lookupSync", lookup_sync)           \
  X("lookup", lookup)                    \
  X("openPass", open_pass)               \
  X("addQuery", add_query)               \
  X("nextSync", next_sync)               \
  X("next", next)                        \
  X("cancel", cancel)                    \
  X("close", close)                      \
  X("passCost", pass_cost)               \
  X("children", children)                \
  X("openExitMemory", open_exit_memory)  \
  X("openMonitor", open_monitor)         \
  X("closeMonitor", close_monitor)       \
  X("refMonitor", ref_monitor)           \
  X("monitorCounters", monitor_counters) \
  X("whyNoEvents", why_no_events)        \
  X("openWatch", open_watch)             \
  X("takeFromWatch", take_from_watch)    \
  X("forgetMatches", forget_matches)     \
  X("closeWatch", close_watch)           \
  X("waitForExit", wait_for_exit)        \
  X("cancelWait", cancel_wait)           \
  X("signal", signal)                    \
  X("signalParent", signal_parent)       \
  X("origin", origin)                    \
  X("hold", hold)                        \
  X("killControlGroup", kill_group)      \
  X("floor", floor)                      \
  X("childrenCpuTime", children_cpu)     \
  X("systemCalls", count_system_calls)   \
  X("cpuTime", cpu_time)

#define X(name, callback) name "\0"
constexpr char kNames[] = PROCSEEK_EXPORTS(X);
#undef X

#define X(name, callback) callback,
constexpr napi_callback kCallbacks[] = {PROCSEEK_EXPORTS(X)};
#undef X

// Null when there is none to be had, here and below.
napi_value string_array(napi_env env, const char* strings) {
  napi_value array;
  if (napi_create_array(env, &array) != napi_ok) return nullptr;
  for (uint32_t i = 0; *strings != '\0'; i++, strings += std::strlen(strings) + 1) {
    napi_value element = string(env, strings);
    if (element == nullptr || napi_set_element(env, array, i, element) != napi_ok) return nullptr;
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
  const char* name = kNames;
  for (napi_callback callback : kCallbacks) {
    if (!set(env, exports, name, function(env, name, callback))) return false;
    name += std::strlen(name) + 1;
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
  using namespace procseek::node;
  return Environment::create(env) && add_exports(env, exports) ? exports : give_up(env);
}
