// Waits for ends by what the system's own thread pool waits for. It fills no queue that could be
// full: those that have ended form a list of themselves, so that no end is lost for want of memory.
//
// Nothing tells of starts, renames and ends of all processes but event tracing (ETW), which is for
// administrators.
#include "../news.h"

#include <new>

#include "../mutex.h"
#include "../platform.h"
#include "errors.h"
#include "held_process.h"

namespace procseek {

namespace {

class WindowsNews final : public News, public EndListener {
 public:
  Status open() {
    woken_ = Handle(CreateEventW(nullptr, FALSE, FALSE, nullptr));
    return woken_ ? Status{kOk} : last_failure(Call::CreateEventW);
  }

  Status subscribe() override { return kUnsupported; }
  void unsubscribe() override {}
  const char* why_not() const override {
    return "Windows tells nobody of processes' starts without administrator's rights (ETW)";
  }
  uint64_t lost() const override { return 0; }

  Status wait(int64_t timeout, Change* ret_changes, size_t most, size_t& ret_count) override {
    ret_count = 0;
    take(ret_changes, most, ret_count);
    if (ret_count != 0) return kOk;
    DWORD limit = timeout < 0 || timeout >= INFINITE ? INFINITE : static_cast<DWORD>(timeout);
    DWORD outcome = WaitForSingleObject(woken_.get(), limit);
    if (outcome == WAIT_OBJECT_0) take(ret_changes, most, ret_count);
    if (outcome != WAIT_FAILED) return kOk;
    // The list is filled all the same.
    constexpr int64_t kDeafPause = 20;
    pause_thread(kDeafPause);
    take(ret_changes, most, ret_count);
    return kOk;
  }

  void wake() override { (void)SetEvent(woken_.get()); }

  Status follow(const ProcessHandle& handle, int32_t token) override {
    auto* held = reinterpret_cast<HeldProcess*>(handle.native());
    held->listener = this;
    held->token = token;
    // The callback does not take long, hence the thread that waits.
    constexpr ULONG kOnce = WT_EXECUTEONLYONCE | WT_EXECUTEINWAITTHREAD;
    if (RegisterWaitForSingleObject(&held->wait, held->process.get(), call, held, INFINITE,
                                    kOnce)) {
      return kOk;
    }
    held->wait = nullptr;
    held->listener = nullptr;
    return last_failure(Call::RegisterWaitForSingleObject);
  }

  void has_ended(HeldProcess& held) override {
    {
      Lock lock(mutex_);
      held.next = ended_;
      held.is_untold = true;
      ended_ = &held;
    }
    wake();
  }

  void forget(HeldProcess& held) override {
    // Returns when the callback is over, which waits for nothing but the mutex below.
    if (held.wait != nullptr) (void)UnregisterWaitEx(held.wait, INVALID_HANDLE_VALUE);
    Lock lock(mutex_);
    if (!held.is_untold) return;
    HeldProcess** place = &ended_;
    while (*place != &held) place = &(*place)->next;
    *place = held.next;
  }

 private:
  static void CALLBACK call(void* held, BOOLEAN) {
    auto* process = static_cast<HeldProcess*>(held);
    process->listener->has_ended(*process);
  }

  void take(Change* ret_changes, size_t most, size_t& ret_count) {
    Lock lock(mutex_);
    while (ended_ != nullptr && ret_count < most) {
      Change& change = ret_changes[ret_count++];
      change = Change();
      change.kind = Change::handle_over;
      change.token = ended_->token;
      ended_->is_untold = false;
      ended_ = ended_->next;
    }
  }

  Handle woken_;
  Mutex mutex_;
  HeldProcess* ended_ = nullptr;
};

}  // namespace

Status make_news(std::unique_ptr<News>& ret_news) {
  std::unique_ptr<WindowsNews> news(new (std::nothrow) WindowsNews);
  if (news == nullptr) return out_of_memory();
  Status status = news->open();
  if (status == kOk) ret_news = std::move(news);
  return status;
}

}  // namespace procseek
