/** What /proc says of processes. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { SecondOpinion } from '../system.js';

/** The third field of proc_pid_stat(5); undefined when the process has been reaped. */
export function stateLetter(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2];
  } catch {
    return undefined;
  }
}

export function numberedEntries(directory: string): number[] {
  return readdirSync(directory)
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

export const proc: SecondOpinion = {
  isThere: (pid) => stateLetter(pid) !== undefined,
  hasEnded: (pid) => ['Z', 'X', undefined].includes(stateLetter(pid)),
  allPids: () => numberedEntries('/proc'),
  // Runtimes open files, pipes and sockets of their own at any time.
  handles: () =>
    readdirSync('/proc/self/fd').filter((descriptor) => {
      try {
        return /^(\/proc|anon_inode:)/.test(readlinkSync(`/proc/self/fd/${descriptor}`));
      } catch {
        return false; // it was that of this very list
      }
    }).length,
};
