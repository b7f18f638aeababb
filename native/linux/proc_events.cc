#include "proc_events.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstring>

#include "../platform.h"
#include "../wait_status.h"
#include "obstacles.h"

namespace procseek {

namespace {

// linux/connector.h and linux/cn_proc.h, of which older headers lack a part.
constexpr uint32_t kProcConnector = 1;  // CN_IDX_PROC, and CN_VAL_PROC
constexpr uint32_t kListen = 1;         // PROC_CN_MCAST_LISTEN

constexpr uint32_t kReceipt = 0;
constexpr uint32_t kFork = 0x1;
constexpr uint32_t kExec = 0x2;
constexpr uint32_t kUid = 0x4;
constexpr uint32_t kComm = 0x200;
constexpr uint32_t kExit = 0x80000000;
constexpr uint32_t kWanted = kFork | kExec | kUid | kComm | kExit;
constexpr uint32_t kAll = 0xe00003c7;  // PROC_EVENT_ALL

struct ConnectorMessage {  // struct cn_msg
  uint32_t index;
  uint32_t value;
  uint32_t sequence;
  uint32_t acknowledged;
  uint16_t length;
  uint16_t flags;
};

struct ProcEvent {  // struct proc_event
  uint32_t what;
  uint32_t cpu;
  uint32_t timestamp[2];
  // fork: PID and TGID of the parent, and of the child; exec, uid, comm: PID and TGID; exit: PID,
  // TGID, status; receipt: error.
  uint32_t numbers[6];
};

constexpr std::string_view kReadingFailed = "reading process events failed";

constexpr size_t kEventOffset = sizeof(nlmsghdr) + sizeof(ConnectorMessage);

constexpr uint32_t offset_of_number(uint32_t index) {
  return static_cast<uint32_t>(kEventOffset + offsetof(ProcEvent, numbers) + index * 4);
}

// Lets through what concerns processes, and drops what concerns their other threads, in the kernel.
bool attach_filter(int socket) {
  constexpr auto what = static_cast<uint32_t>(kEventOffset + offsetof(ProcEvent, what));
  auto load = [](uint32_t offset) -> sock_filter {
    return {BPF_LD | BPF_W | BPF_ABS, 0, 0, offset};
  };
  auto if_equal = [](uint32_t value, uint8_t yes, uint8_t no) -> sock_filter {
    return {BPF_JMP | BPF_JEQ | BPF_K, yes, no, __builtin_bswap32(value)};
  };
  constexpr sock_filter to_x = {BPF_MISC | BPF_TAX, 0, 0, 0};
  constexpr sock_filter if_x = {BPF_JMP | BPF_JEQ | BPF_X, 0, 1, 0};
  constexpr sock_filter accept = {BPF_RET | BPF_K, 0, 0, 0xffffffff};
  constexpr sock_filter drop = {BPF_RET | BPF_K, 0, 0, 0};
  // Loads are big-endian; on a host that is not, so are the constants.
  sock_filter program[] = {
      load(what),
      if_equal(kReceipt, 14, 0),
      if_equal(kFork, 5, 0),
      if_equal(kExec, 8, 0),
      if_equal(kUid, 7, 0),
      if_equal(kComm, 6, 0),
      if_equal(kExit, 5, 0),
      drop,
      load(offset_of_number(2)),  // fork
      to_x,
      load(offset_of_number(3)),
      {BPF_JMP | BPF_JA, 0, 0, 3},
      load(offset_of_number(0)),  // the others
      to_x,
      load(offset_of_number(1)),
      if_x,
      accept,
      drop,
  };
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  for (sock_filter& step : program) {
    if (step.code == (BPF_JMP | BPF_JEQ | BPF_K)) step.k = __builtin_bswap32(step.k);
  }
#endif
  sock_fprog filter = {static_cast<unsigned short>(sizeof program / sizeof *program), program};
  return ::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0;
}

void append(char* text, size_t size, std::string_view more) {
  size_t length = std::strlen(text);
  size_t count = more.copy(text + length, size - 1 - length);
  text[length + count] = '\0';
}

}  // namespace

bool parse_proc_event(std::string_view message, Change& ret_change, Receipt& ret_receipt) {
  nlmsghdr header;
  ConnectorMessage connector;
  ProcEvent event = {};
  ret_receipt = {};
  if (message.size() < kEventOffset + offsetof(ProcEvent, numbers)) return false;
  std::memcpy(&header, message.data(), sizeof header);
  std::memcpy(&connector, message.data() + sizeof header, sizeof connector);
  if (connector.index != kProcConnector || connector.value != kProcConnector) return false;
  size_t rest = message.size() - kEventOffset;
  std::memcpy(&event, message.data() + kEventOffset, rest < sizeof event ? rest : sizeof event);

  // How many numbers each kind brings along, at least.
  size_t needed = event.what == kReceipt ? 1
                  : event.what == kFork  ? 4
                  : event.what == kExit  ? 3
                                         : 2;
  if (rest < offsetof(ProcEvent, numbers) + needed * sizeof(uint32_t)) return false;
  const uint32_t* numbers = event.numbers;
  bool is_leader = numbers[0] == numbers[1];
  ret_change = Change();
  ret_change.pid = static_cast<int32_t>(numbers[1]);
  uint64_t nanoseconds;
  std::memcpy(&nanoseconds, event.timestamp, sizeof nanoseconds);
  ret_change.time = static_cast<int64_t>(nanoseconds / 1000000);
  switch (event.what) {
    case kReceipt:
      ret_receipt = {true, numbers[0]};
      return false;
    case kFork:
      ret_change.kind = Change::forked;
      ret_change.pid = static_cast<int32_t>(numbers[3]);
      is_leader = numbers[2] == numbers[3];
      break;
    case kExec:
      ret_change.kind = Change::executed;
      break;
    case kUid:
    case kComm:
      ret_change.kind = Change::renamed;
      break;
    case kExit:
      ret_change.kind = Change::exited;
      ret_change.exit = exit_of(numbers[2]);
      break;
    default:
      return false;
  }
  return is_leader && ret_change.pid > 0;
}

Status ProcEvents::refuse(Call call, int error, std::string_view reason) {
  socket_.reset();
  why_not_[0] = '\0';
  append(why_not_, sizeof why_not_, reason);
  return failure(call, error);
}

Status ProcEvents::open() {
  overflows_ = 0;
  is_overflowing_ = false;
  why_not_[0] = '\0';
  Status status = check_release();
  if (status == kOk) status = check_namespaces();
  if (status == kOk) status = listen();
  return status;
}

Status ProcEvents::check_release() {
  utsname host;
  if (::uname(&host) != 0 || !is_older_than(host.release, 3, 2)) return kOk;
  return refuse(Call::socket, ENOSYS, "before Linux 3.2 process events do not tell of new names");
}

// Elsewhere the kernel would not answer at all. The numbers are those of linux/proc_ns.h.
Status ProcEvents::check_namespaces() {
  const struct {
    const char* link;
    std::string_view initial;
    std::string_view reason;
  } namespaces[] = {
      {"/proc/self/ns/pid", "pid:[4026531836]", "not in the initial PID namespace"},
      {"/proc/self/ns/user", "user:[4026531837]", "not in the initial user namespace"},
  };
  for (const auto& one : namespaces) {
    char target[64];
    ssize_t length = ::readlink(one.link, target, sizeof target);
    if (length < 0 || std::string_view(target, static_cast<size_t>(length)) == one.initial) {
      continue;
    }
    return refuse(Call::socket, EOPNOTSUPP, one.reason);
  }
  return kOk;
}

Status ProcEvents::listen() {
  constexpr int kBufferSize = 1 << 20;  // the host's limit (net.core.rmem_max) is respected
  socket_ = Fd(::socket(PF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
  if (!socket_) return refuse(Call::socket, errno, "the kernel has no netlink connector");
  sockaddr_nl address = {};
  address.nl_family = AF_NETLINK;
  address.nl_groups = kProcConnector;
  if (!attach_filter(socket_.get())) {
    return refuse(Call::socket, errno, "the socket takes no filter");
  }
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    return refuse(Call::bind, errno,
                  "the kernel refuses process events: before Linux 6.6 they take CAP_NET_ADMIN");
  }
  (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &kBufferSize, sizeof kBufferSize);

  // Kernels before 6.6 know no mask of events, and pass over a request with one. Later ones send
  // the receipt only to those who want all events (cn_filter()).
  Status status = subscribe(0, false);
  bool is_listening = status == kOk && is_acknowledged();
  if (status == kOk && !is_listening) {
    status = subscribe(kAll, true);
    is_listening = status == kOk && is_acknowledged();
  }
  if (is_listening) {
    status = subscribe(kWanted, true);
    return status == kOk ? status : refuse(Call::send, error_of(status), kReadingFailed);
  }
  if (status != kOk) {
    return refuse(Call::send, error_of(status),
                  "the kernel has no process events here (CONFIG_PROC_EVENTS; only in the initial "
                  "network namespace)");
  }
  return refuse(Call::recv, ETIMEDOUT,
                "the kernel does not acknowledge: process events are for "
                "the initial namespaces alone");
}

Status ProcEvents::subscribe(uint32_t events, bool with_mask) {
  struct {
    nlmsghdr header;
    ConnectorMessage connector;
    uint32_t input[2];  // struct proc_input; the first alone before Linux 6.6
  } request = {};
  uint16_t input = with_mask ? 8 : 4;
  request.header.nlmsg_len = static_cast<uint32_t>(kEventOffset + input);
  request.header.nlmsg_type = NLMSG_DONE;
  request.connector.index = request.connector.value = kProcConnector;
  request.connector.length = input;
  request.input[0] = kListen;
  request.input[1] = events;
  ssize_t sent = ::send(socket_.get(), &request, request.header.nlmsg_len, MSG_NOSIGNAL);
  return sent >= 0 ? Status{kOk} : failure(Call::send, errno);
}

// The kernel answers before send(2) returns; a busy host may have other events in front of it. What
// is passed over concerns the time before the first pass.
bool ProcEvents::is_acknowledged() {
  constexpr int64_t kTimeout = 100;
  constexpr int kMostMessages = 1000;  // whatever comes in place of the receipt
  int64_t deadline = steady_clock() + kTimeout;
  for (int i = 0; i < kMostMessages; i++) {
    char buffer[256];
    size_t length;
    Change change;
    Receipt receipt;
    Status status = receive(buffer, sizeof buffer, length);
    if (status == kOk) {
      (void)parse_proc_event({buffer, length}, change, receipt);
      if (receipt.is_one) return receipt.error == 0;
      continue;
    }
    if (status < 0 && error_of(status) != ENOBUFS) return false;
    int64_t left = deadline - steady_clock();
    pollfd ready = {socket_.get(), POLLIN, 0};
    if (left <= 0) return false;
    if (::poll(&ready, 1, static_cast<int>(left)) < 0 && errno != EINTR) return false;
  }
  return false;
}

// kEnd when there is nothing at the moment; kPending for a message that is not the kernel's.
Status ProcEvents::receive(char* buffer, size_t size, size_t& ret_length) {
  constexpr int kMostInterruptions = 100;
  sockaddr_nl sender = {};
  socklen_t sender_size = sizeof sender;
  ssize_t length = -1;
  for (int i = 0; i == 0 || (length < 0 && errno == EINTR && i < kMostInterruptions); i++) {
    length = ::recvfrom(socket_.get(), buffer, size, MSG_DONTWAIT,
                        reinterpret_cast<sockaddr*>(&sender), &sender_size);
  }
  if (length < 0) return errno == EAGAIN ? Status{kEnd} : failure(Call::recv, errno);
  if (sender.nl_pid != 0) return kPending;  // any process can write to the socket
  ret_length = static_cast<size_t>(length);
  return kOk;
}

Status ProcEvents::next(Change& ret_change) {
  constexpr int kMostMessages = 256;
  char buffer[256];
  size_t length;
  Status status = kOk;
  for (int i = 0; i < kMostMessages && (status == kOk || status == kPending); i++) {
    status = receive(buffer, sizeof buffer, length);
    Receipt receipt;
    if (status == kOk && parse_proc_event({buffer, length}, ret_change, receipt)) return kOk;
  }
  // Until all has been read that there was room for, the kernel drops whatever comes, and says so
  // once, at the begin (netlink_overrun(), netlink_rcv_wake()).
  bool begins = status == failure(Call::recv, ENOBUFS);
  if (begins || (status == kEnd && is_overflowing_)) {
    is_overflowing_ = begins;
    ret_change = Change();
    ret_change.kind = Change::lost;
    overflows_ += begins;
    return kOk;
  }
  if (status < 0) return refuse(Call::recv, error_of(status), kReadingFailed);
  return status == kOk ? Status{kPending} : status;
}

namespace {

// What the kernel tells of a socket's memory: SO_MEMINFO, Linux 4.12.
bool ask_memory(int socket, uint32_t (&ret_info)[9]) {
  constexpr int kMemoryInfo = 55;
  socklen_t size = sizeof ret_info;
  return ::getsockopt(socket, SOL_SOCKET, kMemoryInfo, ret_info, &size) == 0;
}

}  // namespace

uint64_t ProcEvents::lost() const {
  constexpr size_t kDrops = 8;  // SK_MEMINFO_DROPS
  uint32_t info[9] = {};
  if (!socket_) return 0;
  return ask_memory(socket_.get(), info) ? info[kDrops] : overflows_;
}

int64_t ProcEvents::backlog() const {
  constexpr size_t kWaiting = 0;              // SK_MEMINFO_RMEM_ALLOC
  constexpr uint32_t kMostPerMessage = 1280;  // it takes 832 bytes on Linux 6.18
  uint32_t info[9] = {};
  if (!socket_ || !ask_memory(socket_.get(), info)) return 0;
  return info[kWaiting] / kMostPerMessage;
}

}  // namespace procseek
