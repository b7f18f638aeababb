// Remembers the comms of all processes, and asks what has changed of them before it answers: a
// lookup costs what has happened since the last one, however many processes there are. Knows no
// operating system.
//
// It is as fresh as if all were read anew, by these rules. What happened to a process is told after
// it happened, so whatever is read when it was told is at least as new. That some was not told is
// noticed by the system's own count of the losses, and by its count of processes; then all, or what
// is there, is read again. (Where /proc hides processes, one that comes to be hidden can make up in
// the count for one that was reaped: the latter is remembered longer than it is there. It is told
// to nobody, for whatever matches is read anew.) For the case that an event was lost and not
// counted (Linux tells nobody when it has no memory left for one), all is read again every ten
// minutes.
//
// It costs at most about twice what reading all would cost, whatever happens on the host. What has
// happened is followed as long as that is less; then it is told from now on, and all is read again;
// and when that comes to nothing, for it goes on like this, nothing is told for a while.
// When there is too much for that, or nothing can be heard, refresh() says that whoever asks has to
// read all for himself, and what was read up to there counts for the next time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "known_processes.h"
#include "news.h"
#include "process.h"

namespace procseek {

// What happens to processes, for whoever asks for it.
class Happenings {
 public:
  virtual ~Happenings() = default;

  // What was told next; kEnd when nothing was (yet). Change::lost when some could not be. After a
  // failure, restart() has to be called.
  virtual Status next(Change& ret_change) = 0;
  // Tells what happens from now on. What was told, and not asked for yet, is dropped.
  virtual Status restart() = 0;
  // How many were lost since the last start.
  virtual uint64_t lost() const = 0;
  // About how many have been told that next() has yet to tell; at least so many.
  virtual int64_t backlog() const = 0;
  // How many processes there are, in all of the host; negative when the system does not tell.
  virtual int64_t count_processes() const = 0;
  // Whether a process may change its comm without that being told. `record` has kSilenceFields.
  virtual bool is_silent(const Record& record) const = 0;
  static constexpr FieldMask kSilenceFields = bit(Field::ppid);
};

class NameMemory {
 public:
  // A process that may have one of the comms asked for.
  struct Candidate {
    int32_t pid;
    uint8_t is_settled;  // it has this comm; otherwise it may have another one by now
    uint8_t length;
    char text[kCommLength];
  };

  // Whether a refresh may cost more than a bounded multiple of reading all.
  enum class Patience : uint8_t { bounded, unbounded };

  // `reader` for the memory's own use. `now` is milliseconds of a clock that passes evenly. `seed`:
  // see comm_hash().
  NameMemory(Happenings& happenings, Source& reader, uint64_t seed)
      : happenings_(happenings), reader_(reader), known_(seed) {}

  // What it remembers is true now. kPending when it is not: then it answers nothing, and all has to
  // be read by whoever wants an answer.
  Status refresh(int64_t now, Patience patience = Patience::bounded);
  // After refresh(): whoever may have a comm of one of these hashes, or all; in ascending order.
  // Without those that the filter, if there is one, knows to be of no interest.
  Status find(const uint32_t* hashes, size_t count, const CommFilter* filter,
              Bytes& ret_candidates);
  Status list(Bytes& ret_candidates) const;

  // Whether it hears of what happens. Otherwise it tries to from time to time.
  bool is_deaf() const { return is_deaf_; }

  size_t size() const { return known_.size(); }
  size_t memory() const;

 private:
  static constexpr int64_t kMostAge = 10 * 60 * 1000;
  // What is lost sooner than that after it began to hear is no exception.
  static constexpr int64_t kCalm = 1000;
  // Between attempts to hear again, each time twice as long.
  static constexpr int64_t kLeastPause = 100;
  static constexpr int64_t kMostPause = 10 * 1000;

  // What things cost, by what it costs to hear of one change: about a microsecond.
  static constexpr int64_t kComm = 5;     // to read the comm of a process in a walk
  static constexpr int64_t kFull = 10;    // to read what is read of one that is not known
  static constexpr int64_t kLook = 11;    // the same without a walk
  static constexpr int64_t kTrifle = 64;  // not worth a thought

  int64_t count_present() const;
  Status hear(int64_t now);
  bool note(const Change& change);
  void forget(int64_t now);
  void lose(int64_t now);
  void rest(int64_t now);
  Status listen_again(int64_t now);
  Status follow(int64_t now);
  Status settle();
  Status look_at(int32_t pid);
  bool is_unnamed(int32_t pid);
  void prune_ended();
  Status drop_reaped();
  bool is_complete() const;
  void allow_for_walk(int64_t present);
  Status read_again();
  Status visit();
  Status keep(uint32_t stamp, uint8_t flags);
  Status read(const KnownProcess* known, uint32_t stamp);
  static Candidate candidate(const KnownProcess& known);

  Happenings& happenings_;
  Source& reader_;
  Record record_;
  KnownProcesses known_;
  Bytes changed_;  // PIDs, of which nothing remembered counts
  Bytes ended_;    // PIDs, some of them reaped
  // Not all processes are known, or not by what they are now.
  bool is_void_ = true;
  bool is_deaf_ = false;
  int64_t work_left_ = 0;  // for the refresh at hand
  int64_t read_at_ = INT64_MIN / 2;
  int64_t heard_since_ = INT64_MIN / 2;
  int64_t listen_at_ = INT64_MIN / 2;
  int64_t pause_ = 0;
  uint64_t lost_ = 0;
  int64_t others_ = 0;  // that are counted, and not to be seen
};

}  // namespace procseek
