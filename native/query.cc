#include "query.h"

#include <algorithm>

namespace procseek {

bool Query::wants_comm() const {
  return !options_.any_name && (options_.by == By::name || options_.by == By::comm);
}

Status Query::exclude(const int32_t* pids, size_t count) {
  if (count == 0) return kOk;
  std::string_view bytes(reinterpret_cast<const char*>(pids), count * sizeof *pids);
  return excluded_.append(bytes) ? kOk : out_of_memory();
}

bool Query::excludes(int32_t pid) const {
  Values<int32_t> pids = values_of<int32_t>(excluded_);
  return std::binary_search(pids.begin(), pids.end(), pid);
}

bool Query::may_match(const Record& record) const {
  if (excluded_.size() != 0 && excludes(record.pid)) return false;
  return !record.has(Field::comm) || may_match(record.view(record.comm));
}

bool Query::may_match(std::string_view comm) const {
  if (!has_name_test()) return true;
  if (options_.by == By::comm) return names_.contains(comm);
  if (options_.by == By::name) return names_.may_contain(comm);
  return true;
}

Status Query::append_hashes(Bytes& hashes, uint64_t seed) const {
  Status status = names_.append_hashes(hashes, seed);
  return status == kOk && options_.by == By::name ? append_label_hashes(hashes, seed) : status;
}

FieldMask Query::subject_fields() const {
  switch (options_.by) {
    case By::name:
      return bit(Field::name) | bit(Field::comm);
    case By::comm:
      return bit(Field::comm);
    case By::exe:
      return bit(Field::exe);
    case By::argv0:
    case By::cmdline:
      return bit(Field::cmdline);
    case By::any:
      break;
  }
  return bit(Field::name) | bit(Field::comm) | bit(Field::exe) | bit(Field::cmdline);
}

FieldMask Query::test_fields() const {
  FieldMask fields = options_.any_name ? 0 : subject_fields();
  if (options_.uid >= 0) fields |= bit(Field::uid);
  if (options_.ppid >= 0) fields |= bit(Field::ppid);
  return fields;
}

FieldMask Query::every_time() const {
  bool is_picky = options_.uid >= 0 || options_.ppid >= 0 || has_name_test();
  return is_picky ? test_fields() : all_fields();
}

FieldMask Query::first_fields(const Record& record) const {
  if (options_.uid >= 0 || options_.ppid >= 0) return test_fields();
  if (options_.any_name) return all_fields();
  // A label says nothing of the name.
  bool is_likely = wants_comm() && record.has(Field::comm) && !is_label(record.view(record.comm));
  return is_likely ? all_fields() : test_fields();
}

bool Query::test(const Record& record) const {
  if (options_.uid >= 0 && !(record.has(Field::uid) && record.uid == options_.uid)) return false;
  if (options_.ppid >= 0 && !(record.has(Field::ppid) && record.ppid == options_.ppid)) {
    return false;
  }
  return !has_name_test() || matches_name(record);
}

bool Query::matches_name(const Record& record) const {
  auto has_one_of = [this](By by) { return options_.by == by || options_.by == By::any; };
  auto equals = [&](Field field, Span span) {
    return record.has(field) && names_.contains(record.view(span));
  };
  std::string_view arguments =
      record.has(Field::cmdline) ? record.view(record.cmdline) : std::string_view{};
  std::string_view rest = arguments;
  std::string_view argv0;

  if (has_one_of(By::name) && equals(Field::name, record.name)) return true;
  if ((has_one_of(By::name) || options_.by == By::comm) && equals(Field::comm, record.comm)) {
    return true;
  }
  if (has_one_of(By::exe) && record.has(Field::exe) &&
      names_.contains_path(record.view(record.exe))) {
    return true;
  }
  if (has_one_of(By::argv0) && next_element(rest, argv0) && names_.contains_argv0(argv0))
    return true;
  return has_one_of(By::cmdline) && names_.any_within(arguments);
}

uint64_t Query::fingerprint(const Record& record) const {
  FieldMask subjects = subject_fields() | bit(Field::name);
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  auto add = [&](Field field, Span span) {
    if ((subjects & bit(field)) == 0 || !record.has(field)) return;
    for (char c : record.view(span)) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    hash = (hash ^ 0x100) * 1099511628211u;
  };
  add(Field::name, record.name);
  add(Field::comm, record.comm);
  add(Field::exe, record.exe);
  add(Field::cmdline, record.cmdline);
  return hash;
}

Status Query::tell(const Record& record) {
  bool matched = options_.any_name || (!names_.empty() && matches_name(record));
  Status status = batch_.append(record, matched);
  if (status != kOk) return status;
  if (options_.limit != 0 && ++told_ == options_.limit) is_satisfied_ = true;
  return kOk;
}

}  // namespace procseek
