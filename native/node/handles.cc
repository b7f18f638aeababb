#include "handles.h"

#include "values.h"

namespace procseek::node {

napi_value wrap_tagged(napi_env env, const napi_type_tag& tag, void* held, napi_finalize finalize) {
  napi_value object;
  if (napi_create_object(env, &object) != napi_ok ||
      napi_type_tag_object(env, object, &tag) != napi_ok ||
      napi_wrap(env, object, held, finalize, nullptr, nullptr) != napi_ok) {
    return give_up(env);
  }
  return object;
}

void* unwrap_tagged(napi_env env, const napi_type_tag& tag, napi_value value) {
  bool is_tagged = false;
  void* held = nullptr;
  if (napi_check_object_type_tag(env, value, &tag, &is_tagged) != napi_ok || !is_tagged ||
      napi_unwrap(env, value, &held) != napi_ok) {
    return nullptr;
  }
  return held;
}

}  // namespace procseek::node
