/** Sandboxes that refuse a system call, by seccomp(2), as those of containers do. */
import { constants } from 'node:os';

const isArm = process.arch === 'arm64';

/** The numbers of newer ones are the same on all architectures. */
const calls = {
  pidfd_send_signal: 424,
  pidfd_open: 434,
  bpf: isArm ? 280 : 321,
  socket: isArm ? 198 : 41,
  bind: isArm ? 200 : 49,
};

/** A filter that stays with the process and all that it starts. */
const sandbox = `import ctypes, os, struct, sys
errno, calls = int(sys.argv[1]), [int(one) for one in sys.argv[2].split(',')]
load, equal, answer = 0x20, 0x15, 0x06
program = [(load, 0, 0, 0)]
for i, call in enumerate(calls): program.append((equal, len(calls) - i, 0, call))
program += [(answer, 0, 0, 0x7fff0000), (answer, 0, 0, 0x50000 | errno)]
filters = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *one) for one in program))
class Program(ctypes.Structure): _fields_ = [('length', ctypes.c_ushort), ('filters', ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
given = Program(len(program), ctypes.addressof(filters))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(given), 0, 0):
    raise OSError(ctypes.get_errno(), 'seccomp')
os.execvp(sys.argv[3], sys.argv[3:])`;

/** A command that runs another one, to which these system calls fail. */
export function refusing(
  error: 'ENOSYS' | 'EPERM',
  ...refused: readonly (keyof typeof calls)[]
): string[] {
  const numbers = refused.map((call) => calls[call]).join(',');
  const errno = constants.errno[error];
  return ['/usr/bin/python3', '-I', '-S', '-c', sandbox, String(errno), numbers];
}
