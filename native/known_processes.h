// What is remembered of all processes: their comms, to be found by PID and by comm. At most 40
// bytes per process. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "name.h"

namespace procseek {

struct KnownProcess {
  enum Flag : uint8_t {
    kSilent = 1,  // its comm may change without a word
    kEnded = 2,   // told to have ended; it may have yet to be reaped
    kSeen = 4,    // a mark of whoever goes over all of them
  };

  int32_t pid = 0;
  uint32_t stamp = 0;  // see Record; 0: not known
  uint32_t next = 0;   // with a like comm: position + 1, 0 for none
  char text[kCommLength] = {};
  uint8_t flags = 0;

  std::string_view comm() const;
};

class KnownProcesses {
 public:
  KnownProcesses() = default;
  KnownProcesses(const KnownProcesses&) = delete;
  KnownProcesses& operator=(const KnownProcesses&) = delete;
  ~KnownProcesses();

  size_t size() const { return size_; }
  size_t memory() const;

  // Null when it is not known. Valid until the next insertion or erasure.
  KnownProcess* find(int32_t pid);
  // Its comm as it is now, by which it is found from then on. False when there is no memory.
  bool insert(int32_t pid, uint32_t stamp, std::string_view comm, uint8_t flags);
  void erase(int32_t pid);
  void clear();

  // visit(known): all whose comm has this hash (and some more), in no particular order.
  template <class Visit>
  void for_each_like(uint32_t hash, Visit visit) const {
    if (capacity_ == 0) return;
    for (uint32_t at = first_like(hash); at != 0; at = slots_[at - 1].next) visit(slots_[at - 1]);
  }
  // Erases those for which keep(known) is false.
  template <class Keep>
  void retain(Keep keep);
  template <class Visit>
  void for_each(Visit visit) const {
    for (size_t at = 0; at < capacity_; at++) {
      if (slots_[at].pid > 0) visit(slots_[at]);
    }
  }

 private:
  static constexpr int32_t kErased = -1;  // as a PID; 0: free

  size_t home(int32_t pid) const;
  uint32_t& first_like(uint32_t hash) const { return chains_[hash % chain_count_]; }
  bool resize(size_t size);
  void place(const KnownProcess& known);
  void unlink(KnownProcess& known);
  void erase(KnownProcess& known);
  void shrink();

  // Searched from a PID's home on; a quarter as many chains, of those with like comms.
  KnownProcess* slots_ = nullptr;
  size_t capacity_ = 0;
  uint32_t* chains_ = nullptr;
  size_t chain_count_ = 0;
  size_t size_ = 0;
  size_t used_ = 0;  // with the erased
};

template <class Keep>
void KnownProcesses::retain(Keep keep) {
  for (size_t at = 0; at < capacity_; at++) {
    if (slots_[at].pid > 0 && !keep(slots_[at])) erase(slots_[at]);
  }
  shrink();
}

}  // namespace procseek
