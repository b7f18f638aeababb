// A host of made-up processes, which notes what it was asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "process.h"

struct FakeProcess {
  int32_t pid = 0;
  std::string comm;
  int32_t ppid = 1;
  uint32_t uid = 0;
  std::string cmdline = "";
  procseek::Status on_next = procseek::kOk;
  procseek::Status on_read = procseek::kOk;
  // Its comm from the first read on, as after an exec.
  std::string comm_when_read = "";
  // From the second read on.
  std::string comm_when_read_again = "";
  std::string id = "";  // one made of its PID when it is empty
  procseek::State state = procseek::State::sleeping;
  int32_t threads = 1;
  double vsize = 0;
  double startTime = 0;
  uint32_t stamp = 0;
  // Left out of walks, and withheld from who asks for it.
  bool is_hidden = false;
  procseek::Status on_find = procseek::kOk;

  std::string identity() const { return id.empty() ? "host:" + std::to_string(pid) : id; }
};

// Outlives the source, which the pass owns.
struct FakeHost {
  std::vector<FakeProcess> processes;
  procseek::Status on_begin = procseek::kOk;
  procseek::Status on_end_of_walk = procseek::kEnd;
  // What happens in the middle of a walk, and of a look at one; processes may come and go.
  std::function<void(int32_t pid)> on_visit = [](int32_t) {};
  std::function<void(int32_t pid)> on_look = [](int32_t) {};

  procseek::Walk walk;
  // What it lists, kept for longer than the pass keeps it.
  std::vector<int32_t> walk_pids;
  std::vector<uint32_t> walk_hashes;
  void keep(const procseek::Walk& begun) {
    walk = begun;
    walk_pids.assign(begun.pids, begun.pids + begun.pid_count);
    walk_hashes.assign(begun.hashes, begun.hashes + begun.hash_count);
    walk.pids = walk_pids.data();
    if (begun.hashes != nullptr) walk.hashes = walk_hashes.data();
  }
  std::vector<int32_t> visited;
  std::vector<int32_t> looked_at;
  std::vector<int32_t> read;
  std::vector<procseek::FieldMask> wanted;
  int begun = 0;
  int ended = 0;

  FakeProcess* find(int32_t pid) {
    auto is_it = [pid](const FakeProcess& process) { return process.pid == pid; };
    auto found = std::find_if(processes.begin(), processes.end(), is_it);
    return found == processes.end() ? nullptr : &*found;
  }
  // Where a walk expects it: PIDs ascend.
  FakeProcess& put(FakeProcess process) {
    auto is_before = [](const FakeProcess& a, const FakeProcess& b) { return a.pid < b.pid; };
    auto place = std::upper_bound(processes.begin(), processes.end(), process, is_before);
    return *processes.insert(place, std::move(process));
  }
};

class FakeSource final : public procseek::Source {
 public:
  explicit FakeSource(FakeHost& host) : host_(host) {}

  procseek::Status begin(const procseek::Walk& walk) override {
    host_.begun++;
    host_.keep(walk);
    last_ = 0;
    return host_.on_begin;
  }

  procseek::Status next(procseek::Record& record) override {
    auto is_before = [](int32_t pid, const FakeProcess& process) { return pid < process.pid; };
    auto next = std::upper_bound(host_.processes.begin(), host_.processes.end(), last_, is_before);
    while (next != host_.processes.end() && !is_asked_for(*next)) next++;
    if (next == host_.processes.end()) return host_.on_end_of_walk;
    const FakeProcess process = *next;
    last_ = process.pid;
    host_.visited.push_back(process.pid);
    host_.on_visit(process.pid);
    if (process.on_next != procseek::kOk) return process.on_next;
    record.reset(process.pid);
    record.stamp = process.stamp;
    return host_.walk.comm ? supply_comm(record, process.comm) : procseek::kOk;
  }

  void end() override { host_.ended++; }

  procseek::Status read(procseek::Record& record, procseek::FieldMask wanted) override {
    using procseek::Field;
    if ((wanted & ~record.present) == 0) return procseek::kOk;
    FakeProcess* found = host_.find(record.pid);
    if (found == nullptr) return procseek::kGone;
    FakeProcess& process = *found;
    host_.read.push_back(process.pid);
    host_.wanted.push_back(wanted);
    if (process.on_read != procseek::kOk) return process.on_read;
    const std::string comm = process.comm_when_read.empty() ? process.comm : process.comm_when_read;
    process.comm_when_read = process.comm_when_read_again;
    if (supply_comm(record, comm) != procseek::kOk) return procseek::out_of_memory();
    record.name = record.comm;
    record.ppid = process.ppid;
    record.uid = process.uid;
    record.state = process.state;
    record.threads = process.threads;
    record.vsize = process.vsize;
    record.startTime = process.startTime;
    if (!record.text.store(process.cmdline, record.cmdline) ||
        !record.text.store(process.identity(), record.id)) {
      return procseek::out_of_memory();
    }
    for (Field field : {Field::name, Field::ppid, Field::uid, Field::cmdline, Field::id,
                        Field::state, Field::threads, Field::vsize, Field::startTime}) {
      if (wanted & bit(field)) record.set(field);
    }
    return procseek::kOk;
  }

  procseek::Status find(int32_t pid, procseek::FieldMask wanted,
                        procseek::Record& record) override {
    host_.looked_at.push_back(pid);
    host_.on_look(pid);
    const FakeProcess* process = host_.find(pid);
    if (process == nullptr) return procseek::kGone;
    if (process->is_hidden) return procseek::failure(procseek::Call::openat, EACCES);
    if (process->on_find != procseek::kOk) return process->on_find;
    record.reset(pid);
    return read(record, wanted);
  }

 private:
  bool is_asked_for(const FakeProcess& process) const {
    const procseek::Walk& walk = host_.walk;
    const int32_t* end = walk.pids + walk.pid_count;
    return !process.is_hidden && (!walk.listed || std::binary_search(walk.pids, end, process.pid));
  }

  static procseek::Status supply_comm(procseek::Record& record, const std::string& comm) {
    if (!record.text.store(comm, record.comm)) return procseek::out_of_memory();
    record.set(procseek::Field::comm);
    return procseek::kOk;
  }

  FakeHost& host_;
  int32_t last_ = 0;
};
