// A process for the tests on Windows.
//
//   target sleep          sleeps
//   target deny FILE      lets nobody open it, says so by creating a file, and sleeps
//   target hold PID FILE  holds a handle on a process, says so by creating a file, and sleeps
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

int main(int count, char** arguments) {
  const char* what = count > 1 ? arguments[1] : "";
  if (strcmp(what, "exit") == 0) {
    Sleep(strtoul(arguments[3], NULL, 10));
    ExitProcess(strtoul(arguments[2], NULL, 0));
  }
  if (strcmp(what, "deny") == 0 && !(deny() && touch(arguments[2]))) return 2;
  if (strcmp(what, "hold") == 0) {
    HANDLE held = OpenProcess(SYNCHRONIZE, FALSE, strtoul(arguments[2], NULL, 10));
    if (held == NULL || !touch(arguments[3])) return 3;
  }
  Sleep(60000);
  return 0;
}
