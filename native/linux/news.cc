// One epoll(7) for the kernel's process events, for pidfds, and for being woken.
#include "../news.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <climits>
#include <new>

#include "../platform.h"
#include "files.h"
#include "proc_events.h"
#include "time_namespace.h"

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
    // Never read: that it becomes readable once more is what wakes.
    wake_ = Fd(::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) return failure(Call::eventfd, errno);
    return add(wake_.get(), EPOLLIN | EPOLLET, kWake);
  }

  Status subscribe() override {
    has_offset_ = read_monotonic_offset(offset_);
    is_refused_ = false;
    Status status = events_.open();
    if (status != kOk) return status;
    status = add(events_.fd(), EPOLLIN, kEvents);
    is_refused_ = status != kOk;
    if (is_refused_) events_.close();
    return status;
  }

  void unsubscribe() override {
    lost_before_ = lost();
    events_.close();
    has_more_ = false;
  }

  const char* why_not() const override {
    return is_refused_ ? "the system's process events cannot be waited for (epoll_ctl)"
                       : events_.why_not();
  }

  uint64_t lost() const override { return lost_before_ + events_.lost(); }

  Status wait(int64_t timeout, Change* ret_changes, size_t most, size_t& ret_count) override {
    epoll_event ready[32];
    ret_count = 0;
    int limit = has_more_ ? 0 : static_cast<int>(timeout < INT_MAX ? timeout : INT_MAX);
    int count = ::epoll_wait(epoll_.get(), ready, 32, limit);
    if (count < 0)
      return errno == EINTR ? Status{kOk} : do_without(limit, ret_changes, most, ret_count);
    for (int i = 0; i < count; i++) {
      uint64_t who = ready[i].data.u64;
      if (who == kWake) continue;
      if (who == kEvents) {
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
    if (::write(wake_.get(), &one, sizeof one) >= 0) return;
    // It is readable already: being asked about anew tells that as well.
    (void)control(EPOLL_CTL_MOD, wake_.get(), EPOLLIN | EPOLLET, kWake);
  }

  // Edge by edge: the end of a process is one, and its being reaped another.
  Status follow(const ProcessHandle& handle, int32_t token) override {
    return add(static_cast<int>(handle.native()), EPOLLIN | EPOLLET, static_cast<uint32_t>(token));
  }

 private:
  Status add(int fd, uint32_t events, uint64_t who) {
    return control(EPOLL_CTL_ADD, fd, events, who);
  }

  Status control(int operation, int fd, uint32_t events, uint64_t who) {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = who;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? Status{kOk}
                                                                 : failure(Call::epoll_ctl, errno);
  }

  // Where epoll_wait(2) fails, there is still poll(2) for events; the ends of handles have to be
  // looked for meanwhile, and whoever wakes has to be patient.
  Status do_without(int limit, Change* ret_changes, size_t most, size_t& ret_count) {
    constexpr int kPause = 50;
    limit = limit < 0 || limit > kPause ? kPause : limit;
    pollfd events = {events_.fd(), POLLIN, 0};
    int count = ::poll(&events, 1, limit);
    if (count < 0) pause_thread(limit);
    if (count > 0) has_more_ = true;
    Status status = has_more_ ? drain(ret_changes, most, ret_count) : Status{kOk};
    return status < 0 ? status : Status{kUnsupported};
  }

  Status drain(Change* ret_changes, size_t most, size_t& ret_count) {
    while (ret_count < most) {
      Status status = events_.next(ret_changes[ret_count]);
      if (status != kOk) {
        has_more_ = false;
        return status < 0 ? status : Status{kOk};
      }
      correct(ret_changes[ret_count++]);
    }
    return kOk;
  }

  // The time of a change is the host's.
  void correct(Change& change) const {
    if (change.time == 0) return;
    change.time = has_offset_ ? change.time + offset_ : 0;
  }

  Fd epoll_;
  Fd wake_;
  ProcEvents events_;
  uint64_t lost_before_ = 0;
  bool has_more_ = false;
  bool is_refused_ = false;
  bool has_offset_ = false;
  int64_t offset_ = 0;  // from the host's steady clock to this process's, in milliseconds
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
