// A host of made-up processes, which notes what it was asked.
#pragma once

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
};

class FakeSource final : public procseek::Source {
 public:
  explicit FakeSource(FakeHost& host) : host_(host) {}

  procseek::Status begin(const procseek::Walk& walk) override {
    host_.begun++;
    host_.walk = walk;
    return host_.on_begin;
  }

  procseek::Status next(procseek::Record& record) override {
    if (position_ == host_.processes.size()) return host_.on_end_of_walk;
    const FakeProcess& process = host_.processes[position_++];
    host_.visited.push_back(process.pid);
    host_.on_visit(process.pid);
    if (process.on_next != procseek::kOk) return process.on_next;
    record.reset(process.pid);
    return host_.walk.comm ? supply_comm(record, process.comm) : procseek::kOk;
  }

  void end() override { host_.ended++; }

  procseek::Status read(procseek::Record& record, procseek::FieldMask wanted) override {
    using procseek::Field;
    if ((wanted & ~record.present) == 0) return procseek::kOk;
    FakeProcess& process = host_.processes[position_ - 1];
    host_.read.push_back(process.pid);
    host_.wanted.push_back(wanted);
    if (process.on_read != procseek::kOk) return process.on_read;
    const std::string comm = process.comm_when_read.empty() ? process.comm : process.comm_when_read;
    process.comm_when_read = process.comm_when_read_again;
    if (supply_comm(record, comm) != procseek::kOk) return procseek::out_of_memory();
    record.name = record.comm;
    record.ppid = process.ppid;
    record.uid = process.uid;
    if (!record.text.store(process.cmdline, record.cmdline)) return procseek::out_of_memory();
    for (Field field : {Field::name, Field::ppid, Field::uid, Field::cmdline}) record.set(field);
    return procseek::kOk;
  }

  procseek::Status find(int32_t, procseek::FieldMask, procseek::Record&) override {
    return procseek::kUnsupported;
  }

 private:
  static procseek::Status supply_comm(procseek::Record& record, const std::string& comm) {
    if (!record.text.store(comm, record.comm)) return procseek::out_of_memory();
    record.set(procseek::Field::comm);
    return procseek::kOk;
  }

  FakeHost& host_;
  size_t position_ = 0;
};
