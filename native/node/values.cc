#include "values.h"

#include <cstring>

namespace procseek::node {

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = kMost;
  if (napi_get_cb_info(env, info, &count, values_, nullptr, &data_) != napi_ok) {
    for (napi_value& value : values_) value = nullptr;
  }
}

bool Arguments::i32(size_t index, int32_t& ret_value) const {
  return napi_get_value_int32(env_, values_[index], &ret_value) == napi_ok;
}

bool Arguments::u32(size_t index, uint32_t& ret_value) const {
  return napi_get_value_uint32(env_, values_[index], &ret_value) == napi_ok;
}

bool Arguments::i64(size_t index, int64_t& ret_value) const {
  return napi_get_value_int64(env_, values_[index], &ret_value) == napi_ok;
}

bool Arguments::f64(size_t index, double& ret_value) const {
  return napi_get_value_double(env_, values_[index], &ret_value) == napi_ok;
}

bool Arguments::boolean(size_t index, bool& ret_value) const {
  return napi_get_value_bool(env_, values_[index], &ret_value) == napi_ok;
}

bool Arguments::typed_array(size_t index, napi_typedarray_type type, void*& ret_data,
                            size_t& ret_length) const {
  bool is_typed_array = false;
  napi_typedarray_type actual;
  return napi_is_typedarray(env_, values_[index], &is_typed_array) == napi_ok && is_typed_array &&
         napi_get_typedarray_info(env_, values_[index], &actual, &ret_length, &ret_data, nullptr,
                                  nullptr) == napi_ok &&
         actual == type;
}

bool Arguments::bytes(size_t index, std::string_view& ret_bytes) const {
  void* data;
  size_t length;
  if (!typed_array(index, napi_uint8_array, data, length)) return false;
  ret_bytes = {static_cast<const char*>(data), length};
  return true;
}

bool Arguments::i32_array(size_t index, const int32_t*& ret_values, size_t& ret_count) const {
  void* data;
  if (!typed_array(index, napi_int32_array, data, ret_count)) return false;
  ret_values = static_cast<const int32_t*>(data);
  return true;
}

bool Arguments::is_undefined(size_t index) const {
  napi_valuetype type;
  return napi_typeof(env_, values_[index], &type) == napi_ok && type == napi_undefined;
}

napi_value number(napi_env env, int32_t value) {
  napi_value result;
  return napi_create_int32(env, value, &result) == napi_ok ? result : nullptr;
}

napi_value real_number(napi_env env, double value) {
  napi_value result;
  return napi_create_double(env, value, &result) == napi_ok ? result : nullptr;
}

napi_value boolean(napi_env env, bool value) {
  napi_value result;
  return napi_get_boolean(env, value, &result) == napi_ok ? result : nullptr;
}

napi_value string(napi_env env, const char* text) {
  napi_value result;
  return napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result) == napi_ok ? result
                                                                                  : nullptr;
}

napi_value pair(napi_env env, napi_value first, napi_value second) {
  napi_value result;
  if (first == nullptr || second == nullptr) return nullptr;
  if (napi_create_array_with_length(env, 2, &result) != napi_ok ||
      napi_set_element(env, result, 0, first) != napi_ok ||
      napi_set_element(env, result, 1, second) != napi_ok) {
    return give_up(env);
  }
  return result;
}

napi_value array_buffer(napi_env env, size_t size, char*& ret_bytes) {
  void* data;
  napi_value result;
  if (napi_create_arraybuffer(env, size, &data, &result) != napi_ok) return give_up(env);
  ret_bytes = static_cast<char*>(data);
  return result;
}

napi_value array_buffer(napi_env env, const void* bytes, size_t size) {
  char* copy;
  napi_value result = array_buffer(env, size, copy);
  if (result != nullptr && size != 0) std::memcpy(copy, bytes, size);
  return result;
}

napi_value give_up(napi_env env) {
  bool is_pending = false;
  // When even these fail, the environment is shutting down and nobody is left to be told.
  if (napi_is_exception_pending(env, &is_pending) == napi_ok && !is_pending) {
    (void)napi_throw_error(env, "ENOMEM", "procseek: the engine could not provide what is needed");
  }
  return nullptr;
}

napi_value refuse(napi_env env) {
  (void)napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", "procseek: malformed native call");
  return nullptr;
}

}  // namespace procseek::node
