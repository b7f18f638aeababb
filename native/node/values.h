// JavaScript values in and out. Every function tells whether Node-API did what was asked; when it
// did not, an exception may be pending, or the environment may be shutting down.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string_view>

namespace procseek::node {

// The arguments of a call. What JavaScript hands over has been checked there (src/options.ts); a
// wrong type still cannot do harm, it makes the reader false.
class Arguments {
 public:
  static constexpr size_t kMost = 16;

  Arguments(napi_env env, napi_callback_info info);

  bool i32(size_t index, int32_t& ret_value) const;
  bool u32(size_t index, uint32_t& ret_value) const;
  bool i64(size_t index, int64_t& ret_value) const;
  bool f64(size_t index, double& ret_value) const;
  bool boolean(size_t index, bool& ret_value) const;
  // The bytes of a Uint8Array, for as long as the call lasts.
  bool bytes(size_t index, std::string_view& ret_bytes) const;
  // The elements of an Int32Array, likewise.
  bool i32_array(size_t index, const int32_t*& ret_values, size_t& ret_count) const;
  bool is_undefined(size_t index) const;

  napi_value operator[](size_t index) const { return values_[index]; }
  void* data() const { return data_; }

 private:
  bool typed_array(size_t index, napi_typedarray_type type, void*& ret_data,
                   size_t& ret_length) const;

  napi_env env_;
  napi_value values_[kMost] = {};
  void* data_ = nullptr;
};

// Null when there is no such value to be had.
napi_value number(napi_env env, int32_t value);
napi_value real_number(napi_env env, double value);
napi_value boolean(napi_env env, bool value);
napi_value string(napi_env env, const char* text);
// An array of two. Null when one of them is.
napi_value pair(napi_env env, napi_value first, napi_value second);
// For a copy in memory of JavaScript's own: external buffers are slower, and forbidden in Electron.
// Null, with an exception pending, when there is no memory.
napi_value array_buffer(napi_env env, size_t size, char*& ret_bytes);
napi_value array_buffer(napi_env env, const void* bytes, size_t size);

// For a call of Node-API that failed: sees to it that an exception is pending. Returns null.
napi_value give_up(napi_env env);

// Throws a TypeError for a call that src/ never makes. Returns null.
napi_value refuse(napi_env env);

}  // namespace procseek::node
