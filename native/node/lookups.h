// One process, or a pass over all of them, for JavaScript; described in src/binding.ts.
#pragma once

#include <node_api.h>

#include <string_view>

#include "../query.h"
#include "values.h"

namespace procseek::node {

// A query as JavaScript hands it over: `by`, flags, `uid`, `ppid`, `limit`, fields, names, the
// limit of texts, and the PIDs to leave out, if any.
struct QueryArguments {
  QueryOptions options;
  std::string_view names;
  bool ignore_case = false;
  const int32_t* excluded = nullptr;
  size_t excluded_count = 0;

  static constexpr size_t kCount = 9;
  // From the argument `at` on; false when they are malformed.
  bool read(const Arguments& arguments, size_t at);
  // To a query that was made with `options`.
  Status complete(Query& query) const;
};

napi_value exists(napi_env env, napi_callback_info info);
napi_value own_pid(napi_env env, napi_callback_info info);
napi_value lookup_sync(napi_env env, napi_callback_info info);
napi_value lookup(napi_env env, napi_callback_info info);
napi_value open_pass(napi_env env, napi_callback_info info);
napi_value add_query(napi_env env, napi_callback_info info);
napi_value next_sync(napi_env env, napi_callback_info info);
napi_value next(napi_env env, napi_callback_info info);
napi_value cancel(napi_env env, napi_callback_info info);
napi_value close(napi_env env, napi_callback_info info);
napi_value pass_cost(napi_env env, napi_callback_info info);
napi_value children(napi_env env, napi_callback_info info);

}  // namespace procseek::node
