// What the rows tell that the program in the kernel writes, as made up.
#include "linux/kernel_tasks.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "exact_bytes.h"
#include "linux/parse.h"
#include "random.h"

using namespace procseek;

namespace {

constexpr uint32_t kWorker = 0x20;
constexpr uint32_t kKernelThread = 0x200000;

// TASK_* and EXIT_* of include/linux/sched.h
constexpr uint32_t kInterruptible = 1;
constexpr uint32_t kUninterruptible = 2;
constexpr uint32_t kStopped = 4;
constexpr uint32_t kTraced = 8;
constexpr uint32_t kExitDead = 0x10;
constexpr uint32_t kExitZombie = 0x20;
constexpr uint32_t kParked = 0x40;
constexpr uint32_t kNoLoad = 0x400;
constexpr uint32_t kRtLockWait = 0x1000;
constexpr uint32_t kFreezable = 0x2000;
constexpr uint32_t kFrozen = 0x8000;

task_row row_of(std::string_view comm, uint32_t flags = 0, uint32_t long_name = 0) {
  task_row row = {};
  // All of it, as far as it goes: a comm of 15 bytes has a NUL behind it.
  comm.copy(row.comm, TASK_COMM_SIZE - 1);
  row.flags = flags;
  row.long_name = long_name;
  return row;
}

State state_of_bits(uint32_t state, uint32_t exit_state = 0) {
  task_row row = {};
  row.state = state;
  row.exit_state = exit_state;
  return state_of(row);
}

// task_index_to_char() of __task_state_index() in include/linux/sched.h, word by word.
char letter_of(uint32_t tsk_state, uint32_t tsk_exit_state) {
  uint32_t state = (tsk_state | tsk_exit_state) & 0x7f;
  if ((tsk_state & 0x402) == 0x402) state = 0x80;
  if ((tsk_state & kRtLockWait) || (tsk_state & kFrozen)) state = kUninterruptible;
  int index = state == 0 ? 0 : 32 - __builtin_clz(state);
  return "RSDTtXZPI"[index];
}

State state_in_stat(char letter) {
  std::string text = std::string("7 (x) ") + letter +
                     " 1 7 7 0 -1 4194560 0 0 0 0 1 2 0 0 20 0 1 0 5 4096 1 "
                     "18446744073709551615\n";
  Stat stat;
  REQUIRE(parse_stat(ExactBytes(text).view(), stat));
  return stat.state;
}

struct LongName {
  std::string full;
  std::string work = "";
  bool is_working = false;
};

struct Answer : KernelTasks::Answer {
  explicit Answer(const std::vector<LongName>& names = {}) {
    for (const LongName& name : names) {
      task_long_name entry = {};
      name.full.copy(entry.full, sizeof entry.full);
      name.work.copy(entry.work, sizeof entry.work);
      entry.is_working = name.is_working;
      REQUIRE(append_value(long_names, entry));
    }
  }
  std::string comm_of(const task_row& row) const {
    Bytes text;
    REQUIRE(text.append("before"));
    REQUIRE(append_comm(row, text) == kOk);
    std::string all(text.data(), text.size());
    REQUIRE(all.substr(0, 6) == "before");
    return all.substr(6);
  }
};

struct Times {
  uint64_t user;
  uint64_t system;
};

// cputime_adjust() in kernel/sched/cputime.c, word by word.
Times adjusted(const task_cpu& cpu) {
  uint64_t rtime = cpu.runtime;
  if (cpu.told_system + cpu.told_user >= rtime) return {cpu.told_user, cpu.told_system};
  uint64_t stime = cpu.system;
  uint64_t utime = cpu.user;
  if (stime == 0) {
    utime = rtime;
  } else if (utime == 0) {
    stime = rtime;
  } else {
    stime = static_cast<uint64_t>(static_cast<unsigned __int128>(stime) * rtime / (stime + utime));
    if (stime > rtime) stime = rtime;
  }
  if (stime < cpu.told_system) stime = cpu.told_system;
  utime = rtime - stime;
  if (utime < cpu.told_user) {
    utime = cpu.told_user;
    stime = rtime - utime;
  }
  return {utime, stime};
}

uint64_t tick() { return 1000000000u / static_cast<uint64_t>(::sysconf(_SC_CLK_TCK)); }

double shown_ms(uint64_t ns) {
  return static_cast<double>(ns / tick()) * (static_cast<double>(tick()) / 1e6);
}

void compare(const task_cpu& cpu) {
  CAPTURE(cpu.user);
  CAPTURE(cpu.system);
  CAPTURE(cpu.runtime);
  CAPTURE(cpu.told_user);
  CAPTURE(cpu.told_system);
  CpuTime time = cpu_time_of(cpu);
  Times expected = adjusted(cpu);
  REQUIRE(time.user == doctest::Approx(shown_ms(expected.user)).epsilon(1e-12));
  REQUIRE(time.system == doctest::Approx(shown_ms(expected.system)).epsilon(1e-12));
}

}  // namespace

TEST_CASE("a row is a kernel thread's by its flag alone") {
  CHECK(is_kernel_thread(row_of("x", kKernelThread)));
  CHECK(is_kernel_thread(row_of("x", kKernelThread | kWorker)));
  CHECK_FALSE(is_kernel_thread(row_of("kthreadd", 0)));
  CHECK_FALSE(is_kernel_thread(row_of("x", ~kKernelThread)));
}

TEST_CASE("a row's comm ends at its first NUL or behind 15 bytes") {
  for (std::string comm : {"", "x", "\xff\n", "0123456789abcd", "0123456789abcde"}) {
    task_row row = row_of(comm);
    CHECK(short_comm_of(row) == comm);
  }
  auto row = std::make_unique<task_row>();
  std::memset(row->comm, 'x', sizeof row->comm);
  CHECK(short_comm_of(*row) == std::string(15, 'x'));
  row->comm[3] = '\0';
  CHECK(short_comm_of(*row) == "xxx");
}

TEST_CASE("a row's state is the one that stat shows by a letter") {
  CHECK(state_of_bits(0) == State::running);
  CHECK(state_of_bits(kInterruptible) == State::sleeping);
  CHECK(state_of_bits(kUninterruptible) == State::disk_sleep);
  CHECK(state_of_bits(kStopped) == State::stopped);
  CHECK(state_of_bits(kTraced) == State::tracing_stop);
  CHECK(state_of_bits(kParked) == State::parked);
  CHECK(state_of_bits(kNoLoad | kUninterruptible) == State::idle);
  CHECK(state_of_bits(kNoLoad) == State::running);
  CHECK(state_of_bits(kFrozen) == State::disk_sleep);
  CHECK(state_of_bits(kRtLockWait) == State::disk_sleep);
  CHECK(state_of_bits(kFrozen | kNoLoad | kUninterruptible) == State::disk_sleep);
  CHECK(state_of_bits(kFreezable | kInterruptible) == State::sleeping);
  // TASK_KILLABLE, TASK_STOPPED, TASK_TRACED: a wake-up by a deadly signal, and no report.
  CHECK(state_of_bits(0x100 | kUninterruptible) == State::disk_sleep);
  CHECK(state_of_bits(0x100 | kStopped) == State::stopped);
  // TASK_DEAD, with what it has come to.
  CHECK(state_of_bits(0x80, kExitZombie) == State::zombie);
  CHECK(state_of_bits(0x80, kExitDead) == State::dead);
  CHECK(state_of_bits(0, kExitZombie) == State::zombie);
  CHECK(state_of_bits(0, kExitDead) == State::dead);
  CHECK(state_of_bits(0, kExitZombie | kExitDead) == State::zombie);
}

TEST_CASE("whatever bits a row's state has it is the one that stat shows") {
  auto compare_bits = [](uint32_t state, uint32_t exit_state) {
    CAPTURE(state);
    CAPTURE(exit_state);
    REQUIRE(state_of_bits(state, exit_state) == state_in_stat(letter_of(state, exit_state)));
  };
  for (uint32_t exit_state : {0u, kExitDead, kExitZombie, kExitDead | kExitZombie}) {
    for (uint32_t bit = 0; bit < 32; bit++) {
      for (uint32_t other = 0; other < 32; other++) {
        compare_bits(uint32_t{1} << bit | uint32_t{1} << other, exit_state);
      }
    }
  }
  Random random(1);
  for (int i = 0; i < 5000; i++) {
    compare_bits(static_cast<uint32_t>(random.next() >> 32), static_cast<uint32_t>(random.next()));
  }
}

TEST_CASE("a row's start is told in whole ticks") {
  task_row row = {};
  CHECK(start_ticks_of(row) == 0);
  row.start_ns = tick() - 1;
  CHECK(start_ticks_of(row) == 0);
  row.start_ns = tick();
  CHECK(start_ticks_of(row) == 1);
  row.start_ns = UINT64_MAX;
  CHECK(start_ticks_of(row) == UINT64_MAX / tick());
}

TEST_CASE("CPU time is shared out as the kernel does it") {
  const uint64_t ms = 1000000;
  compare({});
  // No sample yet, of either kind, of both.
  compare({0, 0, 500 * ms, 0, 0});
  compare({40 * ms, 0, 500 * ms, 0, 0});
  compare({0, 40 * ms, 500 * ms, 0, 0});
  compare({40 * ms, 80 * ms, 600 * ms, 0, 0});
  // What was told does not fall.
  compare({40 * ms, 80 * ms, 600 * ms, 300 * ms, 0});
  compare({40 * ms, 80 * ms, 600 * ms, 0, 500 * ms});
  compare({0, 40 * ms, 500 * ms, 100 * ms, 100 * ms});
  compare({40 * ms, 0, 500 * ms, 100 * ms, 100 * ms});
  // Nothing new, and less than was told.
  compare({40 * ms, 80 * ms, 600 * ms, 200 * ms, 400 * ms});
  compare({40 * ms, 80 * ms, 600 * ms, 400 * ms, 400 * ms});
  compare({0, 0, 0, 400 * ms, 400 * ms});
  compare({40 * ms, 80 * ms, 600 * ms, 700 * ms, 0});
  CpuTime time = cpu_time_of({30 * ms, 10 * ms, 4000 * ms, 0, 0});
  CHECK(time.user == doctest::Approx(3000));
  CHECK(time.system == doctest::Approx(1000));
}

TEST_CASE("CPU time of any size is shared out as the kernel does it") {
  Random random(2);
  // Up to 146 years.
  auto some = [&random] {
    return random.below(8) == 0 ? 0 : random.next() >> (2 + random.below(62));
  };
  for (int i = 0; i < 50000; i++) {
    task_cpu cpu = {some(), some(), some(), some(), some()};
    if (random.below(2) == 0) {
      cpu.runtime = cpu.user + cpu.system + random.below(100);
      cpu.told_user = cpu.user - cpu.user / (1 + random.below(9));
      cpu.told_system = cpu.system - cpu.system / (1 + random.below(9));
    }
    compare(cpu);
  }
}

TEST_CASE("CPU time is told in whole ticks") {
  CpuTime time = cpu_time_of({1, 0, tick() * 3 - 1, 0, 0});
  CHECK(time.user == doctest::Approx(static_cast<double>(2 * tick()) / 1e6));
  CHECK(time.system == 0);
}

TEST_CASE("a row without a long name is called by its comm") {
  Answer answer;
  CHECK(answer.comm_of(row_of("cat")) == "cat");
  CHECK(answer.comm_of(row_of("")) == "");
  CHECK(answer.comm_of(row_of("0123456789abcde")) == "0123456789abcde");
}

TEST_CASE("a kernel thread's long name replaces its comm") {
  Answer answer({{"other"}, {"a-kernel-thread-of-many-bytes"}, {std::string(64, 'x')}});
  CHECK(answer.comm_of(row_of("a-kernel-thread", kKernelThread, 2)) ==
        "a-kernel-thread-of-many-bytes");
  CHECK(answer.comm_of(row_of("x", kKernelThread, 1)) == "other");
  CHECK(answer.comm_of(row_of("x", kKernelThread, 3)) == std::string(63, 'x'));
}

TEST_CASE("a worker is called by what it works on") {
  const uint32_t flags = kKernelThread | kWorker;
  std::string longest_work(31, 'w');
  Answer answer({{"", "events", false},
                 {"", "events", true},
                 {"", "", true},
                 {"kworker/R-a-very-long-name", "mm_percpu_wq", false},
                 {std::string(31, 'n'), longest_work, true},
                 {std::string(32, 'n'), longest_work, true},
                 {std::string(63, 'n'), "w", true},
                 {"", std::string(32, 'w'), false}});
  CHECK(answer.comm_of(row_of("kworker/0:1", flags, 1)) == "kworker/0:1-events");
  CHECK(answer.comm_of(row_of("kworker/0:1", flags, 2)) == "kworker/0:1+events");
  CHECK(answer.comm_of(row_of("kworker/0:1", flags, 3)) == "kworker/0:1");
  CHECK(answer.comm_of(row_of("kworker/R-a-ver", flags, 4)) ==
        "kworker/R-a-very-long-name-mm_percpu_wq");
  // In all 63 bytes at most, the kernel's buffer without its NUL.
  CHECK(answer.comm_of(row_of("x", flags, 5)) == std::string(31, 'n') + "+" + longest_work);
  CHECK(answer.comm_of(row_of("x", flags, 6)) ==
        std::string(32, 'n') + "+" + longest_work.substr(1));
  CHECK(answer.comm_of(row_of("x", flags, 7)) == std::string(63, 'n'));
  CHECK(answer.comm_of(row_of("x", flags, 8)) == "x-" + std::string(32, 'w'));
}

TEST_CASE("a comm is all there but where a kernel thread's may be longer") {
  const std::string cut = "0123456789abcde";
  Answer answer({{"0123456789abcdef"}, {"", "events"}});
  // Of a program the kernel has no more than that.
  CHECK(answer.has_comm(row_of("cat")));
  CHECK(answer.has_comm(row_of(cut)));
  CHECK(answer.has_comm(row_of(cut, kWorker)));

  CHECK(answer.has_comm(row_of("kthreadd", kKernelThread)));
  CHECK_FALSE(answer.has_comm(row_of(cut, kKernelThread)));
  CHECK_FALSE(answer.has_comm(row_of("kworker/0:1", kKernelThread | kWorker)));
  CHECK_FALSE(answer.has_comm(row_of(cut, kKernelThread | kWorker)));

  CHECK(answer.has_comm(row_of(cut, kKernelThread, 1)));
  CHECK(answer.has_comm(row_of("kworker/0:1", kKernelThread | kWorker, 2)));
  CHECK(answer.has_comm(row_of(cut, kKernelThread | kWorker, 1)));
}

TEST_CASE("an old kernel shows a worker by the comm that was cut") {
  Answer answer({{"0123456789abcdef", "events"}, {"", "events"}});
  answer.has_old_workers = true;
  const std::string cut = "0123456789abcde";
  CHECK_FALSE(answer.has_comm(row_of(cut, kKernelThread | kWorker, 1)));
  CHECK(answer.has_comm(row_of(cut, kKernelThread, 1)));
  CHECK(answer.has_comm(row_of("kworker/0:1", kKernelThread | kWorker, 2)));
  CHECK(answer.has_comm(row_of(cut)));
}
