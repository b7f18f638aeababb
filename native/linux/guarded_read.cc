#include "guarded_read.h"

#include <new>

#include "../platform.h"
#include "parse.h"

namespace procseek {

namespace {

constexpr char kKind = 0;  // stands for the class, by its address

// Whether a thread of the process is in uninterruptible sleep, as one is that holds or waits for
// the lock of its memory map while a page does not come.
bool has_uninterruptible_thread(const ProcessPlace& at) {
  constexpr int kMostThreads = 256;
  NumberedEntries threads;
  int32_t thread;
  if (threads.open(at.directory(), at.path("task").c_str()) != kOk) return false;
  for (int i = 0; i < kMostThreads && threads.next(thread) == kOk; i++) {
    char buffer[2048];
    size_t length;
    Stat stat;
    ProcPath path = at.path("task/");
    path.append(static_cast<uint32_t>(thread)).append("/stat");
    if (read_small(at.directory(), path.c_str(), buffer, sizeof buffer, length) == kOk &&
        parse_stat({buffer, length}, stat) && stat.state == State::disk_sleep) {
      return true;
    }
  }
  return false;
}

}  // namespace

class GuardedRead::Call final : public GuardedCall {
 public:
  void aim(const ProcessPlace& at, std::string_view entry, int32_t pid, size_t limit) {
    place_ = at;
    path_ = at.path(entry);
    pid_ = pid;
    limit_ = limit;
    inode_ = 0;
  }

  void make() override {
    text.clear();
    uint64_t before = system_calls_made;
    status = read_up_to(place_.directory(), path_.c_str(), limit_, text, is_cut);
    system_calls = system_calls_made - before;
  }

  // The inode of /proc/PID is made for the process.
  void identify() override {
    FileFacts facts;
    if (place_.ask(facts)) inode_ = facts.inode;
  }
  bool is_blocked_by(const GuardedCall& other) const override {
    auto& read = static_cast<const Call&>(other);
    return pid_ == read.pid_ && inode_ == read.inode_;
  }
  bool seems_stuck() override { return has_uninterruptible_thread(place_); }
  const void* kind() const override { return &kKind; }

  Bytes text;
  Status status = kOk;
  bool is_cut = false;
  uint64_t system_calls = 0;

 private:
  ProcessPlace place_{-1, ProcPath()};
  ProcPath path_;
  int32_t pid_ = 0;
  size_t limit_ = 0;
  uint64_t inode_ = 0;
};

Status GuardedRead::read(const ProcessPlace& at, std::string_view entry, int32_t pid, size_t limit,
                         Bytes& text, bool& ret_is_cut) {
  if (calls_ == nullptr) {
    return read_up_to(at.directory(), at.path(entry).c_str(), limit, text, ret_is_cut);
  }
  if (call_ == nullptr) call_.reset(new (std::nothrow) Call);
  if (call_ == nullptr) return out_of_memory();
  auto* call = static_cast<Call*>(call_.get());
  call->aim(at, entry, pid, limit);
  Status status = calls_->make(call_);
  if (status != kOk) return status;
  system_calls_made += call->system_calls;
  ret_is_cut = call->is_cut;
  if (call->status != kOk) return call->status;
  return text.append({call->text.data(), call->text.size()}) ? kOk : out_of_memory();
}

}  // namespace procseek
