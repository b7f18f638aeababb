// One epoll(7) for the kernel's process events, for pidfds, and for being woken.
#include "../news.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <climits>
#include <new>

#include "../platform.h"
#include "files.h"
#include "proc_events.h"

namespace procseek {

namespace {

// What epoll hands back: a token, or one of these.
constexpr uint64_t kEvents = uint64_t{1} << 32;
constexpr uint64_t kWake = uint64_t{2} << 32;

class LinuxNews final : public News {
 public:
  Status open() {
    epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) return failure(Call::epoll_create1, errno);
    wake_ = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) return failure(Call::eventfd, errno);
    return add(wake_.get(), EPOLLIN, kWake);
  }

  Status subscribe() override {
    Status status = events_.open();
    return status == kOk ? add(events_.fd(), EPOLLIN, kEvents) : status;
  }

  void unsubscribe() override {
    lost_before_ = lost();
    events_.close();
    has_more_ = false;
  }

  const char* why_not() const override { return events_.why_not(); }

  uint64_t lost() const override { return lost_before_ + events_.lost(); }

  Status wait(int64_t timeout, Change* ret_changes, size_t most, size_t& ret_count) override {
    epoll_event ready[32];
    ret_count = 0;
    int limit = has_more_ ? 0 : static_cast<int>(timeout < INT_MAX ? timeout : INT_MAX);
    int count = ::epoll_wait(epoll_.get(), ready, 32, limit);
    if (count < 0) return errno == EINTR ? Status{kOk} : failure(Call::epoll_wait, errno);
    for (int i = 0; i < count; i++) {
      uint64_t who = ready[i].data.u64;
      if (who == kWake) {
        uint64_t wakes;
        (void)!::read(wake_.get(), &wakes, sizeof wakes);
      } else if (who == kEvents) {
        has_more_ = true;
      } else {
        Change& change = ret_changes[ret_count++];
        change = Change();
        change.kind = Change::handle_over;
        change.token = static_cast<int32_t>(static_cast<uint32_t>(who));
      }
    }
    return has_more_ ? drain(ret_changes, most, ret_count) : Status{kOk};
  }

  void wake() override {
    uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }

  // Edge by edge: the end of a process is one, and its being reaped another.
  Status follow(const ProcessHandle& handle, int32_t token) override {
    return add(static_cast<int>(handle.native()), EPOLLIN | EPOLLET, static_cast<uint32_t>(token));
  }

 private:
  Status add(int fd, uint32_t events, uint64_t who) {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = who;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0
               ? Status{kOk}
               : failure(Call::epoll_ctl, errno);
  }

  Status drain(Change* ret_changes, size_t most, size_t& ret_count) {
    while (ret_count < most) {
      Status status = events_.next(ret_changes[ret_count]);
      if (status != kOk) {
        has_more_ = false;
        return status < 0 ? status : Status{kOk};
      }
      ret_count++;
    }
    return kOk;
  }

  Fd epoll_;
  Fd wake_;
  ProcEvents events_;
  uint64_t lost_before_ = 0;
  bool has_more_ = false;
};

}  // namespace

Status make_news(std::unique_ptr<News>& ret_news) {
  std::unique_ptr<LinuxNews> news(new (std::nothrow) LinuxNews);
  if (news == nullptr) return out_of_memory();
  Status status = news->open();
  if (status == kOk) ret_news = std::move(news);
  return status;
}

}  // namespace procseek
