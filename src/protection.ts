/** Processes whose end would take this one along, or the whole system. */
import { ProcessError } from './errors.js';
import { findByPidSync } from './find.js';

/** The first process of the system or container. Windows has no process of that PID. */
const init = 1;

/** The parent of this process, its parent, and so on, as far as they are to be seen; and PID 1. */
export function protectedPids(): ReadonlySet<number> {
  const pids = new Set([init]);
  for (let pid = process.ppid; pid > 0 && !pids.has(pid); pid = parentOf(pid)) pids.add(pid);
  return pids;
}

function parentOf(pid: number): number {
  try {
    return findByPidSync(pid, { fields: ['ppid'] })?.ppid ?? 0;
  } catch (error) {
    if (error instanceof ProcessError && error.code === 'EACCES') return 0; // hidden, as are those above
    throw error;
  }
}

export function protectedProcess(pid: number): ProcessError {
  const who =
    pid === init
      ? 'is the first process of this system or container'
      : pid === process.pid
        ? 'is this very process'
        : 'is an ancestor of this process';
  const message = `Process ${pid} ${who}; give the option force to signal it all the same`;
  return new ProcessError(message, { code: 'ERR_PROTECTED_PROCESS', pid });
}
