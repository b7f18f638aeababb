// Where what is wanted stands in the structures that macOS tells of a process, by the byte, so that
// they can be read on any machine; layouts.cc holds this against the headers. Little-endian, as all
// Macs of today are.
#pragma once

#include <cstddef>

namespace procseek {

// proc_pidinfo(PROC_PIDT_SHORTBSDINFO): struct proc_bsdshortinfo of sys/proc_info.h.
namespace short_info {
constexpr size_t kSize = 64;
constexpr size_t kPid = 0;
constexpr size_t kPpid = 4;
constexpr size_t kPgid = 8;
constexpr size_t kStatus = 12;
constexpr size_t kComm = 16;
constexpr size_t kCommSize = 16;
constexpr size_t kRealUid = 44;
constexpr size_t kRealGid = 48;
}  // namespace short_info

// proc_pidinfo(PROC_PIDTBSDINFO): struct proc_bsdinfo.
namespace bsd_info {
constexpr size_t kSize = 136;
constexpr size_t kStatus = 4;
constexpr size_t kExitStatus = 8;
constexpr size_t kPid = 12;
constexpr size_t kTerminal = 108;
constexpr size_t kNice = 116;
constexpr size_t kStartSeconds = 120;
constexpr size_t kStartMicroseconds = 128;
}  // namespace bsd_info

// sysctl(KERN_PROC_PID): struct kinfo_proc of sys/sysctl.h.
namespace kinfo {
constexpr size_t kSize = 648;
constexpr size_t kStartSeconds = 0;
constexpr size_t kStartMicroseconds = 8;
constexpr size_t kStatus = 36;
constexpr size_t kPid = 40;
constexpr size_t kNice = 242;
constexpr size_t kTerminal = 572;
}  // namespace kinfo

// proc_pidinfo(PROC_PIDUNIQIDENTIFIERINFO): struct proc_uniqidentifierinfo of XNU's
// sys/proc_info_private.h, which calls it API; no SDK has it. p_uniqueid counts up with every fork
// and stays at an exec; p_idversion is another one after an exec.
namespace unique_info {
constexpr int kFlavor = 17;
constexpr size_t kSize = 56;
constexpr size_t kUniqueId = 16;
constexpr size_t kIdVersion = 32;
}  // namespace unique_info

// proc_pidinfo(PROC_PIDTASKINFO): struct proc_taskinfo.
namespace task_info {
constexpr size_t kSize = 96;
constexpr size_t kVirtualSize = 0;
constexpr size_t kResidentSize = 8;
constexpr size_t kTotalUser = 16;
constexpr size_t kTotalSystem = 24;
constexpr size_t kThreads = 84;
constexpr size_t kRunning = 88;
}  // namespace task_info

// proc_pid_rusage(RUSAGE_INFO_V4): struct rusage_info_v4 of sys/resource.h.
namespace usage_info {
constexpr size_t kSize = 296;
constexpr size_t kBytesRead = 144;
constexpr size_t kBytesWritten = 152;
}  // namespace usage_info

// proc_pidinfo(PROC_PIDVNODEPATHINFO): struct proc_vnodepathinfo.
namespace path_info {
constexpr size_t kSize = 2352;
constexpr size_t kPathSize = 1024;
constexpr size_t kCwd = 152;
constexpr size_t kRoot = 1328;
}  // namespace path_info

}  // namespace procseek
