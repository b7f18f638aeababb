// One question put to a pass: which processes, how many at most, and what to tell of each.
#pragma once

#include <atomic>
#include <cstdint>

#include "batch.h"
#include "name.h"
#include "process.h"

namespace procseek {

// What a name is compared with. The numbers are those of src/query.ts.
enum class By : uint32_t { name, comm, exe, argv0, cmdline, any };

struct QueryOptions {
  bool any_name = false;  // matches whatever the name
  // Every process that passes the other conditions is told, with Batch::kMatched for those that
  // have one of the names: somebody else decides about the rest (regular expressions).
  bool tell_all = false;
  bool skips_ended = false;  // a pass leaves out processes that have ended
  bool tells_ended = false;  // a watch tells those too that have ended before it began
  By by = By::name;
  int64_t uid = -1;    // -1: any
  int64_t ppid = -1;   // -1: any
  uint32_t limit = 0;  // 0: none
  FieldMask fields = 0;
  uint32_t text_limit = Record::kUsualTextLimit;
};

class Query {
 public:
  explicit Query(const QueryOptions& options)
      : options_(options), batch_(options.fields, options.text_limit) {}

  // Leaves out the processes of these PIDs, which are in ascending order, without duplicates.
  Status exclude(const int32_t* pids, size_t count);
  // `names` as NameSet::assign takes them.
  Status assign_names(std::string_view names, bool ignore_case) {
    return names_.assign(names, ignore_case);
  }

  // Whether the comm alone can rule a process out.
  bool wants_comm() const;
  // Whether it does so by these hashes, which are appended: for any other comm, may_match() is
  // false.
  bool has_hashes() const { return wants_comm() && has_name_test() && names_.has_hashes(); }
  // Whether whoever asks only looks for candidates, to be read again.
  bool is_provisional() const { return options_.tell_all; }
  Status append_hashes(Bytes& hashes, uint64_t seed) const;
  // What the PID, and the comm when there is one, tell: false rules the process out.
  bool may_match(const Record& record) const;
  bool may_match(std::string_view comm) const;
  // The fields to read first of a process that may match; those that test() needs are among them.
  // They include the fields to tell where hardly any process that got this far is ruled out.
  FieldMask first_fields(const Record& record) const;
  FieldMask all_fields() const {
    FieldMask fields = test_fields() | options_.fields;
    return options_.skips_ended ? fields | (Record::kLife & ~bit(Field::id)) : fields;
  }
  // The fields read of every process that the comm does not rule out.
  FieldMask every_time() const;
  FieldMask told_fields() const { return options_.fields; }
  // How many bytes to read of `cmdline` and of `environ`, each, to be told and to be tested.
  uint32_t text_limit() const { return options_.text_limit; }
  bool test(const Record& record) const;
  // Of a record with all_fields() that passed: whether it is to be told all the same.
  bool is_left_out(const Record& record) const {
    return options_.skips_ended && record.has_ended();
  }
  bool tells_ended() const { return options_.tells_ended; }
  // Differs, as a rule, when what the names are compared with differs.
  uint64_t fingerprint(const Record& record) const;

  // Takes a record that passed.
  Status tell(const Record& record);

  Batch& batch() { return batch_; }
  const Batch& batch() const { return batch_; }
  bool is_live() const { return !is_satisfied_ && !is_cancelled_.load(std::memory_order_relaxed); }
  // From any thread.
  void cancel() { is_cancelled_.store(true, std::memory_order_relaxed); }

  // The pass's note on the process at hand.
  bool is_candidate = false;

 private:
  bool excludes(int32_t pid) const;
  bool has_name_test() const { return !options_.any_name && !options_.tell_all; }
  FieldMask subject_fields() const;
  FieldMask test_fields() const;
  bool matches_name(const Record& record) const;

  QueryOptions options_;
  NameSet names_;
  Bytes excluded_;
  Batch batch_;
  uint32_t told_ = 0;
  bool is_satisfied_ = false;
  std::atomic<bool> is_cancelled_{false};
};

}  // namespace procseek
