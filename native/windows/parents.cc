#include "parents.h"

namespace procseek {

namespace {

bool is_of(HANDLE process, uint64_t created) {
  nt::ProcessTimes times = {};
  return query(process, nt::ProcessClass::times, times) == kOk && times.created == created;
}

}  // namespace

// By the numbers that Windows 10 gives processes one after the other, where it tells them; else by
// when they were created, which goes wrong when the clock has been set back meanwhile.
bool is_older(HANDLE one, HANDLE other) {
  uint64_t numbers[2] = {};
  if (query(one, nt::ProcessClass::sequence_number, numbers[0]) == kOk &&
      query(other, nt::ProcessClass::sequence_number, numbers[1]) == kOk) {
    return numbers[0] < numbers[1];
  }
  nt::ProcessTimes times[2] = {};
  return query(one, nt::ProcessClass::times, times[0]) == kOk &&
         query(other, nt::ProcessClass::times, times[1]) == kOk &&
         times[0].created <= times[1].created;
}

int32_t find_parent(const ProcessList& list, const ListedProcess& process) {
  int32_t parent = list.parent_of(process);
  ListedProcess creator;
  if (parent != 0 || list.kind() == ListKind::basic || !list.find(process.creator, creator)) {
    return parent;
  }
  // A parent that looks younger than its child is another process, or the clock has been set back.
  Handle child;
  Handle other;
  bool is_child_of_it = open_living(process.pid, kLook, child) == kOk &&
                        open_living(creator.pid, kLook, other) == kOk &&
                        is_of(child.get(), process.birth) && is_of(other.get(), creator.birth) &&
                        is_older(other.get(), child.get());
  return is_child_of_it ? creator.pid : 0;
}

}  // namespace procseek
