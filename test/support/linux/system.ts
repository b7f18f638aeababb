import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { release } from 'node:os';
import { emulator, slowness } from '../platform.js';
import type { Command, StartOptions, System } from '../system.js';

/** pidfd_open(2), Linux 5.3. As Python finds. */
function findHandles(): boolean {
  const code = 'import os; os.pidfd_open(os.getpid())';
  return spawnSync('/usr/bin/python3', ['-I', '-S', '-c', code]).status === 0;
}

function isSince(major: number, minor: number): boolean {
  const [ours = 0, of = 0] = release().split('.').map(Number);
  return ours > major || (ours === major && of >= minor);
}

const python = (code: string): Command => ['/usr/bin/python3', '-I', '-S', '-c', code];

const exiting = 'echo ready; read code; exit "$code"';

const family = `import os, sys
sizes = [int(size) for size in sys.argv[1:]]
generation = started = 0
while generation < len(sizes) and started < sizes[generation]:
    if os.fork() == 0: generation, started = generation + 1, 0
    else: started += 1
os.write(1, b'%d %d\\n' % (generation, os.getpid()))
sys.stdin.read()`;

const breeder = `import os, sys, time
def breed(depth):
    while True:
        if os.fork() == 0 and depth < 2:
            breed(depth + 1)
        elif os.getppid() != 0 and depth >= 2:
            time.sleep(1000)
        time.sleep(float(sys.argv[1]))
if os.fork() == 0:
    breed(0)
print('ready', flush=True)
time.sleep(1000)`;

const parent = `import os, signal, sys
print('ready', flush=True)
for line in iter(sys.stdin.readline, ''):
    if line == 'start\\n':
        pid = os.fork() or signal.pause()
        print(pid, flush=True)
    else:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        print('ended', flush=True)`;

/** setpriv(1), env(1) and the shell execute what they are given in their own place: the PID stays. */
const bound = (command: Command): Command => [
  ...(['/usr/bin/setpriv', '--pdeathsig', 'KILL', '--'] as const),
  ...command,
];

function commandLine(command: Command, { argv0, env }: StartOptions): Command {
  const retitled: Command = ['bash', '-c', 'exec -a "$0" "$@"', argv0 ?? ''];
  const titled: Command = argv0 === undefined ? command : [...retitled, ...command];
  if (env === undefined) return bound(titled);
  // Not every runtime passes on every variable.
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return bound(['/usr/bin/env', '-i', ...pairs, ...titled]);
}

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

const hasHandles = process.platform === 'linux' && findHandles();

export const linux: System = {
  lacks: {},
  hasHandles,
  tellsExits: hasHandles && isSince(6, 15) && emulator === undefined, // pidfds tell since then
  idle: 'sleeping',
  mindsCase: true,
  suffix: '',
  oddity: ' ünï\n日本',
  room: 150_000,
  isImposed: () => false,
  unsteady: [],
  many: 300,
  isCpuTime: (time) => time > 0,
  outOfDescriptors: -24,
  commOf: (name) => name.slice(0, 15),
  endingSignals: ['SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGSEGV', 'SIGABRT'],
  killedBy: (signal) => ({ code: null, signal }),
  copyProgram(path) {
    copyFileSync('/bin/cat', path);
    chmodSync(path, 0o755);
  },
  exiting: ['/bin/sh', '-c', exiting],
  makeExiting(path) {
    writeFileSync(path, `#!/bin/sh\n${exiting}\n`, { mode: 0o755 });
    return [path];
  },
  makeBreeder(path) {
    writeFileSync(path, `#!/usr/bin/python3 -IS\n${breeder}\n`, { mode: 0o755 });
    return [path, String(0.005 * slowness)];
  },
  family: python(family),
  parent: python(parent),
  spawn(program, args, options) {
    const { uid, cwd } = options;
    const [file, ...rest] = commandLine([program, ...args], options);
    return spawn(file, rest, {
      stdio: 'pipe',
      ...(uid === undefined ? {} : { uid, gid: uid }),
      ...(cwd === undefined ? {} : { cwd }),
    });
  },
  isUnborn: () => false,
  bound,
  isThere: (pid) => stateLetter(pid) !== undefined,
  hasEnded: (pid) => ['Z', 'X', undefined].includes(stateLetter(pid)),
  pids: () => numberedEntries('/proc'),
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
