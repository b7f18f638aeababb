// How processes are found: what a Finder keeps from one lookup to the next.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "process.h"
#include "source_context.h"

namespace procseek {

// The numbers are those of src/engine.ts.
enum class EngineKind : uint32_t {
  procfs,   // nothing, on Linux
  events,   // names, which the system's events keep true
  bpf,      // a program in the kernel
  libproc,  // nothing, on macOS
  ntquery,  // nothing, on Windows
};

// Of EngineKind::bpf, what it walks.
enum class Iteration : uint32_t {
  any,        // what is the fastest here
  processes,  // processes alone; Linux 6.7
  threads,    // all threads
};

// A message for people: why something is unavailable.
class Reason {
 public:
  const char* text() const { return text_; }
  void clear() { text_[0] = '\0'; }
  // Cut when it is too long.
  Reason& add(std::string_view more);

 private:
  char text_[200] = {};
};

// From any thread.
class Engine {
 public:
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() {
    if (context_ != nullptr) context_->release();
  }

  // Before it is used: what its sources share with those of other engines.
  void share(SourceContext& context) {
    context.hold();
    context_ = &context;
  }

  virtual EngineKind kind() const = 0;
  virtual Iteration iteration() const { return Iteration::any; }
  // What all of its sources see is another namespace's: PIDs are not those of this process.
  virtual bool is_foreign() const { return false; }
  // What it remembers of processes, in bytes.
  virtual size_t memory() { return 0; }

  // Why its lookups read everything at the moment, as those of an engine do that keeps nothing;
  // adds nothing when they do not. Their answers are right all the same.
  virtual void explain_trouble(Reason&) {}

  // Gets ready what the first lookup would have to wait for.
  virtual Status prepare() { return kOk; }

  // For one thread at a time, at most as long as the engine. Null when there is no memory.
  virtual std::unique_ptr<Source> make_source() = 0;
  // See process_exists() and list_children() in platform.h.
  virtual Status exists(int32_t pid) = 0;
  // See own_pid() in platform.h.
  virtual int32_t own_pid();
  virtual Status list_children(const int32_t* parents, size_t count, Bytes& ret_children) = 0;

 protected:
  // Null: its sources wait for calls that may not return.
  SourceContext* context() const { return context_; }

 private:
  SourceContext* context_ = nullptr;
};

// What a Finder works with: of the given kind, or why not. `root` is the directory that shows the
// processes, null for the system's own.
Status open_engine(EngineKind kind, Iteration iteration, const char* root,
                   std::unique_ptr<Engine>& ret_engine, Reason& ret_reason);

// The one that finds names at the least cost here, as measured. `root`: null for the system's own.
Status open_best_engine(Iteration iteration, const char* root, std::unique_ptr<Engine>& ret_engine,
                        Reason& ret_reason);

}  // namespace procseek
