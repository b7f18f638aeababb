// How a process ended, as wait(2) puts it.
#pragma once

#include <cstdint>

#include "process.h"

namespace procseek {

constexpr Exit exit_of(uint32_t status) {
  Exit exit;
  exit.signal = static_cast<int32_t>(status & 0x7f);
  if (exit.signal == 0) exit.code = (status >> 8) & 0xff;
  return exit;
}

}  // namespace procseek
