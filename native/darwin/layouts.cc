// Holds layouts.h against the headers that this is compiled with.
#include "layouts.h"

#include <libproc.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/sysctl.h>

#include <cstddef>

#include "parse.h"

namespace procseek {

#define PROCSEEK_SAME(where, type, member) \
  static_assert(where == offsetof(struct type, member), #type "." #member " has moved")
#define PROCSEEK_SAME_SIZE(where, type) \
  static_assert(where == sizeof(struct type), #type " has another size")

PROCSEEK_SAME_SIZE(short_info::kSize, proc_bsdshortinfo);
PROCSEEK_SAME(short_info::kPid, proc_bsdshortinfo, pbsi_pid);
PROCSEEK_SAME(short_info::kPpid, proc_bsdshortinfo, pbsi_ppid);
PROCSEEK_SAME(short_info::kPgid, proc_bsdshortinfo, pbsi_pgid);
PROCSEEK_SAME(short_info::kStatus, proc_bsdshortinfo, pbsi_status);
PROCSEEK_SAME(short_info::kComm, proc_bsdshortinfo, pbsi_comm);
PROCSEEK_SAME(short_info::kRealUid, proc_bsdshortinfo, pbsi_ruid);
PROCSEEK_SAME(short_info::kRealGid, proc_bsdshortinfo, pbsi_rgid);
static_assert(short_info::kCommSize == MAXCOMLEN);

PROCSEEK_SAME_SIZE(bsd_info::kSize, proc_bsdinfo);
PROCSEEK_SAME(bsd_info::kStatus, proc_bsdinfo, pbi_status);
PROCSEEK_SAME(bsd_info::kExitStatus, proc_bsdinfo, pbi_xstatus);
PROCSEEK_SAME(bsd_info::kPid, proc_bsdinfo, pbi_pid);
PROCSEEK_SAME(bsd_info::kTerminal, proc_bsdinfo, e_tdev);
PROCSEEK_SAME(bsd_info::kNice, proc_bsdinfo, pbi_nice);
PROCSEEK_SAME(bsd_info::kStartSeconds, proc_bsdinfo, pbi_start_tvsec);
PROCSEEK_SAME(bsd_info::kStartMicroseconds, proc_bsdinfo, pbi_start_tvusec);

PROCSEEK_SAME_SIZE(kinfo::kSize, kinfo_proc);
PROCSEEK_SAME(kinfo::kStartSeconds, kinfo_proc, kp_proc.p_starttime.tv_sec);
PROCSEEK_SAME(kinfo::kStartMicroseconds, kinfo_proc, kp_proc.p_starttime.tv_usec);
PROCSEEK_SAME(kinfo::kStatus, kinfo_proc, kp_proc.p_stat);
PROCSEEK_SAME(kinfo::kPid, kinfo_proc, kp_proc.p_pid);
PROCSEEK_SAME(kinfo::kNice, kinfo_proc, kp_proc.p_nice);
PROCSEEK_SAME(kinfo::kTerminal, kinfo_proc, kp_eproc.e_tdev);

PROCSEEK_SAME_SIZE(task_info::kSize, proc_taskinfo);
PROCSEEK_SAME(task_info::kVirtualSize, proc_taskinfo, pti_virtual_size);
PROCSEEK_SAME(task_info::kResidentSize, proc_taskinfo, pti_resident_size);
PROCSEEK_SAME(task_info::kTotalUser, proc_taskinfo, pti_total_user);
PROCSEEK_SAME(task_info::kTotalSystem, proc_taskinfo, pti_total_system);
PROCSEEK_SAME(task_info::kThreads, proc_taskinfo, pti_threadnum);
PROCSEEK_SAME(task_info::kRunning, proc_taskinfo, pti_numrunning);

PROCSEEK_SAME_SIZE(usage_info::kSize, rusage_info_v4);
PROCSEEK_SAME(usage_info::kBytesRead, rusage_info_v4, ri_diskio_bytesread);
PROCSEEK_SAME(usage_info::kBytesWritten, rusage_info_v4, ri_diskio_byteswritten);

PROCSEEK_SAME_SIZE(path_info::kSize, proc_vnodepathinfo);
PROCSEEK_SAME(path_info::kCwd, proc_vnodepathinfo, pvi_cdir.vip_path);
PROCSEEK_SAME(path_info::kRoot, proc_vnodepathinfo, pvi_rdir.vip_path);
static_assert(path_info::kPathSize == MAXPATHLEN);

// What parse.h numbers as the kernel does.
static_assert(kIdle == SIDL && kRunnable == SRUN && kSleeping == SSLEEP && kStopped == SSTOP &&
              kZombie == SZOMB);
static_assert(kNoTerminal == NODEV);

}  // namespace procseek
