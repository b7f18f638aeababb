#include "process_reader.h"

#include "command_line.h"
#include "errors.h"
#include "memory_reader.h"
#include "record_fields.h"

namespace procseek {

namespace {

// A path, or a command line, and the UNICODE_STRING in front of it: no longer than 64 KB each.
class StringBuffer {
 public:
  // kGone when there is nothing to tell.
  Status query(HANDLE process, nt::ProcessClass what) {
    size_t size = sizeof(nt::UnicodeString) + 2 * size_t{MAX_PATH};
    for (int attempt = 0; attempt < 4; attempt++) {
      bytes_.clear();
      if (!bytes_.reserve(size)) return out_of_memory();
      ULONG needed = 0;
      nt::Status status = nt::NtQueryInformationProcess(
          process, static_cast<ULONG>(what), bytes_.data(), static_cast<ULONG>(size), &needed);
      if (status >= 0) return kOk;
      bool is_too_small = status == nt::kInfoLengthMismatch || status == nt::kBufferTooSmall ||
                          status == nt::kBufferOverflow;
      if (!is_too_small || needed <= size) return outcome(Call::NtQueryInformationProcess, status);
      size = needed;
    }
    return kGone;
  }
  // Where the system has put it: behind the string.
  WideText text() const {
    auto* string = reinterpret_cast<const nt::UnicodeString*>(bytes_.data());
    return {reinterpret_cast<const char*>(string->text), string->size / sizeof(WCHAR)};
  }

 private:
  Bytes bytes_;
};

bool is_out_of_memory(Status status) {
  return status < 0 && error_of(status) == error_number::kNoMemory;
}

// What could not be had is withheld, unless it was for want of memory.
Status settle(Status status, Field field, Record& record) {
  if (status == kOk) return kOk;
  record.withhold(field);
  return is_out_of_memory(status) ? status : Status{kOk};
}

Status store(Field field, Span Record::*member, size_t offset, Record& record) {
  record.*
      member = {static_cast<uint32_t>(offset), static_cast<uint32_t>(record.text.size() - offset)};
  record.set(field);
  return kOk;
}

template <class Number>
Status read_number(HANDLE process, nt::ProcessClass what, Field field, int32_t Record::*member,
                   Record& record) {
  Number number = 0;
  Status status = query(process, what, number);
  if (status != kOk) return settle(status, field, record);
  record.*member = static_cast<int32_t>(number);
  record.set(field);
  return kOk;
}

}  // namespace

Questions questions_for(FieldMask fields) {
  Questions questions = 0;
#define FIELD(name, kind, unit, linux_files, darwin_calls, windows_questions) \
  if (fields & bit(Field::name)) questions |= windows_questions;
#include "../fields.def"
#undef FIELD
  return questions;
}

FieldMask fields_behind(Questions questions) {
  FieldMask fields = 0;
#define FIELD(name, kind, unit, linux_files, darwin_calls, windows_questions) \
  if (questions & (windows_questions)) fields |= bit(Field::name);
#include "../fields.def"
#undef FIELD
  return fields;
}

Status ProcessReader::read(HANDLE process, Questions questions, FieldMask wanted, Record& record) {
  Status status = kOk;
  auto ask = [&](Questions question, auto&& answer) {
    if (status == kOk && (questions & question)) status = answer();
  };
  ask(kImageName, [&] { return read_name(process, record); });
  ask(kCreator, [&] { return read_creator(process, record); });
  ask(kPriority, [&] { return read_priority(process, record); });
  ask(kTimes, [&] { return read_times(process, wanted, record); });
  ask(kMemory, [&] { return read_memory(process, record); });
  ask(kIo, [&] { return read_io(process, record); });
  ask(kSession, [&] {
    return read_number<ULONG>(process, nt::ProcessClass::session, Field::sid, &Record::sid, record);
  });
  ask(kHandles, [&] {
    return read_number<ULONG>(process, nt::ProcessClass::handle_count, Field::fds, &Record::fds,
                              record);
  });
  ask(kImagePath, [&] { return settle(read_path(process, record), Field::exe, record); });
  ask(kCommandLine,
      [&] { return settle(read_command_line(process, record), Field::cmdline, record); });
  ask(kParameters, [&] { return read_parameters(process, wanted, record); });
  ask(kToken, [&] { return settle(read_user(process, record), Field::user, record); });
  return status;
}

// Not the Win32 path, which follows the file when it is renamed: lists tell this one.
Status ProcessReader::read_name(HANDLE process, Record& record) {
  StringBuffer path;
  Status status = path.query(process, nt::ProcessClass::image_name);
  if (status != kOk && is_out_of_memory(status)) return status;
  WideText text = status == kOk ? path.text() : WideText();
  WideText base = base_name(text);
  // Processes without an image (Registry, Memory Compression) have something else here.
  return store_name(base.count == text.count ? WideText() : base, record);
}

Status ProcessReader::read_creator(HANDLE process, Record& record) {
  nt::ProcessBasic basic = {};
  Status status = query(process, nt::ProcessClass::basic, basic);
  creator_ = status == kOk && basic.creator <= INT32_MAX ? static_cast<int32_t>(basic.creator) : 0;
  return status == kOk ? Status{kOk} : settle(status, Field::ppid, record);
}

Status ProcessReader::read_priority(HANDLE process, Record& record) {
  nt::ProcessPriority priority = {};
  Status status = query(process, nt::ProcessClass::priority, priority);
  if (status == kOk && nice_of(priority.priority_class, record.nice)) {
    record.set(Field::nice);
    return kOk;
  }
  return settle(status == kOk ? Status{kGone} : status, Field::nice, record);
}

Status ProcessReader::read_times(HANDLE process, FieldMask wanted, Record& record) {
  nt::ProcessTimes times = {};
  Status status = query(process, nt::ProcessClass::times, times);
  // Who may open a process may know this; else nothing would tell it from another one.
  if (status != kOk) return status;
  store_cpu_time(times.user, times.kernel, record);
  return store_start(times.created, wanted, record);
}

Status ProcessReader::read_memory(HANDLE process, Record& record) {
  nt::ProcessMemory memory = {};
  Status status = query(process, nt::ProcessClass::memory, memory);
  if (status == kOk) {
    store_memory(memory.working_set, memory.virtual_size, record);
    return kOk;
  }
  record.withhold(Field::vsize);
  return settle(status, Field::rss, record);
}

Status ProcessReader::read_io(HANDLE process, Record& record) {
  IO_COUNTERS counters = {};
  Status status = query(process, nt::ProcessClass::io_counters, counters);
  if (status != kOk) return settle(status, Field::io, record);
  Io io;
  io.readCalls = static_cast<double>(counters.ReadOperationCount);
  io.writeCalls = static_cast<double>(counters.WriteOperationCount);
  io.readChars = static_cast<double>(counters.ReadTransferCount);
  io.writeChars = static_cast<double>(counters.WriteTransferCount);
  store_io(io, record);
  return kOk;
}

Status ProcessReader::read_path(HANDLE process, Record& record) {
  StringBuffer path;
  Status status = path.query(process, nt::ProcessClass::win32_image_name);
  if (status != kOk) return status;
  if (path.text().count == 0) return kGone;
  size_t offset = record.text.size();
  if (!append_utf8(path.text(), record.text)) return out_of_memory();
  return store(Field::exe, &Record::exe, offset, record);
}

Status ProcessReader::read_command_line(HANDLE process, Record& record) {
  StringBuffer known;
  Bytes read;
  WideText line;
  Status status = known.query(process, nt::ProcessClass::command_line);
  if (status == kOk) {
    line = known.text();
  } else {
    // Before Windows 8.1, and in Wine, it takes a look into the memory of the process.
    status = read_own_command_line(process, read);
    if (status != kOk) return status;
    line = {read.data(), read.size() / 2};
  }
  Bytes text;
  if (!append_utf8(line, text)) return out_of_memory();
  size_t offset = record.text.size();
  if (!append_arguments({text.data(), text.size()}, record.text)) return out_of_memory();
  return store(Field::cmdline, &Record::cmdline, offset, record);
}

Status ProcessReader::read_parameters(HANDLE process, FieldMask wanted, Record& record) {
  size_t offset = record.text.size();
  Status status = kOk;
  if (wanted & bit(Field::cwd)) {
    status = append_cwd(process, record.text);
    if (status == kOk) store(Field::cwd, &Record::cwd, offset, record);
    status = settle(status, Field::cwd, record);
  }
  if (status != kOk || (wanted & bit(Field::environ)) == 0) return status;
  offset = record.text.size();
  status = append_environment(process, record.text);
  if (status == kOk) store(Field::environ, &Record::environ, offset, record);
  return settle(status, Field::environ, record);
}

Status ProcessReader::read_user(HANDLE process, Record& record) {
  size_t offset = record.text.size();
  Status status = accounts_.append_name(process, record.text);
  return status == kOk ? store(Field::user, &Record::user, offset, record) : status;
}

}  // namespace procseek
