/** Ending trees that resist, under parents that watch, by callers that end themselves. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  children,
  findByPidSync,
  kill,
  killGroup,
  killTree,
  waitForExit,
} from '../../src/index.js';
import { inPidNamespace, inProcess, traced } from '../support/library.js';
import { hasEnded } from '../support/proc.js';
import { start, startPython } from '../support/processes.js';
import { scratchDirectory, uniqueName } from '../support/programs.js';
import { isRoot, needsStrace, rootOnly } from '../support/requirements.js';
import { until } from '../support/until.js';

const directory = scratchDirectory();

/** Processes that each do this, below one that does, too: so many at each of two levels. */
function startTree(behaviour: string, width = 5): Promise<{ pid: number }> {
  return startPython(`import os, signal, sys, time
for i in range(${width}):
    if os.fork() == 0:
        for j in range(${width}):
            if os.fork() == 0: break
        break
${behaviour}
print('ready', flush=True)
while True: time.sleep(1)`);
}

async function treeOf(pid: number, count: number): Promise<number[]> {
  return until(`there are ${count} processes`, async () => {
    const found = await children(pid, { recursive: true });
    return found.length === count - 1 && [pid, ...found.map((one) => one.pid)];
  });
}

describe('The parent of a process that killTree() ends', () => {
  const parents: [string, string[]][] = [
    ['runuser', ['runuser', '-u', 'nobody', '--', 'sleep', '1077']],
    ['su', ['su', '-s', '/bin/sh', 'nobody', '-c', 'exec sleep 1077']],
    ['nsenter', ['nsenter', '--pid=/proc/self/ns/pid', 'sleep', '1077']],
    ['unshare', ['unshare', '--fork', 'sleep', '1077']],
    ['script', ['script', '-qefc', 'exec sleep 1077', '/dev/null']],
    ['a shell with job control', ['bash', '-c', 'set -m; sleep 1077; exit $?']],
  ];

  /** Starts it, ends what runs below by `end`, and tells how it ended itself. */
  async function exitOfParent(command: string[], end: (pid: number) => unknown) {
    const [program = '', ...args] = command;
    const shell = await start('/bin/bash', [
      '-c',
      'echo ready; read; exec "$@"',
      '',
      program,
      ...args,
    ]);
    shell.say('go');
    const pid = await until('it runs', async () => {
      const found = await children(shell.pid, { recursive: true });
      return found.find(({ name }) => name === 'sleep')?.pid;
    });
    const exit = waitForExit(shell.pid);
    await end(pid);
    return exit;
  }

  it.each(parents)('sees its end alone: %s', rootOnly, async (_, command) => {
    const plain = await exitOfParent(command, (pid) => kill(pid, 'SIGTERM'));
    for (let i = 0; i < 5; i++) {
      expect(await exitOfParent(command, (pid) => killTree(pid))).toEqual(plain);
    }
  });

  it('and its jobs get no signal but the one asked for', async () => {
    const file = join(directory, uniqueName(12));
    const jobs = 8;
    const job = `import os, signal, sys, time
def hear(number, _):
    with open(sys.argv[1], 'a') as heard: heard.write(f'{number}\\n')
    if number == signal.SIGTERM:
        time.sleep(0.1)
        os._exit(0)
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP): signal.signal(number, hear)
print('ready', flush=True)
while True: time.sleep(1)`;
    const shell = await start('/bin/bash', [
      '-c',
      `set -m
for i in $(seq ${jobs}); do /usr/bin/python3 -I -S -c "$1" "$2" & done
while :; do wait; done`,
      '',
      job,
      file,
    ]);
    for (let i = 1; i < jobs; i++) await shell.line();
    const { ended, ...others } = await killTree(shell.pid, { grace: 20_000 });
    expect(ended).toHaveLength(jobs + 1);
    expect(others).toEqual({ killed: [], remaining: [], denied: [] });
    expect(readFileSync(file, 'utf8').trim().split('\n')).toEqual(Array(jobs).fill('15'));
  });

  it('is sent nothing: all that is sent are the two signals', needsStrace, async () => {
    const tree = await startTree('signal.signal(signal.SIGTERM, signal.SIG_IGN)', 2);
    await treeOf(tree.pid, 7);
    const lines = await traced(
      'kill,tkill,tgkill,pidfd_send_signal,ptrace',
      tree.pid,
      async ({ procseek, begin, end }, pid) => {
        begin();
        await procseek.killTree(pid, { grace: 100 });
        end();
      },
    );
    const sent = lines.flatMap((line) => /\b(?:SIG[A-Z]+|ptrace\()/.exec(line)?.[0] ?? []);
    const signals = sent.filter((signal) => signal !== 'SIGCHLD');
    expect(new Set(signals)).toEqual(new Set(['SIGTERM', 'SIGKILL']));
  });
});

describe('A caller of killTree() that ends in the midst of it', () => {
  const ways = ['is killed', 'calls process.exit()', 'is a worker that is terminated'];

  // Milliseconds: before, at and behind the end of the grace period of 20.
  const moments = [0, 8, 20, 32];
  const cases = ways.flatMap((way) => moments.map((moment) => [way, moment] as const));

  it.each(cases)('leaves nobody stopped when it %s after %i ms', async (way, moment) => {
    const states = await inProcess({}, { way, moment }, async ({ require }, { way, moment }) => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const { readFileSync } = require('node:fs') as typeof import('node:fs');
      const library = JSON.stringify(require.resolve('./procseek.cjs'));
      const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      const tree = `import os, signal, sys, time
for i in range(30):
    if os.fork() == 0: break
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(20)`;
      const code = `const procseek = require(${library});
process.on('message', ({ pid, delay }) => {
  if (delay !== undefined) setTimeout(() => process.exit(), delay);
  process.send('begun');
  procseek.killTree(pid, { grace: 20 });
});
process.send('ready');`;
      const threaded = `const { Worker } = require('node:worker_threads');
process.on('message', ({ pid, wait }) => {
  const worker = new Worker('const { parentPort, workerData } = require("node:worker_threads");' +
    'const procseek = require(' + ${JSON.stringify(library)} + ');' +
    'parentPort.postMessage("begun"); procseek.killTree(workerData, { grace: 20 });',
    { eval: true, workerData: pid });
  worker.once('message', () => setTimeout(async () => {
    await worker.terminate();
    process.send('begun');
  }, wait));
});
process.send('ready');`;
      const seen: string[] = [];
      {
        const root = spawn('/usr/bin/python3', ['-I', '-S', '-c', tree]);
        const pids: number[] = [];
        for await (const text of root.stdout) {
          pids.push(...String(text).trim().split('\n').map(Number));
          if (pids.length >= 31) break;
        }
        const isThreaded = way.includes('worker');
        const agent = spawn(process.execPath, ['-e', isThreaded ? threaded : code], {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        });
        const told = () => new Promise((resolve) => agent.once('message', resolve));
        await told();
        const begun = told();
        const gone = new Promise((resolve) => agent.once('exit', resolve));
        agent.send({
          pid: root.pid,
          wait: moment,
          ...(way.includes('exit') ? { delay: moment } : {}),
        });
        await begun;
        if (way === 'is killed') await sleep(moment);
        if (!way.includes('exit')) agent.kill('SIGKILL');
        await gone;
        for (const pid of pids) {
          try {
            const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
            seen.push(stat[stat.lastIndexOf(')') + 2] ?? '');
            process.kill(pid, 'SIGKILL');
          } catch {}
        }
      }
      return [...new Set(seen)];
    });
    expect(states.filter((state) => /[tT]/.test(state))).toEqual([]);
  });
});

describe('A tree that grows while killTree() ends it', () => {
  // Each ends by itself, whatever becomes of the test, and so does the namespace that it is in.
  const prelude = `import os, random, signal, sys, time
over = time.monotonic() + 15
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
open('/proc/self/comm', 'w').write('growing')
def fork():
    try: return os.fork()
    except OSError: return -1
print('ready', flush=True)
`;
  const kinds = {
    'a thousand short-lived children a second': `
while time.monotonic() < over:
    if fork() == 0:
        time.sleep(0.5)
        os._exit(0)
    time.sleep(0.001)`,
    'a chain of orphans, once it has been asked to end': `
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
while not asked: time.sleep(0.001)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if fork() != 0:
    time.sleep(15)
    os._exit(0)
while time.monotonic() < over:
    time.sleep(0.1)
    if fork() != 0: os._exit(0)`,
    'children that have children': `
while time.monotonic() < over:
    if fork() == 0 and random.random() < 0.5: os._exit(0)
    time.sleep(0.2)`,
    'children that leave for sessions of their own, once it has been asked to end': `
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
while not asked: time.sleep(0.001)
while time.monotonic() < over:
    if fork() == 0:
        os.setsid()
        if fork() != 0: os._exit(0)
        time.sleep(15)
        os._exit(0)
    time.sleep(0.005)`,
  };

  it.each(Object.entries(kinds))('ends all of it: %s', rootOnly, async (_, kind) => {
    const result = await inProcess(
      inPidNamespace,
      prelude + kind,
      async ({ procseek, require }, code) => {
        const { spawn } = require('node:child_process') as typeof import('node:child_process');
        const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
        const root = spawn('/usr/bin/python3', ['-I', '-S', '-c', code], {
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        await new Promise((resolve) => root.stdout.once('data', resolve));
        await sleep(100);
        const pid = root.pid ?? 0;
        const { killed, remaining } = await procseek.killTree(pid, {
          grace: 200,
          patience: 10_000,
        });
        const living = () =>
          [...procseek.scanSync({ name: 'growing' }, { fields: ['state'] })].filter(
            ({ state }) => state !== 'zombie',
          ).length;
        const left = [living()];
        await sleep(200);
        left.push(living());
        return {
          left,
          remaining: remaining.length,
          isKilled: killed.some((one) => one.pid === pid),
        };
      },
    );
    expect(result).toEqual({ left: [0, 0], remaining: 0, isKilled: true });
  });
});

describe('Control groups', () => {
  const freezer = '/sys/fs/cgroup/freezer';
  const unified = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) =>
    existsSync(join(path, 'cgroup.controllers')),
  );

  function makeGroup(hierarchy: string): string {
    const path = join(hierarchy, `procseek-${process.pid}-${uniqueName(12)}`);
    mkdirSync(path);
    onTestFinished(async () => void (await until('the group is gone', () => remove(path))));
    return path;
  }

  function remove(path: string): boolean {
    try {
      rmdirSync(path);
      return true;
    } catch {
      return false; // some have yet to be reaped
    }
  }

  it('that are frozen keep what was killed, which is told, and keep nobody waiting', async ({
    skip,
  }) => {
    skip(!isRoot || !existsSync(join(freezer, 'cgroup.procs')), 'needs the freezer of version 1');
    const group = makeGroup(freezer);
    const tree = await startTree('', 1);
    const pids = await treeOf(tree.pid, 3);
    const frozen = pids[1] ?? 0;
    writeFileSync(join(group, 'cgroup.procs'), String(frozen));
    writeFileSync(join(group, 'freezer.state'), 'FROZEN');
    onTestFinished(() => writeFileSync(join(group, 'freezer.state'), 'THAWED'));
    const { ended, killed, remaining, denied } = await killTree(tree.pid, {
      grace: 300,
      patience: 300,
    });
    expect(remaining.map(({ pid, reason }) => [pid, reason])).toEqual([[frozen, 'frozen']]);
    expect(ended.map(({ pid }) => pid)).toEqual(pids.filter((pid) => pid !== frozen));
    expect([killed, denied]).toEqual([[], []]);
    expect(hasEnded(frozen)).toBe(false);
    writeFileSync(join(group, 'freezer.state'), 'THAWED');
    await until('it ends once it is thawed', () => hasEnded(frozen));
  });

  it('end as a whole, with those below them', async ({ skip }) => {
    skip(!isRoot || unified === undefined, 'needs the unified hierarchy');
    const group = makeGroup(unified ?? '');
    const below = join(group, 'below');
    mkdirSync(below);
    onTestFinished(async () => void (await until('the group below is gone', () => remove(below))));
    const tree = await startTree('signal.signal(signal.SIGTERM, signal.SIG_IGN)', 2);
    const pids = await treeOf(tree.pid, 7);
    const outside = await startTree('', 1);
    for (const [i, pid] of pids.entries()) {
      writeFileSync(join(i % 2 === 0 ? group : below, 'cgroup.procs'), String(pid));
    }
    const { cgroup } = findByPidSync(tree.pid, { fields: ['cgroup'] }) ?? {};
    const { ended, killed, remaining } = await killGroup({ cgroup: cgroup ?? '' }, { grace: 100 });
    expect([ended, remaining]).toEqual([[], []]);
    expect(killed.map(({ pid }) => pid).sort()).toEqual([...pids].sort());
    expect(hasEnded(outside.pid)).toBe(false);
    await killTree(outside.pid);
  });
});
