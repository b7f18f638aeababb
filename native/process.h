// A process as every platform describes it, and the interface through which each supplies it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "bytes.h"
#include "status.h"

// A macro of the C libraries of Windows, from <cstdlib>; here a field.
#undef environ

namespace procseek {

enum class Field : uint8_t {
#define FIELD(name, ...) name,
#include "fields.def"
#undef FIELD
};

using FieldMask = uint32_t;

constexpr FieldMask bit(Field field) { return FieldMask{1} << static_cast<unsigned>(field); }

// psutil's words, in the order in which `state` numbers them.
#define PROCSEEK_STATES(X)        \
  X(running, "running")           \
  X(sleeping, "sleeping")         \
  X(disk_sleep, "disk-sleep")     \
  X(stopped, "stopped")           \
  X(tracing_stop, "tracing-stop") \
  X(zombie, "zombie")             \
  X(dead, "dead")                 \
  X(idle, "idle")                 \
  X(parked, "parked")             \
  X(unknown, "unknown")

enum class State : uint32_t {
#define X(name, word) name,
  PROCSEEK_STATES(X)
#undef X
};

struct CpuTime {
  double user = 0;
  double system = 0;
};

// A counter that this system does not keep: null in JavaScript.
constexpr double kNotCounted = std::numeric_limits<double>::quiet_NaN();

struct Io {
  double readChars = 0;
  double writeChars = 0;
  double readCalls = 0;
  double writeCalls = 0;
  double readBytes = 0;
  double writeBytes = 0;
};

// The kinds of fields.def: the C++ type that holds a value.
namespace kind {
using i32 = int32_t;
using u32 = uint32_t;
using f64 = double;
using word = State;  // an index into a table of words
using text = Span;   // bytes, UTF-8 as a rule
using list = Span;   // bytes, a NUL behind each element
using pairs = Span;  // the same, of KEY=VALUE
using cpu_time = CpuTime;
using io = Io;
}  // namespace kind

// Which process, for as long as the host runs: the field `id`, kept by value.
struct Identity {
  uint8_t length = 0;  // 0: none
  char bytes[31] = {};

  static Identity of(std::string_view id) {
    Identity identity;
    // What no process can have must not be taken for what one has, or for none.
    if (id.empty() || id.size() > sizeof identity.bytes) id = "?";
    identity.length = static_cast<uint8_t>(id.copy(identity.bytes, sizeof identity.bytes));
    return identity;
  }
  explicit operator bool() const { return length != 0; }
  bool operator==(const Identity& other) const {
    return std::string_view(bytes, length) == std::string_view(other.bytes, other.length);
  }
};

// How a process ended. Neither, when that is not known.
struct Exit {
  int64_t code = -1;   // what it passed to exit(3): 0 to 255; 32 bits on Windows
  int32_t signal = 0;  // the one that killed it

  // The same as two numbers of 32 bits: the code, and the signal, which is -1 when neither is
  // known.
  int32_t code_bits() const { return static_cast<int32_t>(static_cast<uint32_t>(code)); }
  int32_t signal_or_unknown() const { return code < 0 && signal == 0 ? -1 : signal; }
};

// What is known of one process. Reused from process to process, so that a pass allocates nothing
// per process visited.
struct Record {
  // How many bytes of `cmdline` and of `environ` are read, each.
  static constexpr size_t kUsualTextLimit = 128 * 1024;
  static constexpr size_t kMostTextLimit = 2 * 1024 * 1024;
  size_t text_limit = kUsualTextLimit;  // of all that it is used for

  FieldMask present = 0;  // fields that were asked of the system, answered or withheld
  FieldMask nulls = 0;    // of these, the ones that were withheld
  FieldMask cut = 0;      // of these, the ones of which there was more than the limit
  Bytes text;             // what the spans speak of
  // Of a walk: differs when the PID has become another process's, and may differ when it has not.
  uint32_t stamp = 0;

#define FIELD(name, kind_name, ...) kind::kind_name name{};
#include "fields.def"
#undef FIELD

  void reset(int32_t of_pid) {
    present = bit(Field::pid);
    nulls = 0;
    cut = 0;
    pid = of_pid;
    stamp = 0;
    text.clear();
  }
  bool has(Field field) const { return (present & ~nulls & bit(field)) != 0; }
  void set(Field field) {
    present |= bit(field);
    nulls &= ~bit(field);
  }
  void withhold(Field field) {
    present |= bit(field);
    nulls |= bit(field);
  }
  std::string_view view(Span span) const { return text.view(span); }

  // The fields that the next two speak of. Only Linux knows zombies that have threads.
#if defined(__linux__)
  static constexpr FieldMask kLife = bit(Field::id) | bit(Field::state) | bit(Field::threads);
#else
  static constexpr FieldMask kLife = bit(Field::id) | bit(Field::state);
#endif
  Identity identity() const { return has(Field::id) ? Identity::of(view(id)) : Identity{}; }
  // A zombie that still has threads has merely lost its first one.
  bool has_ended() const {
    bool has_threads = has(Field::threads) && threads > 1;
    return has(Field::state) && (state == State::dead || (state == State::zombie && !has_threads));
  }
};

// Tells by its comm that a process is of no interest.
class CommFilter {
 public:
  virtual bool may_match(std::string_view comm) const = 0;

 protected:
  ~CommFilter() = default;
};

// Which processes a walk visits, and what for.
struct Walk {
  bool comm = false;  // whether every visit is to bring the comm along
  // Whether every visit is to bring the stamp along, where that takes asking for it.
  bool stamp = false;
  // Whether a process is of no interest when its comm is none: such ones may be left out. Those of
  // interest are the ones with these hashes (comm_hash() in name.h, by the source's own seed), or
  // all when there are none.
  bool by_comm = false;
  const uint32_t* hashes = nullptr;
  size_t hash_count = 0;
  // Those of a hash that are of interest after all; null: all of them. Must outlive begin().
  const CommFilter* filter = nullptr;
  // Whatever is told will be read again: a comm may be what the source knows, unread.
  bool provisional = false;
  FieldMask every_time = 0;       // the fields that will be read of all processes visited
  FieldMask at_most = 0;          // those that will be read of any
  bool listed = false;            // only `pids`, instead of all processes
  const int32_t* pids = nullptr;  // ascending, without duplicates; must outlive the walk
  size_t pid_count = 0;
};

// Where processes come from: one implementation per platform and mechanism. Used by one thread at
// a time. Nothing here returns more than the question needs.
class Source {
 public:
  virtual ~Source() = default;

  virtual Status begin(const Walk& walk) = 0;
  // Resets `record` to the next process, in ascending order of PIDs. kEnd behind the last one.
  virtual Status next(Record& record) = 0;
  // Releases everything the walk holds.
  virtual void end() = 0;

  // For the hashes of a walk.
  virtual uint64_t comm_seed() const { return 0; }

  // Completes `record` by the fields of `wanted` that it lacks. All of `wanted` afterwards
  // describes one and the same process; to ensure that, fields read earlier may be read again.
  // kGone or kDenied when the process is out of reach as a whole.
  virtual Status read(Record& record, FieldMask wanted) = 0;

  // Fills `record` for one PID, without enumerating. kGone when there is no such process; hidden
  // from this user is a failure.
  virtual Status find(int32_t pid, FieldMask wanted, Record& record) = 0;
};

}  // namespace procseek
