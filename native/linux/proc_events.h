// The kernel's process events: netlink's proc connector; connector(4) is to be found in the
// kernel's Documentation/driver-api/connector.rst and drivers/connector/cn_proc.c.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../news.h"
#include "files.h"

namespace procseek {

// One message. False when it is not of interest; it may be the receipt for a subscription.
struct Receipt {
  bool is_one = false;
  uint32_t error = 0;
};
bool parse_proc_event(std::string_view message, Change& ret_change, Receipt& ret_receipt);

class ProcEvents {
 public:
  // Any user may listen since Linux 6.6; before, it takes CAP_NET_ADMIN. Outside of the initial PID
  // and user namespaces the kernel answers with silence. Called again, it starts anew: what was not
  // asked for by then is dropped.
  Status open();
  void close() { socket_.reset(); }
  int fd() const { return socket_.get(); }
  const char* why_not() const { return why_not_; }

  // One change; kEnd when there is none at the moment. Change::lost when some were lost, and again
  // when no more will be. kPending when there may be more, behind much that is not of interest.
  // After a failure it is closed.
  Status next(Change& ret_change);
  // How many were lost since it was opened; at least, before Linux 4.12.
  uint64_t lost() const;
  // How many there is still to tell of, at least; 0 before Linux 4.12.
  int64_t backlog() const;

 private:
  Status refuse(Call call, int error, std::string_view reason);
  Status check_release();
  Status check_namespaces();
  Status listen();
  Status subscribe(uint32_t events, bool with_mask);
  bool is_acknowledged();
  Status receive(char* buffer, size_t size, size_t& ret_length);

  Fd socket_;
  uint64_t overflows_ = 0;
  bool is_overflowing_ = false;
  char why_not_[160] = {};
};

}  // namespace procseek
