// Native objects as objects of JavaScript, which collecting these releases.
#pragma once

#include <node_api.h>

namespace procseek::node {

// A new object that owns `held`, which has `kTag`, to tell it from objects of other addons, and
// release(). Null, with an exception pending and `held` released, when there is none to be had.
template <class Held>
napi_value wrap(napi_env env, Held* held);

// Null when the value is no such object.
template <class Held>
Held* unwrap(napi_env env, napi_value value);

napi_value wrap_tagged(napi_env env, const napi_type_tag& tag, void* held, napi_finalize finalize);
void* unwrap_tagged(napi_env env, const napi_type_tag& tag, napi_value value);

template <class Held>
napi_value wrap(napi_env env, Held* held) {
  auto finalize = [](napi_env, void* data, void*) { static_cast<Held*>(data)->release(); };
  napi_value object = wrap_tagged(env, Held::kTag, held, finalize);
  if (object == nullptr) held->release();
  return object;
}

template <class Held>
Held* unwrap(napi_env env, napi_value value) {
  return static_cast<Held*>(unwrap_tagged(env, Held::kTag, value));
}

}  // namespace procseek::node
