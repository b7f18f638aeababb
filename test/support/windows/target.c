// A process for the tests on Windows.
//
//   target -- -            repeats what it is told, line by line, as cat(1)
//   target exiting         says that it is ready, and exits with the code that it is told
//   target exit CODE MS    exits with the code, after so many milliseconds
//   target deny            lets nobody open it, says that it is ready, and waits
//   target family 0 N M…   starts N processes, each of which starts M…; each says which generation
//                          it is of, and its PID, and waits
//   target parent          says that it is ready, and starts and ends a process as it is told
//   target list            says the PID of each process, its parent's, and its name
//
// All but `exit` end along with their standard input.
#include <aclapi.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tlhelp32.h>
#include <windows.h>

static char line[32768];

static int hears(void) { return fgets(line, sizeof line, stdin) != NULL; }

static int says(const char* text) { return puts(text) >= 0 && fflush(stdout) == 0; }

static int awaits_end(void) {
  while (hears()) continue;
  return 0;
}

static int repeats(void) {
  while (hears()) {
    fputs(line, stdout);
    fflush(stdout);
  }
  return 0;
}

static int exits_as_told(void) {
  says("ready");
  if (hears()) ExitProcess(strtoul(line, NULL, 0));
  return 0;
}

static int denies(void) {
  ACL acl;
  if (!InitializeAcl(&acl, sizeof acl, ACL_REVISION)) return 2;
  if (SetSecurityInfo(GetCurrentProcess(), SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL,
                      &acl, NULL) != ERROR_SUCCESS)
    return 3;
  says("ready");
  return awaits_end();
}

/** Starts this program with these arguments, and what it inherits; null if that fails. */
static HANDLE starts(const char* arguments, DWORD* pid) {
  char program[MAX_PATH];
  static char command[sizeof line + MAX_PATH];
  STARTUPINFOA startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  GetModuleFileNameA(NULL, program, sizeof program);
  snprintf(command, sizeof command, "\"%s\" %s", program, arguments);
  int tries = 0;  // Wine fails now and then
  while (!CreateProcessA(program, command, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &started))
    if (++tries == 5) return NULL;
  CloseHandle(started.hThread);
  *pid = started.dwProcessId;
  return started.hProcess;
}

static int has_family(int count, char** sizes) {
  int generation = atoi(sizes[0]);
  char arguments[256];
  DWORD pid;
  int length = snprintf(arguments, sizeof arguments, "family %d", generation + 1);
  for (int i = 2; i < count; i++)
    length += snprintf(arguments + length, sizeof arguments - length, " %s", sizes[i]);
  for (int i = 0; count > 1 && i < atoi(sizes[1]); i++)
    if (starts(arguments, &pid) == NULL) return 4;
  snprintf(line, sizeof line, "%d %lu", generation, GetCurrentProcessId());
  says(line);
  return awaits_end();
}

static int is_parent(void) {
  HANDLE child = NULL;
  DWORD pid;
  says("ready");
  while (hears()) {
    if (strncmp(line, "start", 5) == 0) {
      child = starts("exit 0 60000", &pid);
      snprintf(line, sizeof line, "%lu", pid);
      says(line);
    } else {
      TerminateProcess(child, 1);
      WaitForSingleObject(child, INFINITE);
      CloseHandle(child);
      says("ended");
    }
  }
  return 0;
}

static int lists(void) {
  PROCESSENTRY32 entry = {.dwSize = sizeof entry};
  HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  for (BOOL more = Process32First(list, &entry); more; more = Process32Next(list, &entry))
    printf("%lu %lu %s\n", entry.th32ProcessID, entry.th32ParentProcessID, entry.szExeFile);
  return says("");
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
  if (strcmp(what, "exit") == 0) {
    Sleep(strtoul(arguments[3], NULL, 10));
    ExitProcess(strtoul(arguments[2], NULL, 0));
  }
  if (strcmp(what, "--") == 0) return repeats();
  if (strcmp(what, "exiting") == 0) return exits_as_told();
  if (strcmp(what, "deny") == 0) return denies();
  if (strcmp(what, "family") == 0) return has_family(count - 2, arguments + 2);
  if (strcmp(what, "parent") == 0) return is_parent();
  if (strcmp(what, "list") == 0) return lists();
  return 1;
}
