#include "bpf_program.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "../bytes.h"
#include "lz4.h"

namespace procseek {

namespace {

// Parts of union bpf_attr in linux/bpf.h, which is newer than some compilers' headers.

struct MakeMap {
  static constexpr int kCommand = 0;  // BPF_MAP_CREATE
  uint32_t type = 2;                  // BPF_MAP_TYPE_ARRAY
  uint32_t key_size = sizeof(uint32_t);
  uint32_t value_size = 0;
  uint32_t max_entries = 1;
};

struct FillMap {
  static constexpr int kCommand = 2;  // BPF_MAP_UPDATE_ELEM
  uint32_t map = 0;
  alignas(8) uint64_t key = 0;
  uint64_t value = 0;
  uint64_t flags = 0;
};

struct LoadProgram {
  static constexpr int kCommand = 5;  // BPF_PROG_LOAD
  uint32_t type = 31;                 // BPF_PROG_TYPE_SYSCALL
  uint32_t instructions = 0;
  uint64_t code = 0;
  uint64_t license = 0;
  uint32_t log_level = 0;
  uint32_t log_size = 0;
  uint64_t log = 0;
  uint32_t kernel_version = 0;
  uint32_t flags = 1 << 4;  // BPF_F_SLEEPABLE
  char name[16] = "procseek_load";
  uint32_t not_used[14] = {};
  uint64_t descriptors = 0;
};
static_assert(offsetof(LoadProgram, descriptors) == 120, "fd_array");

struct RunProgram {
  static constexpr int kCommand = 10;  // BPF_PROG_TEST_RUN
  uint32_t program = 0;
  uint32_t ret_value = 0;
  uint32_t sizes[2] = {};
  uint64_t data[2] = {};
  uint32_t repeat = 0;
  uint32_t duration = 0;
  uint32_t context_size = 0;
  uint32_t context_size_out = 0;
  uint64_t context = 0;
  uint64_t context_out = 0;
};
static_assert(offsetof(RunProgram, context) == 48, "ctx_in");

struct Attach {
  static constexpr int kCommand = 28;  // BPF_LINK_CREATE
  uint32_t program = 0;
  uint32_t target = 0;
  uint32_t type = 28;  // BPF_TRACE_ITER
  uint32_t flags = 0;
};

struct Iterate {
  static constexpr int kCommand = 33;  // BPF_ITER_CREATE
  uint32_t link = 0;
  uint32_t flags = 0;
};

constexpr size_t kInstructionSize = 8;

// Something other than the request came in between, a signal as a rule: the verifier gives up when
// one is pending (do_check() in kernel/bpf/verifier.c). libbpf tries as often.
bool was_interrupted(int error) { return error == EAGAIN || error == EINTR; }
constexpr int kMostAttempts = 5;

// Gives the descriptor, where the request ends in one.
template <class Request>
Status call_bpf(Request& request, long& ret_value) {
#ifdef SYS_bpf
  for (int attempt = 1;; attempt++) {
    ret_value = counted(::syscall, SYS_bpf, Request::kCommand, &request, sizeof request);
    if (ret_value >= 0) return kOk;
    if (!was_interrupted(errno) || attempt == kMostAttempts) return failure(Call::bpf, errno);
  }
#else
  (void)request;
  (void)ret_value;
  return failure(Call::bpf, ENOSYS);
#endif
}

template <class Request>
Status call_bpf(Request& request) {
  long nothing;
  return call_bpf(request, nothing);
}

template <class Request>
Status call_bpf(Request& request, Fd& ret_fd) {
  long fd;
  Status status = call_bpf(request, fd);
  if (status == kOk) ret_fd = Fd(static_cast<int>(fd));
  return status;
}

// Keeps signals from the calling thread; sigprocmask(2). The process's other threads take those
// that are for all of it; the rest comes afterwards.
class SignalPause {
 public:
  SignalPause() { set(~uint64_t{0}, &before_); }
  SignalPause(const SignalPause&) = delete;
  SignalPause& operator=(const SignalPause&) = delete;
  ~SignalPause() { set(before_, nullptr); }

 private:
  static void set(uint64_t mask, uint64_t* ret_before) {
    constexpr int kSet = 2;  // SIG_SETMASK
    (void)::syscall(SYS_rt_sigprocmask, kSet, &mask, ret_before, sizeof mask);
  }

  uint64_t before_ = 0;
};

uint64_t address(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

uint32_t number_of(const Fd& fd) { return static_cast<uint32_t>(fd.get()); }

Status make_map(uint32_t value_size, Fd& ret_map) {
  MakeMap request;
  request.value_size = value_size;
  return call_bpf(request, ret_map);
}

Status fill_map(const Fd& map, const char* value) {
  uint32_t key = 0;
  FillMap request;
  request.map = number_of(map);
  request.key = address(&key);
  request.value = address(value);
  return call_bpf(request);
}

bool unpack(const BpfSkeleton& skeleton, Bytes& unpacked, const char*& ret_bytes) {
  size_t size = size_t{skeleton.data_size} + skeleton.code_size;
  if (!unpacked.reserve(size)) return false;
  ret_bytes = unpacked.data();
  return unpack_lz4(skeleton.packed, skeleton.packed_size, unpacked.data(), size);
}

Status load_loader(const char* code, uint32_t size, const Fd& map, Fd& ret_loader) {
  static constexpr char kLicense[] = "Dual BSD/GPL";
  const int descriptors[] = {map.get()};
  LoadProgram request;
  request.code = address(code);
  request.instructions = static_cast<uint32_t>(size / kInstructionSize);
  request.license = address(kLicense);
  request.descriptors = address(descriptors);
  return call_bpf(request, ret_loader);
}

// What a light skeleton's loader takes and gives; struct bpf_loader_ctx, bpf_map_desc and
// bpf_prog_desc of libbpf 1.1, by which it was made.
struct Loading {
  uint32_t size = 0;
  uint32_t flags = 0;
  uint32_t log_level = 0;
  uint32_t log_size = 0;
  uint64_t log = 0;
  int32_t map = 0;
  uint32_t max_entries = 0;
  uint64_t initial_value = 0;
  int32_t program = 0;
};
constexpr size_t kLoadingSize = offsetof(Loading, program) + sizeof(int32_t);

}  // namespace

BpfProgram::~BpfProgram() {
  if (shared_ != nullptr) ::munmap(shared_, shared_size_);
}

Status BpfProgram::load(const BpfSkeleton& skeleton, size_t shared_size, bool is_iterator) {
  SignalPause pause;
  Status status = run_loader(skeleton);
  if (status == kOk) status = map_shared(shared_size);
  if (status != kOk || !is_iterator) return status;
  Attach request;
  request.program = number_of(program_);
  return call_bpf(request, link_);
}

Status BpfProgram::run_loader(const BpfSkeleton& skeleton) {
  const char* bytes;
  Bytes unpacked;
  if (!unpack(skeleton, unpacked, bytes)) return out_of_memory();
  // The loader calls bpf(2) itself, in the kernel, and writes to its data as it goes: when one of
  // its calls was interrupted, it has to start from the beginning.
  Status status = kOk;
  for (int attempt = 0; attempt < kMostAttempts; attempt++) {
    status = try_loader(bytes, skeleton);
    if (status == kOk || !was_interrupted(error_of(status))) break;
  }
  return status;
}

// All descriptors that the kernel makes for it close on exec.
Status BpfProgram::try_loader(const char* bytes, const BpfSkeleton& skeleton) {
  Fd data;
  Fd loader;
  Status status = make_map(skeleton.data_size, data);
  if (status == kOk) status = fill_map(data, bytes);
  if (status == kOk) {
    status = load_loader(bytes + skeleton.data_size, skeleton.code_size, data, loader);
  }
  if (status != kOk) return status;
  Loading loading;
  loading.size = kLoadingSize;
  RunProgram request;
  request.program = number_of(loader);
  request.context = address(&loading);
  request.context_size = kLoadingSize;
  status = call_bpf(request);
  if (status != kOk) return status;
  auto outcome = static_cast<int32_t>(request.ret_value);
  if (outcome < 0) return failure(Call::bpf, -outcome);
  map_ = Fd(loading.map);
  program_ = Fd(loading.program);
  return kOk;
}

Status BpfProgram::map_shared(size_t size) {
  auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  size_t pages = (size + page - 1) / page * page;
  void* memory = ::mmap(nullptr, pages, PROT_READ | PROT_WRITE, MAP_SHARED, map_.get(), 0);
  if (memory == MAP_FAILED) return failure(Call::mmap, errno);
  shared_ = memory;
  shared_size_ = pages;
  return kOk;
}

Status BpfProgram::run() {
  if (!link_) {
    RunProgram request;
    request.program = number_of(program_);
    return call_bpf(request);
  }
  Iterate request;
  request.link = number_of(link_);
  Fd iterator;
  Status status = call_bpf(request, iterator);
  if (status != kOk) return status;
  // It says nothing. After a million threads it wants to be asked to go on.
  char nothing[8];
  ssize_t length;
  do {
    length = counted(::read, iterator.get(), nothing, sizeof nothing);
  } while (length > 0 || (length < 0 && (errno == EAGAIN || errno == EINTR)));
  return length < 0 ? failure(Call::read, errno) : Status{kOk};
}

}  // namespace procseek
