// What is remembered of all processes: their comms, to be found by PID and by comm. At most 40
// bytes per process. Pure.
//
// Whatever their comms and their PIDs are, insertions and erasures cost the same, on average over
// many of them: both are sorted by hashes whose seed nobody else knows, and an erased process of a
// comm that many have stays in their chain until somebody goes along it, or the table is made anew.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "name.h"

namespace procseek {

struct KnownProcess {
  enum Flag : uint8_t {
    kSilent = 1,   // its comm may change without a word
    kEnded = 2,    // told to have ended; it may have yet to be reaped
    kSeen = 4,     // a mark of whoever goes over all of them
    kCurrent = 8,  // what is known of it was read since its last change that was told
  };

  int32_t pid = 0;
  uint32_t stamp = 0;  // see Record; 0: not known
  uint32_t next = 0;   // in its chain: position + 1, 0 for none
  char text[kCommLength] = {};
  uint8_t flags = 0;

  std::string_view comm() const;
};

class KnownProcesses {
 public:
  explicit KnownProcesses(uint64_t seed) : seed_(seed) {}
  KnownProcesses(const KnownProcesses&) = delete;
  KnownProcesses& operator=(const KnownProcesses&) = delete;
  ~KnownProcesses();

  size_t size() const { return size_; }
  size_t memory() const;
  // By which comms are sorted.
  uint32_t hash_of(std::string_view comm) const { return comm_hash(comm, seed_); }
  // How many slots have been looked at, ever: what all of this has cost.
  uint64_t steps() const { return steps_; }

  // Null when it is not known. Valid until the next insertion or erasure.
  KnownProcess* find(int32_t pid);
  // Its comm as it is now, by which it is found from then on. False when there is no memory.
  bool insert(int32_t pid, uint32_t stamp, std::string_view comm, uint8_t flags);
  void erase(int32_t pid);
  void clear();

  // visit(known): all whose comm has this hash (and some more), in no particular order.
  template <class Visit>
  void for_each_like(uint32_t hash, Visit visit);
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
  // As PIDs, beside 0 for a slot that is free.
  static constexpr int32_t kErased = -1;   // free, and whoever looks for another one has to go on
  static constexpr int32_t kChained = -2;  // erased, and still a part of its chain
  // How far an erased process is looked for in its chain: most chains are shorter.
  static constexpr int kMostLinks = 6;

  size_t home(int32_t pid) const;
  uint32_t& first_like(uint32_t hash) { return chains_[hash % chain_count_]; }
  bool resize(size_t size);
  void place(const KnownProcess& known);
  bool unlink(const KnownProcess& known);
  void erase(KnownProcess& known);
  void shrink();

  // Searched from a PID's home on; a quarter as many chains, of those with like comms.
  KnownProcess* slots_ = nullptr;
  size_t capacity_ = 0;
  uint32_t* chains_ = nullptr;
  size_t chain_count_ = 0;
  size_t size_ = 0;
  size_t used_ = 0;  // with the erased
  const uint64_t seed_;
  uint64_t steps_ = 0;
};

template <class Visit>
void KnownProcesses::for_each_like(uint32_t hash, Visit visit) {
  if (capacity_ == 0) return;
  uint32_t* link = &first_like(hash);
  while (*link != 0) {
    steps_++;
    KnownProcess& known = slots_[*link - 1];
    if (known.pid > 0) {
      visit(known);
      link = &known.next;
      continue;
    }
    *link = known.next;
    known.pid = kErased;
  }
}

template <class Keep>
void KnownProcesses::retain(Keep keep) {
  for (size_t at = 0; at < capacity_; at++) {
    if (slots_[at].pid > 0 && !keep(slots_[at])) erase(slots_[at]);
  }
  shrink();
}

}  // namespace procseek
