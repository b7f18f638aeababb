#include "record_fields.h"

#include <cmath>

namespace procseek {

namespace {

constexpr double kTicksPerMs = 1e4;
constexpr uint64_t kEpoch = 116444736000000000;  // 1970, since 1601

void set(Record& record, Field field, int32_t Record::*member, int32_t value) {
  record.*member = value;
  record.set(field);
}

size_t print(uint64_t number, char* ret_digits) {
  char reversed[20];
  size_t length = 0;
  do {
    reversed[length++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  for (size_t i = 0; i < length; i++) ret_digits[i] = reversed[length - 1 - i];
  return length;
}

}  // namespace

double epoch_of(uint64_t time) {
  return static_cast<double>(static_cast<int64_t>(time - kEpoch)) / kTicksPerMs;
}

bool nice_of(uint8_t priority_class, int32_t& ret_nice) {
  // None; idle, normal, high, real time, below normal, above normal.
  constexpr int8_t kNice[] = {0, 19, 0, -14, -20, 10, -7};
  if (priority_class == 0 || priority_class >= sizeof kNice) return false;
  ret_nice = kNice[priority_class];
  return true;
}

Status store_name(WideText name, Record& record) {
  size_t offset = record.text.size();
  if (!append_utf8(name, record.text)) return out_of_memory();
  record.comm = {static_cast<uint32_t>(offset), static_cast<uint32_t>(record.text.size() - offset)};
  record.name = record.comm;
  record.set(Field::comm);
  record.set(Field::name);
  return kOk;
}

Identity identity_of(int32_t pid, uint64_t created) {
  char id[2 * 20 + 1];
  size_t length = print(static_cast<uint64_t>(pid), id);
  id[length++] = '-';
  length += print(created, id + length);
  return Identity::of({id, length});
}

Status store_start(uint64_t created, FieldMask wanted, Record& record) {
  record.startTime = epoch_of(created);
  record.set(Field::startTime);
  if ((wanted & bit(Field::id)) == 0) return kOk;
  Identity id = identity_of(record.pid, created);
  if (!record.text.store({id.bytes, id.length}, record.id)) return out_of_memory();
  record.set(Field::id);
  return kOk;
}

void store_cpu_time(uint64_t user, uint64_t kernel, Record& record) {
  record.cpuTime = {static_cast<double>(user) / kTicksPerMs,
                    static_cast<double>(kernel) / kTicksPerMs};
  record.set(Field::cpuTime);
}

void store_memory(uint64_t working_set, uint64_t virtual_size, Record& record) {
  record.rss = static_cast<double>(working_set);
  record.vsize = static_cast<double>(virtual_size);
  record.set(Field::rss);
  record.set(Field::vsize);
}

void store_io(const Io& io, Record& record) {
  record.io = io;
  record.io.readBytes = record.io.writeBytes = NAN;
  record.set(Field::io);
}

Status store_listed(const ListedProcess& process, ListKind kind, FieldMask wanted, Record& record) {
  if (wanted & (bit(Field::name) | bit(Field::comm))) {
    Status status = store_name(process.name, record);
    if (status != kOk) return status;
  }
  if (kind == ListKind::basic) return kOk;
  set(record, Field::sid, &Record::sid, process.session);
  set(record, Field::threads, &Record::threads, process.threads);
  set(record, Field::fds, &Record::fds, process.handles);
  store_cpu_time(process.user_time, process.kernel_time, record);
  store_memory(process.working_set, process.virtual_size, record);
  store_io(process.io, record);
  return store_start(process.birth, wanted, record);
}

}  // namespace procseek
