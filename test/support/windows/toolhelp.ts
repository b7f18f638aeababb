/** What Windows says of processes by its older functions, those of Toolhelp and of Node.js. */
import { spawnSync } from 'node:child_process';
import type { SecondOpinion } from '../system.js';
import { insist, target } from './programs.js';

/** Each process with its parent and its name. */
export function listed(): { pid: number; ppid: number; name: string }[] {
  const { stdout } = insist(() => {
    const list = spawnSync(target, ['list'], { encoding: 'utf8' });
    if (list.error) throw list.error;
    return list;
  });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, ppid, name = ''] = /^(\d+) (\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : { pid: Number(pid), ppid: Number(ppid), name };
  });
}

/** Asked for signal 0, Node.js opens the process, and looks whether it has an exit code. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

export const toolhelp: SecondOpinion = {
  isThere,
  hasEnded: (pid) => !isThere(pid),
  // That of PID 0 is the time that no process has.
  allPids: () => listed().flatMap(({ pid }) => (pid === 0 ? [] : pid)),
  handles: () => 0, // a pass holds nothing but memory
};
