// Ending processes with all that they have started, for JavaScript; described in src/binding.ts.
#pragma once

#include <node_api.h>

namespace procseek::node {

napi_value signal_parent(napi_env env, napi_callback_info info);
napi_value origin(napi_env env, napi_callback_info info);
napi_value hold(napi_env env, napi_callback_info info);
napi_value kill_group(napi_env env, napi_callback_info info);

}  // namespace procseek::node
