/** A second opinion on processes, straight from /proc. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from './until.js';

/** The third field of proc_pid_stat(5); undefined when the process has been reaped. */
export function stateLetter(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2];
  } catch {
    return undefined;
  }
}

/** Waits until a process is in this state: a process that says it is ready may yet be at it. */
export async function settle(pid: number, letter = 'S'): Promise<void> {
  await until(`process ${pid} is in state ${letter}`, () => stateLetter(pid) === letter);
}

/** Waits until nothing is left of a process, not even a zombie. */
export async function vanish(pid: number): Promise<void> {
  await until(`process ${pid} has vanished`, () => stateLetter(pid) === undefined);
}

export function numberedEntries(directory: string): number[] {
  return readdirSync(directory)
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

/**
 * How many descriptors this process holds of kinds that lookups open. Runtimes open files, pipes and
 * sockets of their own at any time.
 */
export function handles(): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return /^(\/proc|anon_inode:)/.test(readlinkSync(`/proc/self/fd/${descriptor}`));
    } catch {
      return false; // it was that of this very list
    }
  }).length;
}
