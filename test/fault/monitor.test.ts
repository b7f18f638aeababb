/** Waits and watches where the system refuses, runs out, overflows, or counts time differently. */
import { describe, expect, test } from 'vitest';
import { isRoot, needsStrace, strace } from '../support/requirements.js';
import { refusing } from '../support/sandbox.js';
import { gather, load, resultOf } from './support.js';

const tools = `${load}
  const fs = require('node:fs');
  const { once } = require('node:events');
  const { spawn, execFileSync } = require('node:child_process');
  const sleep = require('node:timers/promises').setTimeout;
  async function begin(...command) {
    const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child, 'spawn');
    return child;
  }
  const beginOwn = () => begin('/bin/sh', '-c', 'read code; exit "$code"');
  async function beginPython(code) {
    const child = await begin('/usr/bin/python3', '-I', '-S', '-c', code);
    const lines = require('node:readline').createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { pid: child.pid, child, line: async () => (await lines.next()).value,
      say: (text) => child.stdin.write(text + '\\n'), stop: () => child.kill('SIGKILL') };
  }
  async function until(condition) {
    for (const deadline = Date.now() + 20000; !condition() && Date.now() < deadline; ) await sleep(5);
  }
  async function reasonAgainstEvents() {
    const watcher = procseek.watch({ pids: [process.pid] });
    await watcher.ready;
    watcher.close();
    return watcher.stats.reason;
  }
  const identify = (pid) => procseek.findByPidSync(pid, { fields: ['id'] });
  const end = (result) => { process.stdout.write(JSON.stringify(result)); process.exitCode = 0; };`;

const tell = <T>(body: string, options = {}) =>
  resultOf<T>(`${tools} (async () => { ${body} })();`, options);

/** Without the kernel's process events, which are the initial network namespace's. */
const withoutEvents = ['unshare', '--net', '--'];

const eventsReason = await tell<string | null>('end(await reasonAgainstEvents());');

describe('Where epoll_wait(2) fails for good', needsStrace, () => {
  const deaf = [
    ...[strace, '-f', '-qq', '-o', '/dev/null', '-e', 'trace=epoll_wait'],
    ...['-e', 'inject=epoll_wait:error=EBADF'],
  ];

  test('a wait is over in time, and a watch tells what happens', async ({ skip }) => {
    skip(process.arch !== 'x64', 'elsewhere Node.js waits by the same system call');
    const seen = await tell<Record<string, unknown>>(
      `const child = await beginOwn();
      const wait = procseek.waitForExit(child.pid);
      const told = [];
      const watcher = procseek.watch({ pids: [child.pid] }, { interval: 50 });
      watcher.on('exit', ({ code }) => told.push(code));
      await watcher.ready;
      child.stdin.write('3\\n');
      const exit = await wait;
      await until(() => told.length > 0);
      watcher.close();
      end({ exit, told });`,
      { wrapper: deaf },
    );
    expect(seen).toEqual({ exit: { code: 3, signal: null }, told: [3] });
  });
});

describe('Of 256 file descriptors', () => {
  const limited = ['prlimit', '--nofile=256:256', '--'];

  test('400 waits for one process take one, and are all told how it ends', async () => {
    const seen = await tell<Record<string, unknown>>(
      `const child = await beginOwn();
      const first = procseek.waitForExit(child.pid);
      const before = fs.readdirSync('/proc/self/fd').length;
      const record = identify(child.pid);
      const waits = Array.from({ length: 400 }, (_, i) => procseek.waitForExit(i % 2 ? child.pid : record));
      const taken = fs.readdirSync('/proc/self/fd').length - before;
      const { waiting, polled } = procseek.waitStats();
      child.stdin.write('3\\n');
      const exits = await Promise.all([first, ...waits]);
      end({ taken, waiting, polled, right: exits.filter(({ code }) => code === 3).length });`,
      { wrapper: limited },
    );
    expect(seen).toEqual({ taken: 0, waiting: 401, polled: 0, right: 401 });
  });

  test('400 waits for as many processes take a quarter, and all are told how they end', async ({
    skip,
  }) => {
    skip(eventsReason !== null, eventsReason ?? undefined);
    const seen = await tell<{ taken: number; polled: number; right: number }>(
      // The kernel reaps them at once.
      `const keeper = await beginPython(\`import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
pids = []
for _ in range(400):
    pid = os.fork()
    if pid == 0:
        os.close(0)
        signal.pause()
    pids.append(pid)
print(*pids, flush=True)
sys.stdin.readline()
for pid in pids: os.kill(pid, 15)
print('sent', flush=True)
sys.stdin.readline()\`);
      const pids = (await keeper.line()).split(' ').map(Number);
      const before = fs.readdirSync('/proc/self/fd').length;
      const waits = pids.map((pid) => procseek.waitForExit(pid));
      const taken = fs.readdirSync('/proc/self/fd').length - before;
      const file = fs.openSync('/dev/null');
      fs.closeSync(file);
      execFileSync('/bin/true');
      const { polled } = procseek.waitStats();
      keeper.say('end');
      const exits = await Promise.all(waits);
      keeper.stop();
      end({ taken, polled, right: exits.filter(({ signal }) => signal === 'SIGTERM').length });`,
      { wrapper: limited },
    );
    expect(seen.right).toBe(400);
    expect(seen.polled).toBeGreaterThanOrEqual(400 - 64);
    // Besides the handles, those of the monitor itself.
    expect(seen.taken).toBeLessThanOrEqual(64 + 4);
  });

  test('a polling watch of 401 matches takes an eighth', async () => {
    const crowd = await gather(401);
    try {
      const taken = await tell<number>(
        `const before = fs.readdirSync('/proc/self/fd').length;
        const watcher = procseek.watch({ pids: ${JSON.stringify(crowd.pids)} }, { backend: 'polling' });
        await watcher.ready;
        const taken = fs.readdirSync('/proc/self/fd').length - before;
        const matches = watcher.processes.size;
        watcher.close();
        end(matches === 401 ? taken : -1);`,
        { wrapper: limited },
      );
      expect(taken).toBeGreaterThanOrEqual(0);
      expect(taken).toBeLessThanOrEqual(32 + 4);
    } finally {
      await crowd.disperse();
    }
  });
});

describe.each(['ENOSYS', 'EPERM'] as const)('Where pidfd_open(2) fails with %s', (error) => {
  const refused = refusing(error, 'pidfd_open');
  const codes = `const codes = [];
      for (let i = 0; i < 30; i++) {
        const child = await beginOwn();
        const record = identify(child.pid);
        const wait = procseek.waitForExit(i % 2 ? child.pid : record);
        child.stdin.write(i + '\\n');
        codes.push((await wait).code, (await procseek.waitForExit(record)).code);
      }
      end(codes);`;
  const expected = Array.from({ length: 60 }, (_, i) => Math.floor(i / 2)); // told, and told again

  test('the codes of children are told, though Node.js reaps them first', async () => {
    expect(await tell(codes, { wrapper: refused })).toEqual(expected);
  });

  test('they are told without process events as well', async ({ skip }) => {
    skip(!isRoot, 'only root has another network namespace');
    expect(await tell(codes, { wrapper: [...withoutEvents, ...refused] })).toEqual(expected);
  });

  test('how others ended is told by process events', async ({ skip }) => {
    skip(eventsReason !== null, eventsReason ?? undefined);
    const seen = await tell<unknown>(
      `const keeper = await beginPython(\`import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
ours, theirs = os.pipe()
pid = os.fork()
if pid == 0:
    os._exit(os.read(ours, 1)[0])
print(pid, flush=True)
sys.stdin.readline()
os.write(theirs, b'\\\\x07')
sys.stdin.readline()\`);
      const pid = Number(await keeper.line());
      const record = identify(pid);
      const wait = procseek.waitForExit(pid);
      // It is looked at, so the events have been asked for.
      await until(() => procseek.waitStats().polls > 0);
      keeper.say('end');
      const exits = [await wait, await procseek.waitForExit(record)];
      keeper.stop();
      end(exits);`,
      { wrapper: refused },
    );
    expect(seen).toEqual(new Array(2).fill({ code: 7, signal: null }));
  });
});

describe('While /proc is missing for a moment', () => {
  test('a watch with events tells an end at once, with its code', async ({ skip }) => {
    skip(!isRoot, 'only root can take /proc away');
    skip(eventsReason !== null, eventsReason ?? undefined);
    const told = await tell<unknown[]>(
      `const child = await beginOwn();
      const watcher = procseek.watch({ pids: [child.pid] });
      const told = [];
      watcher.on('exit', ({ code, signal }) => told.push({ code, signal }));
      await watcher.ready;
      execFileSync('/bin/umount', ['-l', '/proc']);
      child.stdin.write('5\\n');
      await until(() => told.length > 0);
      watcher.close();
      end(told);`,
      { wrapper: ['unshare', '--mount', '--'] },
    );
    expect(told).toEqual([{ code: 5, signal: null }]);
  });
});

describe.each([-200, 100000])('In a time namespace whose clock is off by %i s', (offset) => {
  test('workers are told when they stay, and not only when the other clock has come so far', async ({
    skip,
  }) => {
    skip(!isRoot, 'only root has another time namespace');
    skip(eventsReason !== null, eventsReason ?? undefined);
    const name = `off-${process.pid}-${offset < 0 ? 'a' : 'b'}`;
    const seen = await tell<unknown>(
      `const parent = await beginPython(\`import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(15, b'${name}')
print('ready', flush=True)
sys.stdin.readline()
workers = []
for _ in range(11):
    pid = os.fork()
    if pid == 0:
        os.close(0)
        signal.pause()
    workers.append(pid)
print(*workers, flush=True)
sys.stdin.readline()
for pid in workers: os.kill(pid, 9)\`);
      await parent.line();
      const watcher = procseek.watch('${name}');
      const told = [];
      watcher.on('start', ({ process: { pid }, existing }) => told.push(existing ? 'existing' : pid));
      watcher.on('rename', () => told.push('rename'));
      await watcher.ready;
      parent.say('go');
      const workers = (await parent.line()).split(' ').map(Number);
      await until(() => workers.every((pid) => told.includes(pid)));
      watcher.close();
      parent.say('end');
      const others = told.filter((one) => !workers.includes(one));
      end({ workers: told.length - others.length, others });`,
      {
        wrapper: [
          'unshare',
          '--time',
          '--monotonic',
          String(offset),
          '--fork',
          '--kill-child',
          '--',
        ],
      },
    );
    expect(seen).toEqual({ workers: 11, others: ['existing'] });
  });
});

describe.each([
  ['renames', `c = ctypes.CDLL(None); [c.prctl(15, b'storm') for _ in iter(int, 1)]`],
  [
    'forks',
    `
while True:
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)`,
  ],
])('In a storm of %s', (_, storm) => {
  test('a watch stays within its budget, tells what it is about, and listens afterwards', async ({
    skip,
  }) => {
    skip(eventsReason !== null, eventsReason ?? undefined);
    const seen = await tell<{ share: number; told: unknown[]; after: string }>(
      `const watched = await beginOwn();
      const watcher = procseek.watch({ pids: [watched.pid] });
      const told = [];
      watcher.on('exit', ({ code }) => told.push(code));
      await watcher.ready;
      const other = procseek.watch('storm-absent');
      await other.ready;
      const storm = await begin('/usr/bin/python3', '-I', '-S', '-c', ${JSON.stringify(
        `import ctypes, os\n${storm}`,
      )});
      const begun = performance.now();
      await sleep(5000);
      const { cpuTime } = watcher.stats;
      const share = cpuTime / (performance.now() - begun);
      watched.stdin.write('3\\n');
      await until(() => told.length > 0);
      storm.kill('SIGKILL');
      await until(() => watcher.stats.backend === 'events');
      const { backend: after } = watcher.stats;
      watcher.close();
      other.close();
      end({ share, told, after });`,
    );
    expect(seen).toMatchObject({ told: [3], after: 'events' });
    expect(seen.share).toBeLessThan(0.05);
  });
});
