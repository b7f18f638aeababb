/** All programs are target.exe (target.c), which PROCSEEK_TEST_TARGET is the path of. */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import type { System } from '../system.js';

const { PROCSEEK_TEST_TARGET: target = '' } = process.env;

/** For some milliseconds, Wine tells what it fills memory with: 0x5555555555555555. */
const unborn = '-6148914691236517205';

/** Each process with its parent and its name, as Toolhelp has them. */
export function listed(): { pid: number; ppid: number; name: string }[] {
  const { stdout } = spawnSync(target, ['list'], { encoding: 'utf8' });
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

export const windows: System = {
  lacks: {
    'cut names': 'Windows does not cut names',
    'deleted programs': 'Windows deletes no program that is running',
    'first process': 'Windows has no process that is the first one by its PID',
    namespaces: 'Windows has no namespaces of PIDs',
    orphans: 'Windows gives orphans to nobody',
    renames: 'Windows names a process once and for all',
    scripts: 'Windows runs no scripts by their #! line',
    'shared PIDs': 'Windows executes no program in place of another one',
    signals: 'Windows has no signals that a process could handle',
    states: 'Windows tells no states of processes',
    'system calls': 'there is no strace(1) on Windows',
    'thread ids': 'Windows takes no id of a thread for a PID',
    users: 'Windows has no uids',
    zombies: 'Windows has no zombies',
  },
  hasHandles: true,
  tellsExits: true,
  idle: 'running',
  mindsCase: false,
  suffix: '.exe',
  oddity: ' ünï 日本',
  room: 30_000,
  isImposed: (variable) => Object.hasOwn(process.env, variable),
  unsteady: ['cpuTime', 'fds'], // Wine, by a handle: those of the one who asks, and none
  many: 60,
  isCpuTime: (time) => time >= 0, // it is counted in ticks
  outOfDescriptors: -4066,
  commOf: (name) => name,
  endingSignals: ['SIGTERM', 'SIGKILL', 'SIGINT'],
  killedBy: () => ({ code: 1, signal: null }),
  copyProgram: (path) => copyFileSync(target, path),
  exiting: [target, 'exiting'],
  makeExiting(path) {
    copyFileSync(target, path);
    return [path, 'exiting'];
  },
  makeBreeder(path) {
    copyFileSync(target, path);
    return [path, 'breed', '0'];
  },
  family: [target, 'family', '0'],
  parent: [target, 'parent'],
  spawn: (program, args, { argv0, cwd, env }) =>
    spawn(program, args, {
      stdio: 'pipe',
      ...(argv0 === undefined ? {} : { argv0 }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    }),
  isUnborn: ({ id }) => id?.endsWith(unborn) === true,
  bound: (command) => command,
  isThere,
  hasEnded: (pid) => !isThere(pid),
  pids: () => listed().map(({ pid }) => pid),
  handles: () => 0, // a pass holds nothing but memory
};
