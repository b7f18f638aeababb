/** A second opinion on processes: on Linux, straight from /proc. */
import { stateLetter } from './linux/proc.js';
import { system } from './system.js';
import { until } from './until.js';

export { numberedEntries, stateLetter } from './linux/proc.js';

export const { allPids, handles, hasEnded } = system;

/**
 * Waits until a process is in this state, where there are states: a process that says it is ready may
 * yet be at it.
 */
export async function settle(pid: number, letter = 'S'): Promise<void> {
  if (system.lacks.states !== undefined) return;
  await until(`process ${pid} is in state ${letter}`, () => stateLetter(pid) === letter);
}

/** Waits until nothing is left of a process, not even a zombie. */
export async function vanish(pid: number): Promise<void> {
  await until(`process ${pid} has vanished`, () => !system.isThere(pid));
}
