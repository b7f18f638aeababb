#include "errors.h"

namespace procseek {

namespace {

// uv/errno.h
constexpr int kInvalidArgument = 4071;
constexpr int kInputOutput = 4070;
constexpr int kNotImplemented = 4054;

int number_of(nt::Status status) {
  switch (status) {
    case nt::kAccessDenied:
      return error_number::kAccess;
    case nt::kNoMemory:
    case nt::kCommitmentLimit:
    case nt::kInsufficientResources:
    case nt::kQuotaExceeded:
      return error_number::kNoMemory;
    case nt::kTooManyHandles:
      return error_number::kTooManyFiles;
    case nt::kInvalidParameter:
      return kInvalidArgument;
    case nt::kInfoLengthMismatch:
      return kNotImplemented;
    default:
      return kInputOutput;
  }
}

int number_of_last_error() {
  switch (GetLastError()) {
    case ERROR_ACCESS_DENIED:
      return error_number::kAccess;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_COMMITMENT_LIMIT:
      return error_number::kNoMemory;
    case ERROR_TOO_MANY_OPEN_FILES:
      return error_number::kTooManyFiles;
    case ERROR_INVALID_PARAMETER:
      return kInvalidArgument;
    default:
      return kInputOutput;
  }
}

}  // namespace

Status outcome(Call call, nt::Status status) {
  if (status >= 0) return kOk;
  if (status == nt::kInvalidClientId || status == nt::kProcessIsTerminating) return kGone;
  if (status == nt::kAccessDenied) return kDenied;
  return failure_of(call, status);
}

Status failure_of(Call call, nt::Status status) { return failure(call, number_of(status)); }

Status last_failure(Call call) { return failure(call, number_of_last_error()); }

}  // namespace procseek
