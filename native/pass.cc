#include "pass.h"

#include <algorithm>
#include <new>

#include "platform.h"

namespace procseek {

namespace {

// So that a row of usual size does not make a batch's buffers, which double, outgrow 32 KiB: a pass
// stays below 128 KiB, its directory buffer and a buffer being moved included.
constexpr size_t kBatchBytes = 28 * 1024;
constexpr uint32_t kBatchRows = 4096;

// For how long a step goes on, in milliseconds, and how often the clock is looked at: whatever else
// waits for the thread gets its turn.
constexpr int64_t kLongestStep = 8;
constexpr uint64_t kProcessesPerLook = 64;

}  // namespace

Pass::~Pass() {
  close();
  delete[] queries_;
}

Status Pass::only(const int32_t* pids, size_t count) {
  is_listed_ = true;
  std::string_view bytes(reinterpret_cast<const char*>(pids), count * sizeof *pids);
  return pids_.append(bytes) ? kOk : out_of_memory();
}

Query* Pass::add(const QueryOptions& options) {
  if (count_ == capacity_) {
    size_t capacity = capacity_ == 0 ? 1 : capacity_ * 2;
    auto* moved = new (std::nothrow) std::unique_ptr<Query>[capacity];
    if (moved == nullptr) return nullptr;
    for (size_t i = 0; i < count_; i++) moved[i] = std::move(queries_[i]);
    delete[] queries_;
    queries_ = moved;
    capacity_ = capacity;
  }
  queries_[count_].reset(new (std::nothrow) Query(options));
  return queries_[count_] == nullptr ? nullptr : queries_[count_++].get();
}

Status Pass::begin() {
  has_begun_ = true;
  Walk walk;
  walk.by_comm = walk.provisional = true;
  record_.text_limit = 0;
  bool has_hashes = true;
  for (size_t i = 0; i < count_; i++) {
    const Query& query = *queries_[i];
    walk.comm |= query.wants_comm();
    walk.by_comm &= query.wants_comm();
    walk.every_time |= query.every_time();
    walk.at_most |= query.all_fields();
    walk.provisional &= query.is_provisional();
    record_.text_limit = std::max<size_t>(record_.text_limit, query.text_limit());
    has_hashes &= query.has_hashes();
    Status status = has_hashes ? query.append_hashes(hashes_, source_->comm_seed()) : kOk;
    if (status != kOk) return status;
  }
  if (has_hashes) {
    walk.hashes = values_of<uint32_t>(hashes_).first;
    walk.hash_count = values_of<uint32_t>(hashes_).count;
    walk.filter = this;
  }
  walk.listed = is_listed_;
  walk.pids = reinterpret_cast<const int32_t*>(pids_.data());
  walk.pid_count = pids_.size() / sizeof *walk.pids;
  return source_->begin(walk);
}

Status Pass::step() {
  for (size_t i = 0; i < count_; i++) queries_[i]->batch().clear();
  int64_t deadline = steady_clock() + kLongestStep;
  Status status = has_ended_ ? kEnd : has_begun_ ? kOk : begin();
  while (status == kOk) {
    if (!has_live_query()) {
      status = kEnd;
      break;
    }
    status = source_->next(record_);
    if (status == kOk) {
      visited_++;
      status = visit();
    }
    if (status == kOk && has_full_batch()) break;
    bool looks = visited_ % kProcessesPerLook == 0;
    if (status == kOk && looks && steady_clock() >= deadline) break;
  }
  if (status != kOk) close();
  if (batch_rows_ < kBatchRows) batch_rows_ *= 2;
  return status;
}

// Tells the process at hand to the queries that it answers. It is read in at most two goes: what
// decides, and then, for those it is a match for, the rest. A read may refresh what an earlier one
// found, so every decision is made anew after it.
Status Pass::visit() {
  FieldMask first = 0;
  bool has_candidate = false;
  for (size_t i = 0; i < count_; i++) {
    Query& query = *queries_[i];
    query.is_candidate = query.is_live() && query.may_match(record_);
    if (!query.is_candidate) continue;
    has_candidate = true;
    first |= query.first_fields(record_);
  }
  if (!has_candidate) return kOk;

  Status status = source_->read(record_, first);
  if (status != kOk) return is_exhaustion(status) ? status : Status{kOk};
  FieldMask all = 0;
  has_candidate = false;
  for (size_t i = 0; i < count_; i++) {
    Query& query = *queries_[i];
    query.is_candidate = query.is_candidate && query.test(record_);
    if (!query.is_candidate) continue;
    has_candidate = true;
    all |= query.all_fields();
  }
  if (!has_candidate) return kOk;

  status = source_->read(record_, all);
  if (status != kOk) return is_exhaustion(status) ? status : Status{kOk};
  for (size_t i = 0; i < count_ && status == kOk; i++) {
    Query& query = *queries_[i];
    bool is_match = query.is_candidate && query.test(record_) && !query.is_left_out(record_);
    if (is_match) status = query.tell(record_);
  }
  return status;
}

bool Pass::may_match(std::string_view comm) const {
  for (size_t i = 0; i < count_; i++) {
    if (queries_[i]->is_live() && queries_[i]->may_match(comm)) return true;
  }
  return false;
}

void Pass::close() {
  has_ended_ = true;
  if (source_ != nullptr) source_->end();
  source_.reset();
  record_.text.release();
  pids_.release();
  hashes_.release();
}

void Pass::cancel(size_t index) {
  if (index < count_) queries_[index]->cancel();
}

void Pass::cancel_all() {
  for (size_t i = 0; i < count_; i++) queries_[i]->cancel();
}

bool Pass::has_live_query() const {
  for (size_t i = 0; i < count_; i++) {
    if (queries_[i]->is_live()) return true;
  }
  return false;
}

bool Pass::has_full_batch() const {
  for (size_t i = 0; i < count_; i++) {
    const Batch& batch = queries_[i]->batch();
    if (batch.rows() >= batch_rows_ || batch.bytes() >= kBatchBytes) return true;
  }
  return false;
}

void Pass::release_batches() {
  for (size_t i = 0; i < count_; i++) queries_[i]->batch().release();
}

size_t Pass::memory() const {
  size_t memory = record_.text.capacity() + pids_.capacity() + hashes_.capacity();
  for (size_t i = 0; i < count_; i++) memory += sizeof(Query) + queries_[i]->batch().memory();
  return memory;
}

Packet Pass::measure() const {
  Packet packet;
  for (size_t i = 0; i < count_; i++) packet.measure(queries_[i]->batch());
  return packet;
}

void Pass::write(Packet& packet, char* bytes) const {
  packet.begin(bytes, has_ended_);
  for (size_t i = 0; i < count_; i++) {
    packet.write(static_cast<int32_t>(i), queries_[i]->batch());
  }
}

}  // namespace procseek
