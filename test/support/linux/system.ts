import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { emulator } from '../platform.js';
import { hasStrace } from '../requirements.js';
import type { System } from '../system.js';
import { proc } from './proc.js';
import { programs } from './programs.js';

/** pidfd_open(2), Linux 5.3. As Python finds. */
function findHandles(): boolean {
  const code = 'import os; os.pidfd_open(os.getpid())';
  return spawnSync('/usr/bin/python3', ['-I', '-S', '-c', code]).status === 0;
}

function isSince(major: number, minor: number): boolean {
  const [ours = 0, of = 0] = release().split('.').map(Number);
  return ours > major || (ours === major && of >= minor);
}

const hasHandles = process.platform === 'linux' && findHandles();

export const linux: System = {
  ...programs,
  ...proc,
  lacks: {
    ...(hasStrace ? {} : { 'system calls': 'needs strace' }),
    ...(process.getuid?.() === 0 ? {} : { namespaces: 'needs root', users: 'needs root' }),
  },
  hasHandles,
  tellsExits: hasHandles && isSince(6, 15) && emulator === undefined, // pidfds tell since then
  endingSignals: ['SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGSEGV', 'SIGABRT'],
  killedBy: (signal) => ({ code: null, signal }),
  idle: 'sleeping',
  mindsCase: true,
  commOf: (name) => name.slice(0, 15),
  suffix: '',
  oddity: ' ünï\n日本',
  room: 150_000,
  many: 300,
  isImposed: () => false,
  unsteady: [],
  isCpuTime: (time) => time > 0,
  isUnborn: () => false,
  outOfDescriptors: -24,
};
