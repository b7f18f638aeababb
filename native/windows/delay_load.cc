// Node-API comes from whatever program loads this library, which need not be called node.exe
// (Electron): the import is bound at the first call, to that program.
#include <windows.h>
// Behind it.
#include <delayimp.h>

namespace {

constexpr char kHost[] = "node.exe";

FARPROC WINAPI find_host(unsigned event, DelayLoadInfo* info) {
  if (event != dliNotePreLoadLibrary || lstrcmpiA(info->szDll, kHost) != 0) return nullptr;
  // Some programs have it in a library.
  HMODULE library = GetModuleHandleW(L"libnode.dll");
  return reinterpret_cast<FARPROC>(library != nullptr ? library : GetModuleHandleW(nullptr));
}

}  // namespace

extern "C" {
PfnDliHook __pfnDliNotifyHook2 = find_host;
}
