// The packing of records for JavaScript, against the layout that batch.h promises.
#include "batch.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "rows.h"

using namespace procseek;

namespace {

void set_text(Record& record, Field field, Span Record::*span, std::string_view text) {
  REQUIRE(record.text.store(text, record.*span));
  record.set(field);
}

FieldMask mask_of(std::initializer_list<Field> fields) {
  FieldMask mask = 0;
  for (Field field : fields) mask |= bit(field);
  return mask;
}

}  // namespace

TEST_CASE("a row holds doubles first and then flags and integers in the order of fields.def") {
  Batch batch(mask_of({Field::pid, Field::ppid, Field::startTime, Field::uid, Field::cpuTime,
                       Field::rss, Field::state}));
  Record record;
  record.reset(7);
  record.ppid = -1;
  record.state = State::zombie;
  record.startTime = 1e12;
  record.uid = 4294967295u;
  record.cpuTime = {10, 20};
  record.rss = 18446744073709551615.0;
  for (Field field :
       {Field::ppid, Field::state, Field::startTime, Field::uid, Field::cpuTime, Field::rss}) {
    record.set(field);
  }
  REQUIRE(batch.append(record, false) == kOk);
  Row row = rows_of(batch, 4, 4)[0];
  CHECK(row.flags == 0);
  CHECK(row.doubles == std::vector<double>{1e12, 10, 20, 18446744073709551615.0});
  CHECK(row.ints == std::vector<int32_t>{7, -1, static_cast<int32_t>(State::zombie), -1});
  CHECK(batch.bytes() == 4 * 8 + 6 * 4);  // a row is a multiple of 8 bytes
}

TEST_CASE("texts of all rows follow each other and each lane tells where one ends") {
  Batch batch(mask_of({Field::pid, Field::name, Field::comm, Field::cmdline}));
  for (int pid = 1; pid <= 3; pid++) {
    Record record;
    record.reset(pid);
    std::string name(static_cast<size_t>(pid), 'n');
    set_text(record, Field::cmdline, &Record::cmdline, {"a\0\0", 3});
    set_text(record, Field::comm, &Record::comm, "c");
    set_text(record, Field::name, &Record::name, name);
    REQUIRE(batch.append(record, true) == kOk);
  }
  CHECK(all_of(batch.text()) == std::string_view("nca\0\0nnca\0\0nnnca\0\0", 18));
  auto rows = rows_of(batch, 0, 4);
  CHECK(rows[0].ints == std::vector<int32_t>{1, 1, 2, 5});
  CHECK(rows[1].ints == std::vector<int32_t>{2, 7, 8, 11});
  CHECK(rows[2].ints == std::vector<int32_t>{3, 14, 15, 18});
  CHECK(rows[2].flags == Batch::kMatched);
}

TEST_CASE("two fields may show the same bytes") {
  Batch batch(mask_of({Field::pid, Field::name, Field::comm}));
  for (size_t size : {1u, 255u, 256u, 257u, 5000u}) {
    Record record;
    record.reset(1);
    set_text(record, Field::comm, &Record::comm, std::string(size, 'x'));
    record.name = record.comm;
    record.set(Field::name);
    batch.clear();
    REQUIRE(batch.append(record, false) == kOk);
    CHECK(all_of(batch.text()) == std::string(2 * size, 'x'));
  }
}

TEST_CASE("a withheld field is flagged and shows nothing of an earlier record") {
  Batch batch(mask_of({Field::pid, Field::exe, Field::uid, Field::io, Field::containerId}));
  Record record;
  record.reset(1);
  set_text(record, Field::exe, &Record::exe, "/bin/cat");
  set_text(record, Field::containerId, &Record::containerId, "0123");
  record.uid = 5;
  record.io.readChars = 6;
  record.set(Field::uid);
  record.set(Field::io);
  REQUIRE(batch.append(record, false) == kOk);
  for (Field field : {Field::exe, Field::uid, Field::io, Field::containerId})
    record.withhold(field);
  REQUIRE(batch.append(record, false) == kOk);
  auto rows = rows_of(batch, 6, 4);
  CHECK(rows[0].flags == 0);
  CHECK(rows[0].ints == std::vector<int32_t>{1, 8, 5, 12});
  CHECK(rows[1].flags == mask_of({Field::exe, Field::uid, Field::io, Field::containerId}));
  CHECK(rows[1].ints == std::vector<int32_t>{1, 12, 0, 12});
  CHECK(rows[1].doubles == std::vector<double>(6, 0));
  CHECK(all_of(batch.text()) == "/bin/cat0123");
}

TEST_CASE("only fields of the batch are flagged") {
  Batch batch(mask_of({Field::pid, Field::uid}));
  Record record;
  record.reset(1);
  record.withhold(Field::exe);
  record.withhold(Field::uid);
  REQUIRE(batch.append(record, true) == kOk);
  CHECK(rows_of(batch, 0, 2)[0].flags == (bit(Field::uid) | Batch::kMatched));
}

TEST_CASE("no field's bit is that of a match") {
  FieldMask all = 0;
#define FIELD(name, ...) all |= bit(Field::name);
#include "fields.def"
#undef FIELD
  CHECK((all & Batch::kMatched) == 0);
}

TEST_CASE("a cleared batch starts anew") {
  Batch batch(mask_of({Field::pid, Field::comm}));
  Record record;
  record.reset(1);
  set_text(record, Field::comm, &Record::comm, "old");
  REQUIRE(batch.append(record, false) == kOk);
  batch.clear();
  CHECK(batch.rows() == 0);
  CHECK(batch.bytes() == 0);
  record.reset(2);
  set_text(record, Field::comm, &Record::comm, "new");
  REQUIRE(batch.append(record, false) == kOk);
  CHECK(rows_of(batch, 0, 2)[0].ints == std::vector<int32_t>{2, 3});
  CHECK(all_of(batch.text()) == "new");
}

TEST_CASE("a batch is ASCII when every byte of its text is wherever it stands") {
  for (size_t size = 0; size < 40; size++) {
    Record record;
    record.reset(1);
    set_text(record, Field::comm, &Record::comm, std::string(size, '\x7f'));
    Batch batch(mask_of({Field::pid, Field::comm}));
    REQUIRE(batch.append(record, false) == kOk);
    CHECK(batch.is_ascii());
    for (size_t i = 0; i < size; i++) {
      CAPTURE(i);
      record.text.data()[i] = '\x80';
      batch.clear();
      REQUIRE(batch.append(record, false) == kOk);
      CHECK_FALSE(batch.is_ascii());
      record.text.data()[i] = '\x7f';
    }
  }
}

TEST_CASE("a text of megabytes is packed whole and one beyond the limit is out of memory") {
  Batch batch(mask_of({Field::pid, Field::cmdline}), UINT32_MAX);
  Record record;
  record.reset(1);
  std::string argument(3 << 20, 'a');
  set_text(record, Field::cmdline, &Record::cmdline, argument);
  REQUIRE(batch.append(record, false) == kOk);
  CHECK(all_of(batch.text()) == argument);
  // Room that is reserved and never touched costs address space, not memory.
  REQUIRE(record.text.reserve(1020u << 20));
  record.text.commit(1020u << 20);
  record.cmdline = {0, static_cast<uint32_t>(record.text.size())};
  CHECK(batch.append(record, false) == out_of_memory());
  CHECK(batch.rows() == 1);
}

TEST_CASE("a packet holds its batches on boundaries of eight bytes and leaves out empty ones") {
  Batch empty(mask_of({Field::pid}));
  Batch first(mask_of({Field::pid, Field::comm}));
  Batch second(mask_of({Field::pid, Field::startTime}));
  Record record;
  record.reset(1);
  set_text(record, Field::comm, &Record::comm, "\xc3\xa9");
  record.startTime = 0.5;
  record.set(Field::startTime);
  REQUIRE(first.append(record, false) == kOk);
  REQUIRE(second.append(record, false) == kOk);
  REQUIRE(second.append(record, true) == kOk);

  Packet packet;
  CHECK(packet.empty());
  for (const Batch* batch : {&empty, &first, &second}) packet.measure(*batch);
  CHECK_FALSE(packet.empty());
  std::unique_ptr<char[]> bytes(new char[packet.size()]);
  packet.begin(bytes.get(), true);
  packet.write(0, empty);
  packet.write(1, first);
  packet.write(2, second);

  int32_t head[2 + 2 * 6];
  REQUIRE(packet.size() >= sizeof head);
  std::memcpy(head, bytes.get(), sizeof head);
  CHECK(head[0] == 1);
  CHECK(head[1] == 2);
  const int32_t* one = head + 2;
  const int32_t* two = head + 8;
  CHECK(std::vector<int32_t>(one, one + 3) == std::vector<int32_t>{1, 1, 0});
  CHECK(std::vector<int32_t>(two, two + 3) == std::vector<int32_t>{2, 2, 1});
  for (const int32_t* batch : {one, two}) {
    CHECK(batch[3] % 8 == 0);
    CHECK(batch[4] % 8 == 0);
  }
  CHECK(std::string_view(bytes.get() + one[4], static_cast<size_t>(one[5])) == "\xc3\xa9");
  std::string_view lanes(bytes.get() + two[3], packet.size() - static_cast<size_t>(two[3]));
  auto rows = rows_of(lanes, 2, 1, 1);
  CHECK(rows[0].doubles == std::vector<double>{0.5});
  CHECK(rows[1].flags == Batch::kMatched);
  CHECK(two[5] == 0);
}
