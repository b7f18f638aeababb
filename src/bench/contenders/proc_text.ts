/** What the files of /proc/PID say, for the contenders that read them in plain JavaScript. */
import { basename } from 'node:path';

/** Without the NUL that ends it; linux/sched.h, TASK_COMM_LEN. */
const longestComm = 15;
/** USER_HZ, which is the same on all architectures that Node.js runs on. */
const ticksPerSecond = 100;

/** As libraries do that load the process table: more than most callers look at. */
export const tableFiles = ['stat', 'status', 'cmdline'] as const;
export const tableLinks = ['exe'] as const;
/** What it takes to tell all that procseek's fields tell. */
export const allFiles = [...tableFiles, 'environ', 'io', 'cgroup'] as const;
export const allLinks = [...tableLinks, 'cwd', 'root'] as const;

/** The content of a process's files and the targets of its links; what may not be read is absent. */
export type Texts = Readonly<Record<string, string | undefined>>;

export interface Row {
  pid: number;
  name: string;
  ppid: number;
  state: string;
  /** Milliseconds since 1970. */
  startTime: number;
  texts: Texts;
}

/** A process as its files tell; undefined when it has vanished. proc_pid_stat(5). */
export function row(pid: number, texts: Texts, bootTime: number): Row | undefined {
  const { stat, cmdline } = texts;
  if (stat === undefined) return undefined;
  const end = stat.lastIndexOf(')'); // the name may have parentheses, too
  const fields = stat.slice(end + 2).split(' ');
  return {
    pid,
    name: completeName(stat.slice(stat.indexOf('(') + 1, end), cmdline),
    state: fields[0] ?? '?',
    ppid: Number(fields[1]),
    startTime: bootTime + (Number(fields[19]) * 1000) / ticksPerSecond,
    texts,
  };
}

/** Milliseconds since 1970; proc_stat(5). */
export function bootTime(stat: string): number {
  return Number(/^btime (\d+)/m.exec(stat)?.[1]) * 1000;
}

export function pidsOf(entries: readonly string[]): number[] {
  // Node.js tells them in alphabetical order; the first of many is the one with the lowest PID.
  return entries
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .sort((a, b) => a - b);
}

/** What the kernel makes of a name. */
export function cutName(name: string): string {
  return Buffer.from(name).subarray(0, longestComm).toString();
}

export function maybeCut(comm: string): boolean {
  return Buffer.byteLength(comm) >= longestComm;
}

/** psutil completes a cut name from the first argument; the second is the one of a script. */
export function completeName(comm: string, cmdline = ''): string {
  if (!maybeCut(comm)) return comm;
  const names = cmdline.split('\0', 2).map((argument) => basename(argument));
  return names.find((name) => name.startsWith(comm)) ?? comm;
}

/**
 * Rethrows what does not mean that the process has vanished or may not be looked at: to run out of
 * file descriptors must not look like "no such process".
 */
export function withheld(error: unknown): undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return;
  throw error;
}
