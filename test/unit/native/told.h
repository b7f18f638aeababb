// What a watch has told, in short: "+5eb" a match (existing, a birth), "-5" a process that is no
// match (any more), "x5 0" its end by code 0, "x5 SIG9", "x5 ?", and "ready", "pass", "events",
// "polling".
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rows.h"
#include "watch.h"

using Told = std::vector<std::string>;

template <>
struct doctest::StringMaker<Told> {
  static String convert(const Told& told) {
    std::string text;
    for (const std::string& one : told) text += (text.empty() ? "" : ", ") + one;
    return text.c_str();
  }
};

struct ReleaseWatch {
  void operator()(procseek::Watch* watch) const { watch->release(); }
};
using HeldWatch = std::unique_ptr<procseek::Watch, ReleaseWatch>;

struct Taken {
  Told told;
  std::vector<uint32_t> numbers;  // of matches, to forget them by
  bool has_to_wake = false;
};

inline std::string text_of(const procseek::Exit& exit) {
  if (exit.signal != 0) return " SIG" + std::to_string(exit.signal);
  return exit.code < 0 ? " ?" : " " + std::to_string(exit.code);
}

// Likewise, as it crosses to JavaScript.
inline std::string text_of_exit(int32_t code, int32_t signal) {
  return text_of({signal == 0 ? int64_t{static_cast<uint32_t>(code)} : -1, std::max(signal, 0)});
}

// Of a watch that tells the PID, and a comm behind it if it is `with_text`.
inline Taken take(procseek::Watch& watch, bool with_text = false) {
  using procseek::Watch;
  Taken taken;
  procseek::Bytes told;
  procseek::Batch batch(watch.query().told_fields(), watch.query().text_limit());
  taken.has_to_wake = watch.take(told, batch);
  std::vector<Row> rows = rows_of(batch, 0, with_text ? 2 : 1);
  size_t row = 0;
  auto* entry = reinterpret_cast<const int32_t(*)[4]>(told.data());
  for (size_t i = 0; i < told.size() / sizeof *entry; i++) {
    auto [what, a, b, c] = entry[i];
    switch (what) {
      case Watch::kSeen: {
        std::string text = (a & Watch::kIsMatch) ? "+" : "-";
        text += std::to_string(rows.at(row++).ints[0]);
        if (a & Watch::kIsExisting) text += "e";
        if (a & Watch::kIsBirth) text += "b";
        taken.told.push_back(text);
        taken.numbers.push_back(static_cast<uint32_t>(b));
        break;
      }
      case Watch::kExited:
        taken.told.push_back("x" + std::to_string(a) + text_of_exit(b, c));
        break;
      case Watch::kReady:
        taken.told.push_back(a == 0 ? "ready" : "failed " + std::to_string(a));
        break;
      case Watch::kPassed:
        taken.told.push_back("pass");
        break;
      default:
        taken.told.push_back(a == 1 ? "events" : "polling");
    }
  }
  if (row != rows.size()) taken.told.push_back("rows that nothing tells of");
  return taken;
}
