import type { System } from '../system.js';
import { programs } from './programs.js';
import { toolhelp } from './toolhelp.js';

/** For some milliseconds, Wine tells what it fills memory with: 0x5555555555555555. */
const unborn = '-6148914691236517205';

export const windows: System = {
  ...programs,
  ...toolhelp,
  lacks: {
    'atomic starts': 'Wine shows a process before it has the start that it is known by',
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
  endingSignals: ['SIGTERM', 'SIGKILL', 'SIGINT'],
  killedBy: () => ({ code: 1, signal: null }),
  idle: 'running',
  mindsCase: false,
  commOf: (name) => name,
  suffix: '.exe',
  oddity: ' ünï 日本',
  room: 30_000,
  many: 60,
  isImposed: (variable) => Object.hasOwn(process.env, variable),
  unsteady: ['cpuTime', 'fds'], // Wine, by a handle: those of the one who asks, and none
  isCpuTime: (time) => time >= 0, // it is counted in ticks
  isUnborn: ({ id }) => id?.endsWith(unborn) === true,
  outOfDescriptors: -4066,
};
