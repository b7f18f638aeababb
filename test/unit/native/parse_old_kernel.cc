// What Linux 3.10 and its vendors' kernels show below /proc/PID: fewer lines, fewer numbers.
#include <doctest/doctest.h>

#include <string>

#include "exact_bytes.h"
#include "linux/parse.h"

using namespace procseek;

namespace {

// proc_pid_status() of 3.10; NSpid came with 4.1, Umask with 4.7, Kthread with 6.9.
const std::string kStatus =
    "Name:\tcamerad\nState:\tS (sleeping)\nTgid:\t412\nPid:\t412\nPPid:\t1\nTracerPid:\t0\n"
    "Uid:\t1000\t1000\t1000\t1000\nGid:\t27\t27\t27\t27\nFDSize:\t64\nGroups:\t27 44 \n"
    "VmPeak:\t   21340 kB\nVmSize:\t   21336 kB\nVmLck:\t       0 kB\nVmPin:\t       0 kB\n"
    "VmHWM:\t    3120 kB\nVmRSS:\t    3116 kB\nVmData:\t   10516 kB\nVmStk:\t     136 kB\n"
    "VmExe:\t     184 kB\nVmLib:\t    4316 kB\nVmPTE:\t      40 kB\nVmSwap:\t       0 kB\n"
    "Threads:\t5\nSigQ:\t0/3752\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\n"
    "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001000\nSigCgt:\t0000000180004202\n"
    "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
    "CapBnd:\t0000001fffffffff\nSeccomp:\t0\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n"
    "voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n";

// Without the last seven numbers, which came with 3.3 and 3.5.
const std::string kShortStat =
    "412 (camerad) Z 1 412 412 0 -1 4202500 815 0 3 0 14 9 0 0 20 0 1 0 1734 0 0 4294967295 0 0 0 "
    "0 0 0 0 4096 16898 4294967295 0 0 17 1 0 0 6 0 0";

}  // namespace

TEST_CASE("status of Linux 3.10 tells the owner and the process but no namespaces") {
  ExactBytes bytes(kStatus);
  Owner owner;
  REQUIRE(parse_status(bytes.view(), owner));
  CHECK(owner.uid == 1000);
  CHECK(owner.gid == 27);
  ProcessIds ids;
  REQUIRE(parse_ids(bytes.view(), ids));
  CHECK(ids.pid == 412);
  CHECK(ids.namespaces == 0);
}

TEST_CASE("stat of Linux 3.10 ends with the exit status") {
  std::string text = kShortStat + " 0 0 0 0 0 0 0 256\n";
  ExactBytes bytes(text);
  Stat stat;
  REQUIRE(parse_stat(bytes.view(), stat));
  CHECK(stat.comm == "camerad");
  CHECK(stat.state == State::zombie);
  CHECK(stat.threads == 1);
  CHECK(stat.start_ticks == 1734);
  uint32_t status = 0;
  REQUIRE(parse_exit_status(bytes.view(), status));
  CHECK(status == 256);
}

TEST_CASE("stat of Linux 2.6.32 tells all but how a zombie has ended") {
  ExactBytes bytes(kShortStat + "\n");
  Stat stat;
  REQUIRE(parse_stat(bytes.view(), stat));
  CHECK(stat.start_ticks == 1734);
  CHECK(stat.vsize == 0);
  uint32_t status = 7;
  CHECK_FALSE(parse_exit_status(bytes.view(), status));
}

TEST_CASE("the states of Linux 3.10 that there are no more are unknown") {
  for (char letter : {'K', 'W'}) {
    std::string text = kShortStat;
    text[text.find(" Z ") + 1] = letter;
    ExactBytes bytes(text);
    Stat stat;
    REQUIRE(parse_stat(bytes.view(), stat));
    CHECK(stat.state == State::unknown);
  }
}

TEST_CASE("the hierarchies of Linux 3.10 come without a unified one") {
  ExactBytes bytes(
      "11:memory:/system.slice/camerad.service\n10:freezer:/\n9:net_prio,net_cls:/\n"
      "8:cpuacct,cpu:/system.slice/camerad.service\n1:name=systemd:/system.slice/"
      "camerad.service\n");
  CHECK(parse_cgroup(bytes.view()) == "/system.slice/camerad.service");
  CHECK(parse_container_id(bytes.view()).empty());
}
