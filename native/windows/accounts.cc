#include "accounts.h"

#include <cstring>

#include "errors.h"
#include "handle.h"
#include "text.h"

namespace procseek {

namespace {

Status denied_or_failure(Call call) {
  Status status = last_failure(call);
  return error_of(status) == error_number::kNoMemory ? status : Status{kDenied};
}

}  // namespace

Status Accounts::append_name(HANDLE process, Bytes& text) {
  HANDLE opened = nullptr;
  if (!OpenProcessToken(process, TOKEN_QUERY, &opened)) {
    return denied_or_failure(Call::OpenProcessToken);
  }
  Handle token(opened);
  alignas(TOKEN_USER) char buffer[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  DWORD size;
  if (!GetTokenInformation(token.get(), TokenUser, buffer, sizeof buffer, &size)) {
    return denied_or_failure(Call::GetTokenInformation);
  }
  auto* sid = static_cast<SID*>(reinterpret_cast<TOKEN_USER*>(buffer)->User.Sid);
  size_t count = used_ < kEntries ? used_ : kEntries;
  for (size_t i = 0; i < count; i++) {
    Entry& entry = entries_[i];
    if (!EqualSid(entry.sid, sid)) continue;
    if (!entry.exists) return kGone;
    return text.append(std::string_view(entry.name, entry.length)) ? kOk : out_of_memory();
  }

  size_t offset = text.size();
  Status status = look_up(sid, text);
  size_t length = text.size() - offset;
  if (status < 0 || length > kNameLength) return status;
  Entry& entry = entries_[used_++ % kEntries];
  (void)CopySid(sizeof entry.sid, entry.sid, sid);
  entry.exists = status == kOk;
  entry.length = static_cast<uint8_t>(length);
  if (length != 0) std::memcpy(entry.name, text.data() + offset, length);
  return status;
}

// Asks the host's own database, and a domain's server where it has one: it may take its time.
Status Accounts::look_up(SID* sid, Bytes& text) {
  WCHAR name[256 + 1];  // UNLEN
  WCHAR domain[256 + 1];
  DWORD name_length = 257;
  DWORD domain_length = 257;
  SID_NAME_USE use;
  if (!LookupAccountSidW(nullptr, sid, name, &name_length, domain, &domain_length, &use)) {
    Status status = last_failure(Call::LookupAccountSidW);
    return error_of(status) == error_number::kNoMemory ? status : Status{kGone};
  }
  WideText found = {reinterpret_cast<const char*>(name), name_length};
  return append_utf8(found, text) ? kOk : out_of_memory();
}

}  // namespace procseek
