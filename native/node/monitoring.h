// Watches, waits and signals, for JavaScript; described in src/binding.ts.
#pragma once

#include <node_api.h>

namespace procseek::node {

napi_value open_exit_memory(napi_env env, napi_callback_info info);
napi_value open_monitor(napi_env env, napi_callback_info info);
napi_value close_monitor(napi_env env, napi_callback_info info);
napi_value ref_monitor(napi_env env, napi_callback_info info);
napi_value monitor_counters(napi_env env, napi_callback_info info);
napi_value why_no_events(napi_env env, napi_callback_info info);
napi_value open_watch(napi_env env, napi_callback_info info);
napi_value take_from_watch(napi_env env, napi_callback_info info);
napi_value forget_matches(napi_env env, napi_callback_info info);
napi_value close_watch(napi_env env, napi_callback_info info);
napi_value wait_for_exit(napi_env env, napi_callback_info info);
napi_value cancel_wait(napi_env env, napi_callback_info info);
napi_value signal(napi_env env, napi_callback_info info);

}  // namespace procseek::node
