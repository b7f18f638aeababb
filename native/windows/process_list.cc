#include "process_list.h"

#include <algorithm>

#include "../sort.h"

namespace procseek {

namespace {

// As in winternl.h.
struct UnicodeString {
  uint16_t size;  // of its bytes
  uint16_t capacity;
  uint32_t padding;
  uint64_t address;
};

// SYSTEM_BASICPROCESS_INFORMATION
struct BasicEntry {
  uint32_t next;
  uint32_t padding;
  uint64_t pid;
  uint64_t creator;
  uint64_t sequence_number;
  UnicodeString name;
};
static_assert(sizeof(BasicEntry) == 48, "as on x64 and ARM64");

// SYSTEM_PROCESS_INFORMATION, before the threads.
struct FullEntry {
  uint32_t next;
  uint32_t threads;
  uint64_t private_working_set;
  uint32_t hard_faults;
  uint32_t most_threads;
  uint64_t cycles;
  uint64_t create_time;
  uint64_t user_time;
  uint64_t kernel_time;
  UnicodeString name;
  int32_t base_priority;
  uint32_t padding;
  uint64_t pid;
  uint64_t creator;
  uint32_t handles;
  uint32_t session;
  uint64_t key;
  uint64_t peak_virtual_size;
  uint64_t virtual_size;
  uint32_t page_faults;
  uint32_t more_padding;
  uint64_t peak_working_set;
  uint64_t working_set;
  uint64_t pools[4];
  uint64_t page_file;
  uint64_t peak_page_file;
  uint64_t private_pages;
  uint64_t operations[3];  // read, write, other
  uint64_t transfers[3];   // likewise, in bytes
};
static_assert(sizeof(FullEntry) == 256, "as on x64 and ARM64");

template <class Entry>
Entry entry_at(std::string_view buffer, size_t offset) {
  Entry entry;
  std::memcpy(&entry, buffer.data() + offset, sizeof entry);
  return entry;
}

// Null when it is none that the rest could speak of.
int32_t pid_of(uint64_t number) { return number <= INT32_MAX ? static_cast<int32_t>(number) : 0; }

int32_t count_of(uint32_t number) { return pid_of(number); }

}  // namespace

bool ProcessList::assign(ListKind kind, std::string_view buffer, uint64_t base) {
  kind_ = kind;
  buffer_ = buffer;
  base_ = base;
  places_.clear();
  size_t entry_size = kind == ListKind::basic ? sizeof(BasicEntry) : sizeof(FullEntry);
  size_t offset = 0;
  while (offset <= buffer.size() && buffer.size() - offset >= entry_size) {
    uint32_t next = entry_at<uint32_t>(buffer, offset);
    uint64_t pid = kind == ListKind::basic ? entry_at<BasicEntry>(buffer, offset).pid
                                           : entry_at<FullEntry>(buffer, offset).pid;
    Place place = {pid_of(pid), static_cast<uint32_t>(offset)};
    if (place.pid != 0 && !append_value(places_, place)) return false;
    if (next < entry_size) break;
    offset += next;
  }
  sort();
  return true;
}

void ProcessList::clear() {
  buffer_ = {};
  places_ = Bytes();
}

// Of two that had the same PID one after the other while the list was made, the later one counts.
void ProcessList::sort() {
  auto* places = reinterpret_cast<Place*>(places_.data());
  places_.truncate(sort_and_unite(places, size()) * sizeof(Place));
}

ListedProcess ProcessList::at(size_t index) const {
  ListedProcess process;
  size_t offset = places()[index].offset;
  process.pid = pid_at(index);
  if (kind_ == ListKind::basic) {
    auto entry = entry_at<BasicEntry>(buffer_, offset);
    process.creator = pid_of(entry.creator);
    process.birth = entry.sequence_number;
    process.name = name_at(offset + offsetof(BasicEntry, name));
    return process;
  }
  auto entry = entry_at<FullEntry>(buffer_, offset);
  process.creator = pid_of(entry.creator);
  process.birth = entry.create_time;
  process.name = name_at(offset + offsetof(FullEntry, name));
  process.threads = count_of(entry.threads);
  process.handles = count_of(entry.handles);
  process.session = count_of(entry.session);
  process.user_time = entry.user_time;
  process.kernel_time = entry.kernel_time;
  process.working_set = entry.working_set;
  process.virtual_size = entry.virtual_size;
  process.io.readCalls = static_cast<double>(entry.operations[0]);
  process.io.writeCalls = static_cast<double>(entry.operations[1]);
  process.io.readChars = static_cast<double>(entry.transfers[0]);
  process.io.writeChars = static_cast<double>(entry.transfers[1]);
  return process;
}

WideText ProcessList::name_at(size_t offset) const {
  auto name = entry_at<UnicodeString>(buffer_, offset);
  uint64_t from = name.address - base_;
  if (name.address < base_ || from > buffer_.size() || buffer_.size() - from < name.size) return {};
  return {buffer_.data() + from, name.size / size_t{2}};
}

bool ProcessList::find(int32_t pid, ListedProcess& ret_process) const {
  const Place* last = places() + size();
  const Place* place = std::lower_bound(
      places(), last, pid, [](const Place& each, int32_t wanted) { return each.pid < wanted; });
  if (place == last || place->pid != pid) return false;
  ret_process = at(static_cast<size_t>(place - places()));
  return true;
}

int32_t ProcessList::parent_of(const ListedProcess& process) const {
  ListedProcess parent;
  // Those that the kernel made at the start may be of one moment.
  bool is_there = find(process.creator, parent) && parent.birth <= process.birth;
  return is_there ? parent.pid : 0;
}

}  // namespace procseek
