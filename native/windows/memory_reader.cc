#include "memory_reader.h"

#include "errors.h"
#include "handle.h"
#include "process_parameters.h"
#include "text.h"

namespace procseek {

namespace {

constexpr uint64_t kMost = 16 << 20;  // whatever the process may have written there

// Parts of the memory of a process, which cannot be another one's while `process` is open.
class Memory {
 public:
  Status open(HANDLE process) {
    DWORD pid = GetProcessId(process);
    Status status = open_process(static_cast<int32_t>(pid),
                                 PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_VM_READ, process_);
    if (status != kOk) return status;
    uintptr_t block32 = 0;
    nt::ProcessBasic basic = {};
    status = query(process_.get(), nt::ProcessClass::basic, basic);
    if (status != kOk) return status;
    (void)query(process_.get(), nt::ProcessClass::wow64_block, block32);
    bitness_ = block32 != 0 ? Bitness::bits32 : Bitness::bits64;
    return find_parameters(block32 != 0 ? block32 : basic.block);
  }

  const ProcessParameters& parameters() const { return parameters_; }

  // kGone when not all of it is there.
  Status read(const MemoryRange& range, Bytes& ret_bytes) const {
    if (range.size == 0 || range.size > kMost) return kGone;
    auto size = static_cast<size_t>(range.size);
    if (!ret_bytes.reserve(size)) return out_of_memory();
    SIZE_T done = 0;
    nt::Status status = nt::NtReadVirtualMemory(
        process_.get(), reinterpret_cast<void*>(static_cast<uintptr_t>(range.address)),
        ret_bytes.data() + ret_bytes.size(), size, &done);
    if (status < 0 || done != size) return kGone;
    ret_bytes.commit(size);
    return kOk;
  }

 private:
  Status find_parameters(uint64_t block_address) {
    Bytes block;
    Bytes parameters;
    if (block_address == 0) return kGone;
    Status status = read({block_address, kBlockSize}, block);
    if (status != kOk) return status;
    uint64_t address = parameters_address(bitness_, {block.data(), block.size()});
    if (address == 0) return kGone;
    status = read({address, kParametersSize}, parameters);
    if (status != kOk) return status;
    parameters_ = parse_parameters(bitness_, {parameters.data(), parameters.size()});
    return kOk;
  }

  Handle process_;
  Bitness bitness_ = Bitness::bits64;
  ProcessParameters parameters_;
};

WideText text_of(const Bytes& bytes) { return {bytes.data(), bytes.size() / 2}; }

size_t length_of_first(WideText text) {
  size_t length = 0;
  while (length < text.count && text[length] != 0) length++;
  return length;
}

// What was there a moment ago may have been moved: a program may change its environment at any
// time.
Status read_part(HANDLE process, MemoryRange ProcessParameters::*part, Bytes& ret_bytes) {
  constexpr int kAttempts = 3;
  Status status = kGone;
  for (int attempt = 0; attempt < kAttempts && status == kGone; attempt++) {
    Memory memory;
    status = memory.open(process);
    if (status == kOk) status = memory.read(memory.parameters().*part, ret_bytes);
  }
  return status;
}

}  // namespace

Status read_own_command_line(HANDLE process, Bytes& ret_line) {
  return read_part(process, &ProcessParameters::command_line, ret_line);
}

Status append_cwd(HANDLE process, Bytes& ret_text) {
  Bytes bytes;
  Status status = read_part(process, &ProcessParameters::cwd, bytes);
  if (status != kOk) return status;
  WideText path = text_of(bytes);
  // That of a drive's root stays.
  bool is_marked = path.count > 3 && path[path.count - 1] == u'\\';
  if (is_marked) path.count--;
  return append_utf8(path, ret_text) ? kOk : out_of_memory();
}

Status append_environment(HANDLE process, Bytes& ret_text) {
  Bytes bytes;
  Status status = read_part(process, &ProcessParameters::environment, bytes);
  if (status != kOk) return status;
  WideText rest = text_of(bytes);
  while (size_t length = length_of_first(rest)) {
    if (!append_utf8({rest.bytes, length}, ret_text) || !ret_text.append('\0')) {
      return out_of_memory();
    }
    if (length == rest.count) break;
    rest = rest.from(length + 1);
  }
  return kOk;
}

}  // namespace procseek
