#include "batch.h"

#include <cstring>
#include <type_traits>

namespace procseek {

namespace {

// How many 8-byte and 4-byte lanes a value of each kind takes.
struct Lanes {
  size_t doubles;
  size_t words;
};
constexpr Lanes lanes_of(const int32_t&) { return {0, 1}; }
constexpr Lanes lanes_of(const uint32_t&) { return {0, 1}; }
constexpr Lanes lanes_of(const State&) { return {0, 1}; }
constexpr Lanes lanes_of(const Span&) { return {0, 1}; }
constexpr Lanes lanes_of(const double&) { return {1, 0}; }
constexpr Lanes lanes_of(const CpuTime&) { return {sizeof(CpuTime) / sizeof(double), 0}; }
constexpr Lanes lanes_of(const Io&) { return {sizeof(Io) / sizeof(double), 0}; }

// How much text a value brings along.
template <class Value>
constexpr size_t length_of(const Value&) {
  return 0;
}
constexpr size_t length_of(const Span& span) { return span.length; }

size_t align(size_t size) { return (size + 7) & ~size_t{7}; }

// Writes one row, lane after lane.
class RowWriter {
 public:
  RowWriter(char* doubles, char* words, const Record& record, Bytes& text)
      : doubles_(doubles), words_(words), record_(record), text_(text) {}

  void put(uint32_t value) { put_word(&value); }
  void put(int32_t value) { put_word(&value); }
  void put(State value) { put_word(&value); }
  void put(double value) { put_doubles(&value, sizeof value); }
  void put(const CpuTime& value) { put_doubles(&value, sizeof value); }
  void put(const Io& value) { put_doubles(&value, sizeof value); }
  // The room was reserved for the whole row.
  void put(Span span) {
    if (span.length != 0) {
      std::memcpy(text_.data() + text_.size(), record_.text.data() + span.offset, span.length);
      text_.commit(span.length);
    }
    put(static_cast<uint32_t>(text_.size()));
  }

 private:
  void put_word(const void* value) {
    std::memcpy(words_, value, 4);
    words_ += 4;
  }
  void put_doubles(const void* value, size_t size) {
    std::memcpy(doubles_, value, size);
    doubles_ += size;
  }

  char* doubles_;
  char* words_;
  const Record& record_;
  Bytes& text_;
};

}  // namespace

Batch::Batch(FieldMask fields, uint32_t text_limit) : fields_(fields), text_limit_(text_limit) {
  size_t words = 1;
  const Record record{};
#define FIELD(name, ...)                            \
  if (fields_ & bit(Field::name)) {                 \
    double_lanes_ += lanes_of(record.name).doubles; \
    words += lanes_of(record.name).words;           \
  }
#include "fields.def"
#undef FIELD
  row_size_ = align(double_lanes_ * 8 + words * 4);
}

// The part of a list that fits the limit. The last argument of a command line may be cut in the
// middle, which shows by the NUL that it lacks; half of a variable would be a wrong value.
Span Batch::told(const Record& record, Field field, Span list) const {
  if (list.length <= text_limit_) return list;
  list.length = text_limit_;
  if (field != Field::environ) return list;
  size_t end = record.view(list).rfind('\0');
  list.length = end == std::string_view::npos ? 0 : static_cast<uint32_t>(end + 1);
  return list;
}

uint32_t Batch::flags_of(const Record& record, bool matched) const {
  auto is_cut = [&](Field field, const Span& list) {
    return record.has(field) && ((record.cut & bit(field)) != 0 || list.length > text_limit_);
  };
  return (record.nulls & fields_) | (matched ? kMatched : 0) |
         (is_cut(Field::cmdline, record.cmdline) ? kCutCmdline : 0) |
         (is_cut(Field::environ, record.environ) ? kCutEnviron : 0);
}

Status Batch::append(const Record& record, bool matched) {
  size_t length = 0;
#define FIELD(name, ...) \
  if (fields_ & bit(Field::name)) length += length_of(record.name);
#include "fields.def"
#undef FIELD
  if (!lanes_.reserve(row_size_) || !text_.reserve(length)) return out_of_memory();
  char* row = lanes_.data() + lanes_.size();
  RowWriter writer(row, row + double_lanes_ * 8, record, text_);
  writer.put(flags_of(record, matched));
  auto limited = [&](Field field, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Span>) {
      bool is_list = field == Field::cmdline || field == Field::environ;
      return is_list ? told(record, field, value) : value;
    } else {
      return value;
    }
  };
#define FIELD(name, ...)                                                   \
  if (fields_ & bit(Field::name)) {                                        \
    writer.put(record.has(Field::name) ? limited(Field::name, record.name) \
                                       : decltype(record.name){});         \
  }
#include "fields.def"
#undef FIELD
  lanes_.commit(row_size_);
  rows_++;
  return kOk;
}

void Batch::clear() {
  rows_ = 0;
  lanes_.clear();
  text_.clear();
}

void Batch::release() {
  rows_ = 0;
  lanes_.release();
  text_.release();
}

bool Batch::is_ascii() const {
  const char* bytes = text_.data();
  size_t size = text_.size();
  uint64_t seen = 0;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t eight;
    std::memcpy(&eight, bytes + i, 8);
    seen |= eight;
  }
  for (; i < size; i++) seen |= static_cast<unsigned char>(bytes[i]);
  return (seen & 0x8080808080808080u) == 0;
}

size_t Packet::head_size() const {
  return align((kHeadLanes + batches_ * kHeaderLanes) * sizeof(int32_t));
}

void Packet::measure(const Batch& batch) {
  if (batch.rows() == 0) return;
  batches_++;
  body_size_ += align(batch.lanes().size()) + align(batch.text().size());
}

void Packet::begin(char* bytes, bool has_ended) {
  const int32_t head[kHeadLanes] = {has_ended ? 1 : 0, static_cast<int32_t>(batches_)};
  std::memcpy(bytes, head, sizeof head);
  bytes_ = bytes;
  header_ = bytes + sizeof head;
  offset_ = head_size();
}

void Packet::write(int32_t query, const Batch& batch) {
  if (batch.rows() == 0) return;
  auto place = [this](const Bytes& run) {
    size_t offset = offset_;
    if (run.size() != 0) std::memcpy(bytes_ + offset, run.data(), run.size());
    offset_ += align(run.size());
    return static_cast<int32_t>(offset);
  };
  int32_t lanes = place(batch.lanes());
  int32_t text = place(batch.text());
  const int32_t header[kHeaderLanes] = {
      query, static_cast<int32_t>(batch.rows()),       batch.is_ascii() ? 1 : 0, lanes,
      text,  static_cast<int32_t>(batch.text().size())};
  std::memcpy(header_, header, sizeof header);
  header_ += sizeof header;
}

}  // namespace procseek
