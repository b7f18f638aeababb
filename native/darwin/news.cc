// One kqueue(2) for the ends of processes, and for being woken.
#include "../news.h"

#include <sys/event.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "../platform.h"
#include "handle.h"

namespace procseek {

namespace {

class DarwinNews final : public News {
 public:
  ~DarwinNews() override {
    if (queue_ >= 0) ::close(queue_);
  }

  Status open() {
    queue_ = ::kqueue();
    if (queue_ < 0) return failure(Call::kqueue, errno);
    return change(kWake, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0);
  }

  // The kernel tells of the forks of a process to whoever asks about that process, which takes one
  // that exists; and of all processes to those alone that Apple has entitled to it.
  Status subscribe() override { return kUnsupported; }
  void unsubscribe() override {}
  const char* why_not() const override {
    return "macOS tells of all processes only to programs that Apple has entitled to it (Endpoint "
           "Security)";
  }
  uint64_t lost() const override { return 0; }

  Status wait(int64_t timeout, Change* ret_changes, size_t most, size_t& ret_count) override {
    constexpr int kMost = 32;
    constexpr int64_t kDeafPause = 100;
    constexpr int64_t kLongest = 24 * 60 * 60 * 1000;  // the kernel refuses very long ones
    struct kevent ready[kMost];
    ret_count = 0;
    timespec limit{};
    int64_t rest = std::min(timeout, kLongest);
    limit.tv_sec = static_cast<time_t>(rest / 1000);
    limit.tv_nsec = static_cast<long>(rest % 1000 * 1000000);
    int room = static_cast<int>(std::min<size_t>(most, kMost));
    int count = ::kevent(queue_, nullptr, 0, ready, room, timeout < 0 ? nullptr : &limit);
    if (count < 0) {
      if (errno == EINTR) return kOk;
      pause_thread(timeout < 0 || timeout > kDeafPause ? kDeafPause : timeout);
      return kUnsupported;
    }
    for (int i = 0; i < count; i++) {
      if (ready[i].filter != EVFILT_READ) continue;
      Change& change = ret_changes[ret_count++];
      change = Change();
      change.kind = Change::handle_over;
      change.token = static_cast<int32_t>(reinterpret_cast<intptr_t>(ready[i].udata));
    }
    return kOk;
  }

  void wake() override { (void)change(kWake, EVFILT_USER, 0, NOTE_TRIGGER, 0); }

  // Once: a process has one end. One that has ended already is told of at once.
  Status follow(const ProcessHandle& handle, int32_t token) override {
    const HandleState* state = state_of(handle);
    return change(static_cast<uintptr_t>(state->queue), EVFILT_READ, EV_ADD | EV_CLEAR, 0, token);
  }

 private:
  static constexpr uintptr_t kWake = 1;

  Status change(uintptr_t about, int16_t filter, uint16_t flags, uint32_t notes, int32_t token) {
    struct kevent event;
    EV_SET(&event, about, filter, flags, notes, 0,
           reinterpret_cast<void*>(static_cast<intptr_t>(token)));
    return ::kevent(queue_, &event, 1, nullptr, 0, nullptr) == 0 ? Status{kOk}
                                                                 : failure(Call::kevent, errno);
  }

  int queue_ = -1;
};

}  // namespace

Status make_news(std::unique_ptr<News>& ret_news) {
  std::unique_ptr<DarwinNews> news(new (std::nothrow) DarwinNews);
  if (news == nullptr) return out_of_memory();
  Status status = news->open();
  if (status == kOk) ret_news = std::move(news);
  return status;
}

}  // namespace procseek
