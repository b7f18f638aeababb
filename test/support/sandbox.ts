/** Sandboxes that refuse a system call, by seccomp(2): those of containers do, and so does an old kernel. */
import { constants } from 'node:os';

const isArm = process.arch === 'arm64';

/** The numbers of newer ones are the same on all architectures. */
const calls = {
  pidfd_send_signal: 424,
  pidfd_open: 434,
  bpf: isArm ? 280 : 321,
  getrandom: isArm ? 278 : 318,
  getsockopt: isArm ? 209 : 55,
  socket: isArm ? 198 : 41,
  bind: isArm ? 200 : 49,
  statx: isArm ? 291 : 332,
  waitid: isArm ? 95 : 247,
};
type Call = keyof typeof calls;

/** The first that Linux 3.10 does not know: sched_setattr(2), of 3.14. */
const firstNewCall = isArm ? 274 : 314;

/** Of struct sock_filter, linux/filter.h: what to do, how far to go on if so and if not, with what. */
type Step = [code: number, yes: number, no: number, operand: number];

const load = 0x20;
const ifEqual = 0x15;
const ifAtLeast = 0x35;
const end = 0x06;

const loadCall: Step = [load, 0, 0, 0];
/** The lower half, where it comes first. */
const loadArgument = (index: number): Step => [load, 0, 0, 16 + 8 * index];
const allow: Step = [end, 0, 0, 0x7fff0000];
const fail = (error: keyof typeof constants.errno): Step => [
  end,
  0,
  0,
  0x50000 | constants.errno[error],
];

/** A filter that stays with the process and all that it starts. */
const sandbox = `import ctypes, json, os, struct, sys
program = json.loads(sys.argv[1])
filters = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *one) for one in program))
class Program(ctypes.Structure): _fields_ = [('length', ctypes.c_ushort), ('filters', ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
given = Program(len(program), ctypes.addressof(filters))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(given), 0, 0):
    raise OSError(ctypes.get_errno(), 'seccomp')
os.execvp(sys.argv[2], sys.argv[2:])`;

const under = (program: readonly Step[]): string[] => [
  ...['/usr/bin/python3', '-I', '-S', '-c', sandbox],
  JSON.stringify(program),
];

/** The call fails, if this is its argument of that index. */
const failsIf = (
  call: Call,
  index: number,
  value: number,
  error: keyof typeof constants.errno,
): Step[] => [
  loadCall,
  [ifEqual, 0, 3, calls[call]],
  loadArgument(index),
  [ifEqual, 0, 1, value],
  fail(error),
];

/** A command that runs another one, to which these system calls fail. */
export function refusing(error: 'ENOSYS' | 'EPERM', ...refused: readonly Call[]): string[] {
  const steps = refused.flatMap((call): Step[] => [[ifEqual, 0, 1, calls[call]], fail(error)]);
  return under([loadCall, ...steps, allow]);
}

/**
 * The same, to which the kernel seems to be Linux 3.10, or of a vendor who has left process events
 * out: all that is newer is not known. But for getrandom(2), of 3.17, without which the OpenSSL in
 * the official builds of Node.js does not start; on 3.10 it takes a Node.js built otherwise. What
 * /proc shows stays new, and so does uname(2).
 */
export function oldKernel({ hasProcessEvents = true } = {}): string[] {
  const byHandle = 3; // P_PIDFD, Linux 5.4
  const memoryInfo = 55; // SO_MEMINFO, Linux 4.12
  const connector = 11; // NETLINK_CONNECTOR, of which there are no other users
  return under([
    loadCall,
    [ifEqual, 2, 0, calls.getrandom],
    [ifAtLeast, 0, 1, firstNewCall],
    fail('ENOSYS'),
    ...failsIf('waitid', 0, byHandle, 'EINVAL'),
    ...failsIf('getsockopt', 2, memoryInfo, 'ENOPROTOOPT'),
    ...(hasProcessEvents ? [] : failsIf('socket', 2, connector, 'EPROTONOSUPPORT')),
    allow,
  ]);
}
