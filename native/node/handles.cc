#include "handles.h"

#include "values.h"

namespace procseek::node {

namespace {

// Told apart from objects of other addons, which could be handed in by mistake.
constexpr napi_type_tag kPassTag = {0x9c1f0a7d52e84b36, 0xb7d3e5a1c0684f92};

void finalize(napi_env, void* data, void*) { static_cast<PassHandle*>(data)->release(); }

}  // namespace

napi_value PassHandle::wrap(napi_env env, PassHandle* handle) {
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_type_tag_object(env, object, &kPassTag) != napi_ok ||
      napi_wrap(env, object, handle, finalize, nullptr, nullptr) != napi_ok) {
    handle->release();
    return give_up(env);
  }
  return object;
}

PassHandle* PassHandle::unwrap(napi_env env, napi_value value) {
  bool is_pass = false;
  void* data = nullptr;
  if (napi_check_object_type_tag(env, value, &kPassTag, &is_pass) != napi_ok || !is_pass ||
      napi_unwrap(env, value, &data) != napi_ok) {
    return nullptr;
  }
  return static_cast<PassHandle*>(data);
}

}  // namespace procseek::node
