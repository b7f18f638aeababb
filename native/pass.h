// One walk over processes that serves any number of queries. Knows no operating system and no
// JavaScript.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "process.h"
#include "query.h"

namespace procseek {

class Pass : CommFilter {
 public:
  explicit Pass(std::unique_ptr<Source> source) : source_(std::move(source)) {}
  ~Pass();
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  // Before the first step. PIDs in ascending order, without duplicates.
  Status only(const int32_t* pids, size_t count);
  // Before the first step. Null when there is no memory; else the query's number is its position.
  Query* add(const QueryOptions& options);

  // Goes on until a batch is full or it has gone on for a while (kOk), or there is nothing left to
  // do (kEnd), where everything is released but the batches. The batches of the previous step are
  // dropped first.
  Status step();
  // Releases everything the walk holds, the source included. Not while a step runs.
  void close();
  // From any thread: query `index` wants no more. A step with no query left ends soon.
  void cancel(size_t index);
  void cancel_all();

  // How many processes it has come by.
  uint64_t visited() const { return visited_; }

  // The batches of the last step: measure, then write to as many bytes.
  Packet measure() const;
  void write(Packet& packet, char* bytes) const;
  // Drops them, and gives back their memory.
  void release_batches();

  // What it holds, in bytes.
  size_t memory() const;

 private:
  Status begin();
  Status visit();
  bool may_match(std::string_view comm) const override;
  bool has_live_query() const;
  bool has_full_batch() const;

  std::unique_ptr<Source> source_;
  std::unique_ptr<Query>* queries_ = nullptr;
  size_t count_ = 0;
  size_t capacity_ = 0;
  Bytes pids_;
  Bytes hashes_;
  bool is_listed_ = false;
  bool has_begun_ = false;
  bool has_ended_ = false;
  uint64_t visited_ = 0;
  // Batches start small, for the first result to come soon, and grow.
  uint32_t batch_rows_ = 16;
  Record record_;
};

}  // namespace procseek
