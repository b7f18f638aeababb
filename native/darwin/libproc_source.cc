#include "libproc_source.h"

#include <libproc.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "../name.h"
#include "../platform.h"
#include "../system_calls.h"
#include "pids.h"

namespace procseek {

int32_t own_pid() { return static_cast<int32_t>(::getpid()); }

std::unique_ptr<Source> make_source(SourceContext*) {
  return std::unique_ptr<Source>(new (std::nothrow) LibprocSource);
}

bool process_exists(int32_t pid) {
  // Signal 0 tests without sending. Any refusal but ESRCH means that there is something to refuse.
  return pid > 0 && (counted(::kill, pid, 0) == 0 || errno != ESRCH);
}

Status LibprocSource::begin(const Walk& walk) {
  walk_ = walk;
  walked_ = 0;
  pids_.clear();
  if (walk.listed) return kOk;
  auto list = [](uint32_t type, uint32_t about, void* buffer, int size) {
    return counted(::proc_listpids, type, about, buffer, size);
  };
  Status status = list_pids(list, PROC_ALL_PIDS, 0, pids_);
  if (status != kOk) return status;
  walk_.pids = values_of<int32_t>(pids_).first;
  walk_.pid_count = values_of<int32_t>(pids_).count;
  return kOk;
}

void LibprocSource::end() { pids_ = Bytes(); }

Status LibprocSource::next(Record& record) {
  while (walked_ < walk_.pid_count) {
    int32_t pid = walk_.pids[walked_++];
    attach(record, pid);
    if (pid <= 0) continue;
    Status status = kOk;
    if (walk_.stamp) {
      status = read_key(pid, key_);
      record.stamp = static_cast<uint32_t>(key_.number);
    }
    if (status == kOk && walk_.comm) {
      status = make_calls(kShortInfo, record);
    } else if (status == kOk && walk_.listed && !walk_.stamp && !process_exists(pid)) {
      status = kGone;
    }
    if (status <= 0) return status;
  }
  return kEnd;
}

void LibprocSource::attach(Record& record, int32_t pid) {
  record.reset(pid);
  info_.reset();
  made_ = 0;
  key_ = ProcessKey();
}

Status LibprocSource::find(int32_t pid, FieldMask wanted, Record& record) {
  if (pid <= 0) return kGone;
  attach(record, pid);
  if (calls_for(wanted) == 0 && !process_exists(pid)) return kGone;
  // A process may vanish, and another one take its PID, while it is read; hardly ever more than
  // once.
  for (int attempt = 0; attempt < 3; attempt++) {
    attach(record, pid);
    Status status = read(record, wanted);
    if (status <= 0) return status;
    if (!process_exists(pid)) return kGone;
  }
  // It exists and cannot be seen, as in a sandbox.
  return failure(Call::proc_pidinfo, EACCES);
}

Status LibprocSource::read(Record& record, FieldMask wanted) {
  if ((wanted & ~record.present) == 0) return kOk;
  CallSet before = made_;
  Status status = make_calls(calls_for(wanted & ~record.present) & ~made_, record);
  if (status == kOk && (wanted & ~record.present & bit(Field::name))) {
    status = complete_name(record);
  }
  if (status == kOk) status = info_.derive(wanted, record);
  if (status == kOk && (wanted & ~record.present & bit(Field::id))) status = store_id(record);
  if (status == kOk && made_ != before) status = verify(record.pid);
  if (status != kOk) return status;
  // What macOS has no call for: no process has it.
  FieldMask rest = wanted & ~record.present;
  record.present |= rest;
  record.nulls |= rest;
  return kOk;
}

Status LibprocSource::make_calls(CallSet calls, Record& record) {
  if (calls == 0) return kOk;
  if (key_.kind == ProcessKey::none && (made_ | calls) != kShortInfo) {
    // Whatever was read before is read again, along with the rest, for it might be another process
    // by now.
    calls |= made_;
    int32_t pid = record.pid;
    attach(record, pid);
    Status status = read_key(pid, key_);
    if (status != kOk) return status;
  }
  made_ |= calls;
  return info_.read(record.pid, calls, record);
}

Status LibprocSource::complete_name(Record& record) {
  auto take = [&record](Span span) {
    record.name = span;
    record.set(Field::name);
    return Status{kOk};
  };
  if (!needs_completion(record.view(record.comm))) return take(record.comm);
  // A process can rewrite its arguments, but not where its executable is.
  for (CallSet source : {kPath, kArguments}) {
    Status status = make_calls(source & ~made_, record);
    if (status != kOk) return status;
    std::string_view comm = record.view(record.comm);
    if (!needs_completion(comm)) break;  // it has been read again
    std::string_view name;
    if (source == kPath && record.has(Field::exe)) {
      name = name_from_exe(comm, record.view(record.exe));
    } else if (source == kArguments && record.has(Field::cmdline)) {
      name = name_from_cmdline(comm, record.view(record.cmdline));
    }
    if (name.empty()) continue;
    return take({static_cast<uint32_t>(name.data() - record.text.data()),
                 static_cast<uint32_t>(name.size())});
  }
  return take(record.comm);
}

Status LibprocSource::store_id(Record& record) {
  size_t offset = record.text.size();
  if (!append_id(record.pid, key_, record.text)) return out_of_memory();
  record.id = {static_cast<uint32_t>(offset), static_cast<uint32_t>(record.text.size() - offset)};
  record.set(Field::id);
  return kOk;
}

Status LibprocSource::verify(int32_t pid) const {
  bool is_of_one_call = key_.kind == ProcessKey::none || made_ == kUniqueInfo;
  if (is_of_one_call) return kOk;
  ProcessKey key;
  Status status = read_key(pid, key);
  return status == kOk && !(key == key_) ? Status{kGone} : status;
}

}  // namespace procseek
