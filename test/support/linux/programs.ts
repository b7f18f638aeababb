/** Programs on Linux: cat(1), shells and Python. */
import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import type { Command, Programs, StartOptions } from '../system.js';

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

export const programs: Programs = {
  makeEcho(path) {
    copyFileSync('/bin/cat', path);
    chmodSync(path, 0o755);
  },
  exiting: ['/bin/sh', '-c', exiting],
  makeExiting(path) {
    writeFileSync(path, `#!/bin/sh\n${exiting}\n`, { mode: 0o755 });
    return [path];
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
  bound,
};
