// A process for the tests on Windows.
//
//   target sleep [FILE]   sleeps, and says so by creating a file
//   target deny FILE      lets nobody open it, says so by creating a file, and sleeps
//   target spawn FILE     starts another one that sleeps and says so, and sleeps
//   target exit CODE MS   exits with the code, after so many milliseconds
#include <aclapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static int touch(const char* path) {
  FILE* file = fopen(path, "w");
  return file != NULL && fclose(file) == 0;
}

static int deny(void) {
  ACL acl;
  return InitializeAcl(&acl, sizeof acl, ACL_REVISION) &&
         SetSecurityInfo(GetCurrentProcess(), SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL,
                         NULL, &acl, NULL) == ERROR_SUCCESS;
}

static int spawn(const char* program, const char* file) {
  STARTUPINFOA startup = {.cb = sizeof startup};
  PROCESS_INFORMATION started;
  char line[1024];
  snprintf(line, sizeof line, "\"%s\" sleep \"%s\"", program, file);
  return CreateProcessA(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &started);
}

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "exit") == 0) {
    Sleep(strtoul(arguments[3], NULL, 10));
    ExitProcess(strtoul(arguments[2], NULL, 0));
  }
  if (strcmp(what, "sleep") == 0 && count > 2 && !touch(arguments[2])) return 1;
  if (strcmp(what, "deny") == 0 && !(deny() && touch(arguments[2]))) return 2;
  if (strcmp(what, "spawn") == 0 && !spawn(arguments[0], arguments[2])) return 4;
  Sleep(60000);
  return 0;
}
