#include "ending.h"

#include <string_view>

#include "../platform.h"
#include "values.h"

namespace procseek::node {

napi_value signal_parent(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int32_t pid;
  int32_t signal;
  std::string_view id;
  bool has_id = !arguments.is_undefined(1);
  if (!arguments.i32(0, pid) || (has_id && !arguments.bytes(1, id)) || !arguments.i32(2, signal)) {
    return refuse(env);
  }
  Bytes children;
  Status outcomes[2] = {kOk, kOk};
  if (!append_value(children, outcomes)) return number(env, out_of_memory());
  Identity identity = has_id ? Identity::of(id) : Identity{};
  outcomes[0] = procseek::signal_parent(pid, identity, signal, children, outcomes[1]);
  std::memcpy(children.data(), outcomes, sizeof outcomes);
  return array_buffer(env, children.data(), children.size());
}

napi_value origin(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int32_t pid;
  bool is_to_be_random;
  if (!arguments.i32(0, pid) || !arguments.boolean(1, is_to_be_random)) return refuse(env);
  constexpr int kExcess = 64 - 53;  // a double holds integers of 53 bits
  return real_number(env, static_cast<double>(read_origin(pid, is_to_be_random) >> kExcess));
}

napi_value hold(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int32_t pid;
  if (!arguments.i32(0, pid)) return refuse(env);
  return number(env, static_cast<int32_t>(read_hold(pid)));
}

napi_value kill_group(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  std::string_view path;
  int32_t member;
  if (!arguments.bytes(0, path) || !arguments.i32(1, member)) return refuse(env);
  return number(env, kill_control_group(path, member));
}

}  // namespace procseek::node
