// The error numbers that code knowing no operating system speaks of: the negated keys of
// util.getSystemErrorMap() in Node.js, which are the system's own, but for Windows.
#pragma once

#if !defined(_WIN32)
#include <cerrno>
#endif

namespace procseek::error_number {

#if defined(_WIN32)
// Those of libuv (uv/errno.h), for the ones of Windows are of another kind.
constexpr int kAccess = 4092;
constexpr int kNoMemory = 4057;
constexpr int kTooManyFiles = 4066;
constexpr int kFileTableFull = 4061;
constexpr int kNotSupported = 4049;
constexpr int kTryAgain = 4088;
#else
constexpr int kAccess = EACCES;
constexpr int kNoMemory = ENOMEM;
constexpr int kTooManyFiles = EMFILE;
constexpr int kFileTableFull = ENFILE;
constexpr int kNotSupported = EOPNOTSUPP;
constexpr int kTryAgain = EAGAIN;
#endif

}  // namespace procseek::error_number
