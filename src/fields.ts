/** The fields of a process: what they mean, and which of them were asked for. */
import { binding } from './binding.js';
import { wrongType, wrongValue } from './errors.js';

/** Linux: the third field of proc_pid_stat(5), in psutil's words. */
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

/** proc_pid_io(5). */
export interface IoCounters {
  /** Bytes passed to read(2) and the like, whether or not from a disk (`rchar`). */
  readChars: number;
  /** Bytes passed to write(2) and the like (`wchar`). */
  writeChars: number;
  /** System calls that read (`syscr`). */
  readCalls: number;
  /** System calls that write (`syscw`). */
  writeCalls: number;
  /** Bytes fetched from storage (`read_bytes`). */
  readBytes: number;
  /** Bytes sent to storage (`write_bytes`). */
  writeBytes: number;
}

/**
 * All that can be told of a process. A field that was not asked for is absent; one that the system
 * withholds from this user, or that such a process does not have, is `null`.
 */
export interface ProcessFields {
  /** Process id, 1 to 2³¹−1. Always there. */
  pid: number;
  /**
   * The program's name as its author would say it. On Linux the kernel's task name (`comm`),
   * completed when the kernel cut it at 15 bytes (from the base name of `argv[0]`, else of the
   * script in `argv[1]`, else of the executable — whichever starts with the cut name), and replaced
   * by the executable's base name when a runtime overwrote it with the label of its main thread
   * (`MainThread`, `node-MainThread`). Bytes that are not UTF-8 show as U+FFFD.
   */
  name: string;
  /** The parent's PID; 0 for processes that the kernel started, or whose parent is out of view. */
  ppid: number;
  /** What the process is doing. Source: proc_pid_stat(5). */
  state: ProcessState;
  /**
   * When it started, in milliseconds since 1970, as the wall clock stands now: for people. It moves
   * when the clock is set; use `id` to tell processes apart. Resolution: a clock tick, 10 ms as a
   * rule. Source: proc_pid_stat(5), `starttime`.
   */
  startTime: number;
  /**
   * The process's identity: opaque; equal if and only if it is the same process, until the host
   * restarts. Does not change when the process executes another program. See `isRunning()`.
   */
  id: string;
  /**
   * The kernel's name for the process, 15 bytes at most but for kernel threads; the process can set
   * it. Source: proc_pid_comm(5).
   */
  comm: string;
  /**
   * Path of the executable, as its mount namespace sees it. Without the ` (deleted)` that Linux
   * appends once the file is gone. `null` for kernel threads and zombies, and without the right to
   * ptrace(2) the process. Source: proc_pid_exe(5).
   */
  exe: string | null;
  /**
   * The arguments, `argv[0]` first, empty ones included. Empty for kernel threads and zombies. A
   * process can overwrite them by a title, which is then one element; when it is shorter than they
   * were, many empty ones may follow. Source: proc_pid_cmdline(5).
   */
  cmdline: string[] | null;
  /** Working directory. `null` as for `exe`. Source: proc_pid_cwd(5). */
  cwd: string | null;
  /** Root directory, see chroot(2). `null` as for `exe`. Source: proc_pid_root(5). */
  root: string | null;
  /**
   * The environment the program was started with. `null` without the right to ptrace(2) the
   * process. Source: proc_pid_environ(5).
   */
  environ: Record<string, string> | null;
  /** Real user id. Source: proc_pid_status(5). */
  uid: number | null;
  /** Real group id. Source: proc_pid_status(5). */
  gid: number | null;
  /**
   * Name of the account with this `uid`, as getpwuid_r(3) knows it, which may have to ask a
   * directory server. `null` when there is none.
   */
  user: string | null;
  /** Process group id. Source: proc_pid_stat(5). */
  pgid: number | null;
  /** Session id. Source: proc_pid_stat(5). */
  sid: number | null;
  /** Path of the controlling terminal, like `/dev/pts/0`; `null` without one. */
  tty: string | null;
  /** Niceness, 19 (low priority) to −20 (high). Source: proc_pid_stat(5). */
  nice: number | null;
  /** Number of threads. Source: proc_pid_stat(5). */
  threads: number | null;
  /** CPU time used so far, in steps of a clock tick. Source: proc_pid_stat(5). */
  cpuTime: CpuTime | null;
  /**
   * Resident memory in bytes, by the kernel's fast, approximate count: some hundred KiB off at worst
   * on small hosts, more with many CPUs. 0 for kernel threads and zombies. Source: proc_pid_stat(5).
   */
  rss: number | null;
  /** Virtual memory in bytes. Source: proc_pid_stat(5). */
  vsize: number | null;
  /** `null` without the right to ptrace(2) the process. Source: proc_pid_io(5). */
  io: IoCounters | null;
  /**
   * Number of open file descriptors. `null` without the right to look, which Linux 6.2 and later do
   * not require. Source: proc_pid_fd(5).
   */
  fds: number | null;
  /**
   * Path of the control group in the unified hierarchy; on a host without one, in systemd's, else
   * in the first. As seen from this process's cgroup namespace. Source: cgroups(7).
   */
  cgroup: string | null;
  /**
   * The 64 hexadecimal digits by which Docker, containerd, CRI-O or Podman know the container, taken
   * from the control group. `null` outside of containers, and when seen from within one.
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
  ? Pick<ProcessFields, 'pid'> & Partial<ProcessFields>
  : { [K in 'pid' | F]: ProcessFields[K] };

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

/** The set of fields as native code takes it: `pid` and those of `fields`. */
export function fieldMask(fields: readonly Field[]): number {
  let mask = 1;
  for (const field of fields) {
    const bit = bits.get(field);
    if (bit === undefined) {
      if (typeof field !== 'string')
        throw wrongType('options.fields', 'an array of strings', field);
      throw wrongValue(
        'options.fields',
        `has no field ${JSON.stringify(field)}; there are ${fieldNames.join(', ')}`,
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
