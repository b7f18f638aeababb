// Keeps a question answered: which processes match, told as rows and ends when it changes. Knows no
// operating system and no JavaScript.
//
// A watch knows what it has told, and tells differences from that only: whatever is shown to it
// again, late, or in a complete pass after changes were lost, comes out right.
#pragma once

#include <atomic>
#include <cstdint>

#include "exit_memory.h"
#include "mutex.h"
#include "number_map.h"
#include "process.h"
#include "query.h"

namespace procseek {

// The numbers are those of src/watch.ts.
enum class Backend : uint32_t { automatic, events, polling };

struct WatchOptions {
  Backend backend = Backend::automatic;
  int64_t interval = 1000;  // ms
  double budget = 0.01;     // of a core
  bool tells_passes = false;
};

// On what occasion a process is shown.
struct Sight {
  uint32_t pass = 0;         // in this pass; 0: because of a change
  bool is_birth = false;     // of a change: it began a moment ago
  bool skips_ended = false;  // of a change: the end of a zombie has been told already
  int64_t now = 0;           // of a pass, by the steady clock
  double wall_time = 0;      // of a pass
};

class Watch {
 public:
  // What is told, four numbers each.
  enum Told : int32_t {
    kSeen,    // the next row: kIsMatch and so on, and the number to forget it by
    kExited,  // PID, code, signal; see Exit
    kReady,   // the first pass is done: a status
    kPassed,  // another pass is done
    kUses,    // the backend
  };
  static constexpr int32_t kIsMatch = 1;
  static constexpr int32_t kIsExisting = 2;
  static constexpr int32_t kIsBirth = 4;

  Watch(int32_t token, const QueryOptions& query, const WatchOptions& options)
      : token_(token), options_(options), ppid_(query.ppid), query_(query) {}

  // Before it is used.
  Query& query() { return query_; }
  // PIDs in ascending order, without duplicates: no others are looked at.
  Status only(const int32_t* pids, size_t count);

  int32_t token() const { return token_; }
  const WatchOptions& options() const { return options_; }
  // Whose children are watched alone; -1: anybody's.
  int64_t ppid() const { return ppid_; }
  bool is_listed() const { return is_listed_; }
  const Bytes& pids() const { return pids_; }

  // On the monitor's thread.

  bool wants_comm() const { return query_.wants_comm(); }
  // Reads what it takes to decide on a process, and tells the difference. Fails when it could not
  // be decided; a process that is gone, or may not be looked at, is no failure.
  Status show(Source& source, Record& record, const Sight& sight);
  // Null when the process has not been told as a match.
  const Identity* known(int32_t pid) const;
  // A match that is known to have ended.
  void exited(int32_t pid, const Exit& exit);
  // Others will tell of the end of this match, and more than a pass could.
  void leave_to_others(int32_t pid, const Identity& identity, uint32_t pass);
  // All processes have been shown: matches that have not been seen have ended. `memory`, if there
  // is one, may know how, and learns it.
  Status end_pass(uint32_t pass, ExitMemory* memory = nullptr);
  void tell_ready(Status status);
  // Tells what there was no room for and no pass would tell.
  void catch_up();
  void use(Backend backend);
  Backend backend() const { return backend_; }
  // The match told by this number is none in the eyes of those who decide (regular expressions).
  void forget(int32_t pid, uint32_t number);
  // visit(pid, identity) for each match.
  template <class Visit>
  void for_each_match(Visit visit) {
    matches_.for_each([&](int32_t pid, Match& match) { visit(pid, match.identity); });
  }

  bool is_ready() const { return is_ready_; }
  // Something has been told that nobody has been notified of yet; says so once.
  bool is_to_be_announced();
  // More was to be told than there is room for: it will take a pass to find out what.
  bool is_behind() const { return is_behind_; }
  bool has_room();
  // Nobody will make room, for there is nothing to take: what lacks is memory.
  bool waits_for_memory();

  // The monitor's notes.
  Watch* next = nullptr;       // of the list that it is in
  Watch* next_news = nullptr;  // of those that somebody is to be notified of,
  bool has_news = false;       // of which it is one
  Bytes children;              // ascending: of ppid(), those that have been looked at
  bool needs_pass = true;
  bool takes_part = false;    // in the pass under way
  int64_t current_as_of = 0;  // until when no change was missed

  // On any thread.

  // Takes what has been told. True when the monitor has to be woken, for it waits for room.
  bool take(Bytes& ret_told, Batch& ret_rows);
  void close() { is_closed_.store(true, std::memory_order_relaxed); }
  bool is_closed() const { return is_closed_.load(std::memory_order_relaxed); }

  void hold() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void release() {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  struct Match {
    Identity identity;
    uint32_t number = 0;
    uint32_t pass = 0;         // that it was last seen in
    uint64_t fingerprint = 0;  // of what it was called
    bool has_memory = false;   // as all but kernel threads have until they end
  };

  ~Watch() = default;
  FieldMask all_fields() const;
  bool lists(int32_t pid) const;
  Status decide(Source& source, Record& record, const Sight& sight);
  void tell_end(int32_t pid, Identity identity, ExitMemory* memory);
  int32_t flags_of(const Record& record, const Sight& sight, bool is_match) const;
  // False when there was no room. `record` comes along when there is one.
  bool tell(Told what, int32_t a, int32_t b, int32_t c, const Record* record = nullptr);
  bool is_full() const;

  const int32_t token_;
  const WatchOptions options_;
  const int64_t ppid_;
  Query query_;  // its batch is the rows to tell
  Bytes pids_;
  bool is_listed_ = false;
  Backend backend_ = Backend::automatic;  // until it is decided
  NumberMap<Match> matches_;
  uint32_t told_numbers_ = 0;
  bool is_ready_ = false;
  bool is_behind_ = false;
  bool has_told_backend_ = true;
  Status failure_ = kOk;  // that has yet to be told

  Mutex mutex_;  // of told_, the query's batch and is_announced_
  Bytes told_;
  bool is_announced_ = false;

  std::atomic<bool> is_closed_{false};
  std::atomic<int> holders_{1};
};

}  // namespace procseek
