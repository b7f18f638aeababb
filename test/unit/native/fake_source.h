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
  double startTime = 0;
  uint32_t stamp = 0;

  std::string identity() const { return id.empty() ? "host:" + std::to_string(pid) : id; }
};

// Outlives the source, which the pass owns.
struct FakeHost {
  std::vector<FakeProcess> processes;
  procseek::Status on_begin = procseek::kOk;
  procseek::Status on_end_of_walk = procseek::kEnd;
  std::function<void(int32_t pid)> on_visit = [](int32_t) {};

  procseek::Walk walk;
  std::vector<int32_t> visited;
  std::vector<int32_t> read;
  std::vector<procseek::FieldMask> wanted;
  int begun = 0;
  int ended = 0;

  FakeProcess* find(int32_t pid) {
    auto is_it = [pid](const FakeProcess& process) { return process.pid == pid; };
    auto found = std::find_if(processes.begin(), processes.end(), is_it);
    return found == processes.end() ? nullptr : &*found;
  }
};

class FakeSource final : public procseek::Source {
 public:
  explicit FakeSource(FakeHost& host) : host_(host) {}

  procseek::Status begin(const procseek::Walk& walk) override {
    host_.begun++;
    host_.walk = walk;
    position_ = 0;
    return host_.on_begin;
  }

  procseek::Status next(procseek::Record& record) override {
    while (position_ < host_.processes.size() && !is_asked_for(host_.processes[position_].pid)) {
      position_++;
    }
    if (position_ >= host_.processes.size()) return host_.on_end_of_walk;
    const FakeProcess& process = host_.processes[position_++];
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
    record.startTime = process.startTime;
    if (!record.text.store(process.cmdline, record.cmdline) ||
        !record.text.store(process.identity(), record.id)) {
      return procseek::out_of_memory();
    }
    for (Field field : {Field::name, Field::ppid, Field::uid, Field::cmdline, Field::id,
                        Field::state, Field::threads, Field::startTime}) {
      record.set(field);
    }
    return procseek::kOk;
  }

  procseek::Status find(int32_t pid, procseek::FieldMask wanted,
                        procseek::Record& record) override {
    if (host_.find(pid) == nullptr) return procseek::kGone;
    record.reset(pid);
    return read(record, wanted);
  }

 private:
  bool is_asked_for(int32_t pid) const {
    const procseek::Walk& walk = host_.walk;
    return !walk.listed || std::binary_search(walk.pids, walk.pids + walk.pid_count, pid);
  }

  static procseek::Status supply_comm(procseek::Record& record, const std::string& comm) {
    if (!record.text.store(comm, record.comm)) return procseek::out_of_memory();
    record.set(procseek::Field::comm);
    return procseek::kOk;
  }

  FakeHost& host_;
  size_t position_ = 0;
};
