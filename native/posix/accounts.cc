#include "accounts.h"

#include <pwd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace procseek {

namespace {

constexpr char kKind = 0;  // stands for the class below, by its address

// getpwuid_r(3) asks whatever the host is configured to ask, a directory server included: it may
// take its time, and may run out of file descriptors.
Status ask_for_name(uint32_t uid, Bytes& text) {
  constexpr size_t kLargest = 1 << 20;
  Bytes strings;
  for (size_t size = 1024; size <= kLargest; size *= 4) {
    if (!strings.reserve(size)) return out_of_memory();
    passwd account;
    passwd* found = nullptr;
    int error = ::getpwuid_r(uid, &account, strings.data(), strings.room(), &found);
    if (error == ERANGE || error == EINTR) continue;
    if (error == EMFILE || error == ENFILE || error == ENOMEM) {
      return failure(procseek::Call::getpwuid_r, error);
    }
    // Other errors are this host's many ways to say that there is none (see the manual page).
    if (found == nullptr) return kGone;
    return text.append(std::string_view(account.pw_name)) ? kOk : out_of_memory();
  }
  return kGone;
}

}  // namespace

class Accounts::Call final : public GuardedCall {
 public:
  void make() override {
    name.clear();
    status = ask_for_name(uid, name);
  }
  // The C library asks for one account after the other.
  bool is_blocked_by(const GuardedCall&) const override { return true; }
  const void* kind() const override { return &kKind; }

  uint32_t uid = 0;
  Bytes name;
  Status status = kOk;
};

Status Accounts::append_name(uint32_t uid, Bytes& text) {
  size_t count = used_ < kEntries ? used_ : kEntries;
  for (size_t i = 0; i < count; i++) {
    const Entry& entry = entries_[i];
    if (entry.uid != uid) continue;
    if (!entry.exists) return kGone;
    return text.append(std::string_view(entry.name, entry.length)) ? kOk : out_of_memory();
  }

  size_t offset = text.size();
  Status status = look_up(uid, text);
  size_t length = text.size() - offset;
  if (status < 0 || status == kStuck || length > kNameLength) return status;
  Entry& entry = entries_[used_++ % kEntries];
  entry = {uid, status == kOk, static_cast<uint8_t>(length), {}};
  if (length != 0) std::memcpy(entry.name, text.data() + offset, length);
  return status;
}

Status Accounts::look_up(uint32_t uid, Bytes& text) {
  if (calls_ == nullptr) return ask_for_name(uid, text);
  if (call_ == nullptr) call_.reset(new (std::nothrow) Call);
  if (call_ == nullptr) return out_of_memory();
  auto* call = static_cast<Call*>(call_.get());
  call->uid = uid;
  Status status = calls_->make(call_);
  if (status != kOk) return status;
  if (call->status != kOk) return call->status;
  return text.append({call->name.data(), call->name.size()}) ? kOk : out_of_memory();
}

}  // namespace procseek
