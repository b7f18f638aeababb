#include "known_processes.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "comm_hash.h"

namespace procseek {

namespace {

// Room for so many, and a few more.
size_t capacity_for(size_t size) { return size + size / 5 + 16; }
// How full it may get, the erased included, and how empty: a slot takes 29 bytes, a process so 33
// to 40.
bool is_full(size_t used, size_t capacity) { return used + 1 > capacity - capacity / 8; }
bool is_empty(size_t size, size_t capacity) {
  return capacity > capacity_for(size + size / 7) + 16;
}

}  // namespace

std::string_view KnownProcess::comm() const { return {text, ::strnlen(text, kCommLength)}; }

KnownProcesses::~KnownProcesses() { clear(); }

void KnownProcesses::clear() {
  std::free(slots_);
  std::free(chains_);
  slots_ = nullptr;
  chains_ = nullptr;
  capacity_ = chain_count_ = size_ = used_ = 0;
}

size_t KnownProcesses::memory() const {
  return capacity_ * sizeof *slots_ + chain_count_ * sizeof *chains_;
}

size_t KnownProcesses::home(int32_t pid) const {
  uint64_t mixed = mix_bits(static_cast<uint32_t>(pid) ^ seed_) >> 32;
  return static_cast<size_t>(mixed * capacity_ >> 32);
}

KnownProcess* KnownProcesses::find(int32_t pid) {
  if (capacity_ == 0 || pid <= 0) return nullptr;
  for (size_t at = home(pid); slots_[at].pid != 0; at = at + 1 == capacity_ ? 0 : at + 1) {
    steps_++;
    if (slots_[at].pid == pid) return &slots_[at];
  }
  return nullptr;
}

bool KnownProcesses::insert(int32_t pid, uint32_t stamp, std::string_view comm, uint8_t flags) {
  KnownProcess known;
  known.pid = pid;
  known.stamp = stamp;
  known.flags = flags;
  comm.copy(known.text, sizeof known.text);
  if (KnownProcess* old = find(pid)) {
    if (old->comm() == known.comm()) {
      old->stamp = stamp;
      old->flags = flags;
      return true;
    }
    erase(*old);
  }
  if (is_full(used_, capacity_) && !resize(size_ + 1)) return false;
  place(known);
  return true;
}

// There is room for it, and it is not there.
void KnownProcesses::place(const KnownProcess& known) {
  size_t at = home(known.pid);
  while (slots_[at].pid > 0 || slots_[at].pid == kChained) {
    steps_++;
    at = at + 1 == capacity_ ? 0 : at + 1;
  }
  if (slots_[at].pid == 0) used_++;
  slots_[at] = known;
  uint32_t& first = first_like(hash_of(known.comm()));
  slots_[at].next = first;
  first = static_cast<uint32_t>(at + 1);
  size_++;
  steps_++;
}

// False when that would take long.
bool KnownProcesses::unlink(const KnownProcess& known) {
  auto position = static_cast<uint32_t>(&known - slots_) + 1;
  uint32_t* link = &first_like(hash_of(known.comm()));
  for (int passed = 0; *link != position; passed++) {
    if (passed == kMostLinks) return false;
    steps_++;
    link = &slots_[*link - 1].next;
  }
  *link = known.next;
  return true;
}

void KnownProcesses::erase(KnownProcess& known) {
  known.pid = unlink(known) ? kErased : kChained;
  size_--;
}

void KnownProcesses::erase(int32_t pid) {
  KnownProcess* known = find(pid);
  if (known == nullptr) return;
  erase(*known);
  shrink();
}

// Without memory to do so it stays as it is.
void KnownProcesses::shrink() {
  if (is_empty(size_, capacity_)) (void)resize(size_);
}

bool KnownProcesses::resize(size_t size) {
  size_t capacity = capacity_for(size);
  size_t chain_count = capacity / 4;
  auto* slots = static_cast<KnownProcess*>(std::calloc(capacity, sizeof(KnownProcess)));
  auto* chains = static_cast<uint32_t*>(std::calloc(chain_count, sizeof(uint32_t)));
  if (slots == nullptr || chains == nullptr) {
    std::free(slots);
    std::free(chains);
    return false;
  }
  std::swap(slots, slots_);
  std::swap(chains, chains_);
  std::swap(capacity, capacity_);
  chain_count_ = chain_count;
  size_ = used_ = 0;
  for (size_t at = 0; at < capacity; at++) {
    if (slots[at].pid > 0) place(slots[at]);
  }
  std::free(slots);
  std::free(chains);
  return true;
}

}  // namespace procseek
