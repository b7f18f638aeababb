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

  // What was told next; kEnd when nothing was (yet). Change::lost when some could not be.
  virtual Status next(Change& ret_change) = 0;
  // How many were lost, ever.
  virtual uint64_t lost() const = 0;
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

  // `reader` for the memory's own use. `now` is milliseconds of a clock that passes evenly.
  NameMemory(Happenings& happenings, Source& reader) : happenings_(happenings), reader_(reader) {}

  // What it remembers is true now.
  Status refresh(int64_t now);
  // After refresh(): whoever may have a comm of one of these hashes, or all; in ascending order.
  Status find(const uint32_t* hashes, size_t count, Bytes& ret_candidates) const;
  Status list(Bytes& ret_candidates) const;

  size_t size() const { return known_.size(); }
  size_t memory() const;

 private:
  static constexpr int64_t kMostAge = 10 * 60 * 1000;

  Status drain();
  Status settle();
  Status look_at(int32_t pid);
  bool is_unnamed(int32_t pid);
  Status prune_ended();
  Status drop_reaped();
  bool is_complete() const;
  Status read_again(bool everything);
  Status visit(bool everything);
  Status keep(uint32_t stamp, uint8_t flags);
  Status read(const KnownProcess* known, uint32_t stamp);
  static Candidate candidate(const KnownProcess& known);

  Happenings& happenings_;
  Source& reader_;
  Record record_;
  KnownProcesses known_;
  Bytes changed_;  // PIDs, of which nothing remembered counts
  Bytes ended_;    // PIDs, some of them reaped
  bool is_void_ = true;
  int64_t read_at_ = 0;
  uint64_t lost_ = 0;
  int64_t others_ = 0;  // that are counted, and not to be seen
};

}  // namespace procseek
