// What of ntdll.dll is called. The headers lack most of it, or put it under other names from one
// version to the next.
#pragma once

// clang-format off
#include <windows.h>
// clang-format on

#include <cstdint>

namespace procseek::nt {

static_assert(sizeof(void*) == 8, "all structures here, and lists, are those of 64-bit programs");

using Status = LONG;

constexpr Status kSuccess = 0;
constexpr Status kInfoLengthMismatch = static_cast<Status>(0xC0000004);
constexpr Status kAccessDenied = static_cast<Status>(0xC0000022);
constexpr Status kBufferTooSmall = static_cast<Status>(0xC0000023);
constexpr Status kBufferOverflow = static_cast<Status>(0x80000005);
constexpr Status kInvalidParameter = static_cast<Status>(0xC000000D);
constexpr Status kInvalidClientId = static_cast<Status>(0xC000000B);
constexpr Status kProcessIsTerminating = static_cast<Status>(0xC000010A);
constexpr Status kNoSuchProcess = static_cast<Status>(0xC0000225);  // STATUS_NOT_FOUND
constexpr Status kNoMemory = static_cast<Status>(0xC0000017);
constexpr Status kCommitmentLimit = static_cast<Status>(0xC000012D);
constexpr Status kInsufficientResources = static_cast<Status>(0xC000009A);
constexpr Status kQuotaExceeded = static_cast<Status>(0xC0000044);
constexpr Status kTooManyHandles = static_cast<Status>(0xC000011F);

// PROCESSINFOCLASS
enum class ProcessClass : ULONG {
  basic = 0,
  io_counters = 2,
  memory = 3,
  times = 4,
  priority = 18,
  handle_count = 20,
  session = 24,
  wow64_block = 26,
  image_name = 27,
  win32_image_name = 43,
  command_line = 60,
  sequence_number = 92,
};

struct UnicodeString {
  USHORT size;  // of its bytes
  USHORT capacity;
  WCHAR* text;
};

struct ClientId {
  uintptr_t process;
  uintptr_t thread;
};

struct ObjectAttributes {
  ULONG size;
  HANDLE root;
  UnicodeString* name;
  ULONG attributes;
  void* descriptor;
  void* quality;
};

struct ProcessBasic {
  Status exit_status;
  uint64_t block;
  uint64_t affinity;
  LONG base_priority;
  uint64_t pid;
  uint64_t creator;
};

struct ProcessTimes {
  uint64_t created;  // in steps of 100 ns, since 1601
  uint64_t exited;
  uint64_t kernel;
  uint64_t user;
};

struct ProcessPriority {
  BOOLEAN is_foreground;
  UCHAR priority_class;
};

struct ProcessMemory {
  uint64_t peak_virtual_size;
  uint64_t virtual_size;
  ULONG page_faults;
  uint64_t peak_working_set;
  uint64_t working_set;
  uint64_t pools[4];
  uint64_t page_file;
  uint64_t peak_page_file;
};

extern "C" {
__declspec(dllimport) Status NTAPI
    NtQuerySystemInformation(ULONG what, void* buffer, ULONG size, ULONG* ret_size);
__declspec(dllimport) Status NTAPI
    NtQueryInformationProcess(HANDLE process, ULONG what, void* buffer, ULONG size,
                              ULONG* ret_size);
__declspec(dllimport) Status NTAPI NtOpenProcess(HANDLE* ret_process, ACCESS_MASK rights,
                                                 ObjectAttributes* attributes, ClientId* id);
__declspec(dllimport) Status NTAPI NtTerminateProcess(HANDLE process, Status exit_status);
__declspec(dllimport) Status NTAPI NtSuspendProcess(HANDLE process);
__declspec(dllimport) Status NTAPI NtResumeProcess(HANDLE process);
__declspec(dllimport) Status NTAPI
    NtReadVirtualMemory(HANDLE process, void* address, void* buffer, SIZE_T size, SIZE_T* ret_size);
}

}  // namespace procseek::nt
