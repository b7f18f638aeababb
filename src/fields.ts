/** The fields of a process: what they mean, and which of them were asked for. */
import { binding } from './binding.js';
import { outOfRange, quoted, suggestion, wrongType, wrongValue } from './errors.js';

/**
 * Linux: the third field of proc_pid_stat(5), in psutil's words.
 * macOS: `'running'` when one of its threads runs or is ready to, `'sleeping'` when none is, which
 * is told of processes of the same user, and of all to root; of others `'unknown'`. `'stopped'`,
 * `'zombie'` and `'idle'` (being created) are told of all.
 * Windows: `'running'`, of all that have not ended: threads have states there, and processes none.
 */
export type ProcessState =
  | 'running'
  | 'sleeping'
  | 'disk-sleep'
  | 'stopped'
  | 'tracing-stop'
  | 'zombie'
  | 'dead'
  | 'idle'
  | 'parked'
  | 'unknown';

export interface CpuTime {
  /** Milliseconds in user mode, by all threads, ended ones included. */
  user: number;
  /** Milliseconds in kernel mode. */
  system: number;
}

/**
 * proc_pid_io(5). macOS keeps the last two, of all storage (`ri_diskio_bytesread` and
 * `ri_diskio_byteswritten`); the others are `null`. Windows keeps the first four, of files, devices
 * and pipes; the last two are `null`.
 */
export interface IoCounters {
  /** Bytes passed to read(2) and the like, whether or not from a disk (`rchar`). */
  readChars: number | null;
  /** Bytes passed to write(2) and the like (`wchar`). */
  writeChars: number | null;
  /** System calls that read (`syscr`). */
  readCalls: number | null;
  /** System calls that write (`syscw`). */
  writeCalls: number | null;
  /** Bytes fetched from storage (`read_bytes`). */
  readBytes: number | null;
  /** Bytes sent to storage (`write_bytes`). */
  writeBytes: number | null;
}

/**
 * All that can be told of a process. A field that was not asked for is absent; one that the system
 * withholds from this user, or that such a process does not have, is `null`.
 */
export interface ProcessFields {
  /**
   * Process id, 1 to 2³¹−1. Always there. macOS: the kernel, PID 0, is none, as for ps(1).
   * Windows: a multiple of 4; the idle process, PID 0, is none.
   */
  pid: number;
  /**
   * The program's name as its author would say it, in at most 255 bytes.
   * Linux: the kernel's task name (`comm`). When the kernel cut it at 15 bytes, it is completed by the
   * first of these that begins with it and says more: the base name of the executable, of
   * `argv[0]`, or of the script that an interpreter was given (within the first five arguments).
   * When it says nothing of the program, that base name takes its place: behind the label of a main
   * thread (`MainThread`, `node-MainThread`), of what was executed from a descriptor (a number, or
   * `memfd:…`; here `argv[0]` tells), and behind a path. A title that the process wrote over its
   * arguments is no part of the name: it begins at `: `, at the first option, or, where nothing but
   * padding follows, at a blank. Bytes that are not UTF-8 show as U+FFFD.
   * macOS: `comm`, completed in the same way when it was cut at 15 bytes.
   * Windows: the file name of the image, like `node.exe`; of processes without one what the system
   * calls them (`System`, `Registry`, `Memory Compression`). Half of a surrogate pair shows as U+FFFD.
   */
  name: string;
  /**
   * The parent's PID; 0 for processes that the kernel started, or whose parent is out of view.
   * macOS: the debugger's, of a process that has one.
   * Windows: 0 as soon as the parent has ended. The system goes on to tell that one's PID, which may
   * be another process's by now: it is told apart by being younger than the child.
   */
  ppid: number;
  /** What the process is doing. Source: proc_pid_stat(5). */
  state: ProcessState;
  /**
   * When it started, in whole milliseconds since 1970, as the wall clock stands now: for people. It
   * moves when the clock is set, and not otherwise; use `id` to tell processes apart. Never in the
   * future: it is early by up to a clock tick, 10 ms as a rule, and on a host that has been suspended
   * by one millisecond more. Source: proc_pid_stat(5), `starttime`.
   * macOS: as the wall clock stood then, to the millisecond: it does not move. Source: `p_start`, of
   * processes of other users by sysctl(KERN_PROC_PID), for which the kernel goes through its list.
   * Windows: as the wall clock stood then, in steps of 100 ns: it does not move.
   */
  startTime: number;
  /**
   * The process's identity: opaque; equal if and only if it is the same process, until the host
   * restarts. Does not change when the process executes another program. See `isRunning()`.
   * macOS: the PID and the kernel's unique id, which counts all forks since it started
   * (`p_uniqueid`); where that is withheld, the PID and the start in microseconds.
   * Windows: the PID and the start in steps of 100 ns.
   */
  id: string;
  /**
   * The kernel's name for the process, 15 bytes at most but for kernel threads; the process can set
   * it. Source: proc_pid_comm(5).
   * macOS: the file name that was executed, 15 bytes at most; of a script that of its interpreter.
   * Source: proc_pidinfo(PROC_PIDT_SHORTBSDINFO).
   * Windows: the same as `name`, however long.
   */
  comm: string;
  /**
   * Path of the executable, as its mount namespace sees it. Without the ` (deleted)` that Linux
   * appends once the file is gone. `null` for kernel threads and zombies, and without the right to
   * ptrace(2) the process. Of a process whose first thread has ended, this and all else that threads
   * share is told by another thread, and `null` where none can be asked. Source: proc_pid_exe(5).
   * macOS: told of all users' processes; `null` for zombies, and once the file is gone. Source:
   * proc_pidpath().
   * Windows: as Win32 writes it, with backslashes. `null` for processes without an image, and for
   * those that this user may not open (PROCESS_QUERY_LIMITED_INFORMATION): of other users and of the
   * system, unless one is an administrator, and some protected ones.
   */
  exe: string | null;
  /**
   * The arguments, `argv[0]` first, empty ones included. Empty for kernel threads and zombies. A
   * process can overwrite them by a title, which is then one element; when it is shorter than they
   * were, many empty ones may follow. Source: proc_pid_cmdline(5).
   * macOS: `null` for other users' processes, unless one is root, and for zombies. Source:
   * sysctl(KERN_PROCARGS2).
   * Windows: the command line, split as by CommandLineToArgvW(). `null` as for `exe`; before Windows
   * 8.1 without the right to read its memory as well. Source: ProcessCommandLineInformation.
   */
  cmdline: string[] | null;
  /**
   * Working directory. `null` as for `exe`. Source: proc_pid_cwd(5).
   * macOS: `null` as for `cmdline`, and once it was removed. Source:
   * proc_pidinfo(PROC_PIDVNODEPATHINFO), as for `root`.
   * Windows: without a backslash at the end. `null` without the right to read the memory of the
   * process (PROCESS_VM_READ). Source: its own parameters, as is.
   */
  cwd: string | null;
  /**
   * Root directory, see chroot(2). `null` as for `exe`. Source: proc_pid_root(5).
   * macOS: `null` as for `cmdline`. Windows: `null`; there is none.
   */
  root: string | null;
  /**
   * The environment the program was started with; of several variables of one name the first one,
   * as getenv(3) has it. `null` without the right to ptrace(2) the process, and when the process has
   * written a title over it, which leaves no variable. Source: proc_pid_environ(5).
   * macOS: `null` as for `cmdline`, and for programs that System Integrity Protection keeps it of
   * (those of the system, as a rule).
   * Windows: `null` as for `cwd`; as it is now, for the process may change it.
   */
  environ: Record<string, string> | null;
  /** Real user id. Source: proc_pid_status(5). macOS: `pbsi_ruid`, told of all. Windows: `null`. */
  uid: number | null;
  /** Real group id. Source: proc_pid_status(5). macOS: `pbsi_rgid`, told of all. Windows: `null`. */
  gid: number | null;
  /**
   * Name of the account with this `uid`, as getpwuid_r(3) knows it, which may have to ask a
   * directory server. `null` when there is none.
   * Windows: the account of the process's token, without its domain, like `SYSTEM`; `null` as well
   * without the right to see the token. Source: LookupAccountSid().
   */
  user: string | null;
  /** Process group id. Source: proc_pid_stat(5). macOS: `pbsi_pgid`. Windows: `null`. */
  pgid: number | null;
  /**
   * Session id. Source: proc_pid_stat(5). macOS: getsid(2); `null` for zombies. Windows: the session
   * of Remote Desktop Services; 0 is that of services.
   */
  sid: number | null;
  /**
   * Path of the controlling terminal, like `/dev/pts/0`; `null` without one.
   * macOS: like `/dev/ttys000`. Windows: `null`.
   */
  tty: string | null;
  /**
   * Niceness, 19 (low priority) to −20 (high). Source: proc_pid_stat(5). macOS: `p_nice`. Windows: the
   * priority class, as os.getPriority() tells it; `null` as for `exe`.
   */
  nice: number | null;
  /**
   * Number of threads. Source: proc_pid_stat(5).
   * macOS: `null` as for `cmdline`, like the next three. Source: proc_pidinfo(PROC_PIDTASKINFO).
   * Windows: told of all, but only by the list of all processes and threads.
   */
  threads: number | null;
  /**
   * CPU time used so far, in steps of a clock tick. Source: proc_pid_stat(5).
   * macOS: in fractions of a microsecond (`pti_total_user`, `pti_total_system`).
   * Windows: told of all, in steps of the clock's tick, 16 ms as a rule.
   */
  cpuTime: CpuTime | null;
  /**
   * Resident memory in bytes. 0 for kernel threads and zombies. Exact since Linux 6.16; between Linux
   * 6.2 and that, some hundred KiB off on small hosts, and more with many CPUs. Source:
   * proc_pid_statm(5).
   * macOS: `pti_resident_size`. Windows: the working set.
   */
  rss: number | null;
  /**
   * Virtual memory in bytes. Source: proc_pid_stat(5).
   * macOS: `pti_virtual_size`, hundreds of GiB as a rule on Apple silicon. Windows: what of the
   * address space is in use or reserved.
   */
  vsize: number | null;
  /**
   * `null` without the right to ptrace(2) the process. Source: proc_pid_io(5).
   * macOS: `null` as for `cmdline`, but for zombies. Source: proc_pid_rusage(RUSAGE_INFO_V4).
   * Windows: told of all.
   */
  io: IoCounters | null;
  /**
   * Number of open file descriptors. `null` without the right to look, which Linux 6.2 and later do
   * not require. Source: proc_pid_fd(5).
   * macOS: `null` as for `cmdline`. Source: proc_pidinfo(PROC_PIDLISTFDS).
   * Windows: that of handles of any kind, told of all.
   */
  fds: number | null;
  /**
   * Path of the control group in the unified hierarchy; on a host without one, in systemd's, else
   * in the first. As seen from this process's cgroup namespace. Source: cgroups(7).
   * macOS, Windows: `null`; there are none.
   */
  cgroup: string | null;
  /**
   * By what the runtime knows the container, taken from the control group: the 64 hexadecimal digits
   * of Docker, containerd, CRI-O or Podman, the task and number of Amazon ECS on Fargate, or the
   * groups of digits of Garden. The innermost one, where containers run within a container. `null`
   * outside of containers, when seen from within one, and for units of systemd that are called by
   * such digits, like health checks. An id is a whole element of the path, or stands at the end of the
   * name of a `.scope`.
   * macOS, Windows: `null`.
   */
  containerId: string | null;
}

export type Field = keyof ProcessFields;

/** What a lookup tells unless `fields` says otherwise. */
export const defaultFields = ['name', 'ppid', 'state', 'startTime', 'id'] as const;

export type DefaultField = (typeof defaultFields)[number];

/** What an option `fields` is unless given. */
export type DefaultFields = readonly DefaultField[];

/**
 * A snapshot of one process: `pid` and the fields asked for. When these are not known at compile
 * time, each may be missing.
 */
export type Process<F extends Field = DefaultField> = Field extends F
  ? Flat<Pick<ProcessFields, 'pid'> & Partial<ProcessFields> & Truncation>
  : [Extract<F, TruncatedField>] extends [never]
    ? Pick<ProcessFields, 'pid' | F>
    : Flat<Pick<ProcessFields, 'pid' | F> & Truncation>;

/** The same, as one type of object, whose properties keep the documentation they have in `T`. */
type Flat<T> = { [K in keyof T]: T[K] };

/** The fields that a process can make as large as it likes. */
export type TruncatedField = 'cmdline' | 'environ';

export interface Truncation {
  /**
   * The fields of which there was more than the option `maxBytes` allows; absent when there was not.
   * The last argument told may be the begin of a longer one; of the environment, whole variables
   * alone are told.
   */
  truncated?: readonly TruncatedField[];
}

/** How a field's value crosses from C++; native/process.h. */
export type FieldKind =
  | 'i32'
  | 'u32'
  | 'f64'
  | 'word'
  | 'text'
  | 'list'
  | 'pairs'
  | 'cpu_time'
  | 'io';

export interface FieldRow {
  readonly name: Field;
  readonly kind: FieldKind;
  readonly bit: number;
}

/** The addon's table, which native/fields.def is the source of. */
export const fieldTable: readonly FieldRow[] = binding.fields.map((row, position) => {
  const [name, kind] = row.split(':');
  return { name: name as Field, kind: kind as FieldKind, bit: 1 << position };
});

/** Every field there is, in the order in which they appear in a record. */
export const fieldNames: readonly Field[] = fieldTable.map((row) => row.name);

const bits = new Map<unknown, number>(fieldTable.map((row) => [row.name, row.bit]));

/** There are fewer, but lists that were put together may name one more than once. */
const mostFields = 1000;

/** The set of fields as native code takes it: `pid` and those of `fields`. */
export function fieldMask(fields: readonly Field[]): number {
  if (fields.length > mostFields) {
    throw outOfRange('options.fields', `at most ${mostFields} fields`, fields.length);
  }
  let mask = 1;
  for (let i = 0; i < fields.length; i++) {
    const field: unknown = fields[i];
    const bit = bits.get(field);
    if (bit === undefined) {
      if (typeof field !== 'string')
        throw wrongType('options.fields', 'an array of strings', field);
      throw wrongValue(
        'options.fields',
        `has no field ${quoted(field)}; there are ${fieldNames.join(', ')}${suggestion(field, fieldNames)}`,
      );
    }
    mask |= bit;
  }
  return mask;
}

const defaultMask = fieldMask(defaultFields);

/** The same for an option that may be left out. */
export function optionalFieldMask(fields: unknown): number {
  if (fields === undefined) return defaultMask;
  if (!Array.isArray(fields)) throw wrongType('options.fields', 'an array of strings', fields);
  return fieldMask(fields);
}
