/**
 * An old kernel answers what a new one does. The questions are asked twice, in processes of their own:
 * as things are here, and where what is newer than Linux 3.10 is not known, or single calls are
 * refused, as by the sandboxes of old containers.
 */
import { mkdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type EngineName, fieldNames } from '../../src/index.js';
import { offered } from '../support/engines.js';
import { hasHandles } from '../support/kernel.js';
import { inProcess, type Surroundings, type Tools } from '../support/library.js';
import { settle } from '../support/proc.js';
import { type Child, launch, startPython } from '../support/processes.js';
import {
  launchProgram,
  makeProgram,
  makeScript,
  scratchDirectory,
  uniqueName,
} from '../support/programs.js';
import { hasStrace, needsStrace, onlyIf, rootOnly, strace } from '../support/requirements.js';
import { oldKernel, refusing } from '../support/sandbox.js';
import { until } from '../support/until.js';
import { load, resultOf } from './support.js';

const refusable = ['statx', 'pidfd_open', 'pidfd_send_signal'] as const;
const sandboxes = (['ENOSYS', 'EPERM'] as const).flatMap((error) => [
  ...refusable.map((call) => [`${error} from ${call}(2)`, refusing(error, call)] as const),
  [`${error} from all of them`, refusing(error, ...refusable, 'bpf')] as const,
]);
const old = ['Linux 3.10', oldKernel()] as const;
const oldWithoutEvents = [
  'Linux 3.10 without process events',
  oldKernel({ hasProcessEvents: false }),
] as const;
const kernels = [old, oldWithoutEvents, ...sandboxes];

const scratch = scratchDirectory();

interface Actors {
  /** Programs: one as it should be, one deleted since, one that is merely called so. */
  plain: number;
  deleted: number;
  calledDeleted: number;
  /** A script with a name that does not fit into `comm`, and two children that have one each. */
  parent: number;
  thread: number;
  names: { plain: string; script: string };
}
let actors: Actors;
let running: Child[];

beforeAll(async () => {
  const names = { plain: uniqueName(12), script: uniqueName(24) };
  const run = (name: string) => launchProgram(makeProgram(scratch, name));
  const plain = await run(names.plain);
  const deleted = await run(uniqueName(13));
  unlinkSync(join(scratch, readFileSync(`/proc/${deleted.pid}/comm`, 'utf8').trim()));
  const calledDeleted = await run(`${uniqueName(10)} (deleted)`);
  const family =
    '\n(sleep 1000000 & wait) >&- 2>&- &\n(sleep 1000000 & wait) >&- 2>&- &\necho ready; read line';
  const parent = await launch(makeScript(scratch, names.script, '/bin/bash', family));
  const threaded = await launch('/usr/bin/python3', [
    ...['-I', '-S', '-c'],
    `import sys, threading
threading.Thread(target=sys.stdin.read).start()
print(threading.enumerate()[1].native_id, flush=True)
threading.Event().wait()`,
  ]);
  running = [plain, deleted, calledDeleted, parent, threaded];
  for (const { pid } of running) await settle(pid);
  actors = {
    plain: plain.pid,
    deleted: deleted.pid,
    calledDeleted: calledDeleted.pid,
    parent: parent.pid,
    thread: Number(threaded.greeting),
    names,
  };
  await until('the family is complete', async () => {
    const pids = await descendants({});
    return pids.length === 4 && pids;
  });
});

afterAll(async () => {
  for (const pid of await descendants({})) process.kill(pid, 'SIGKILL');
  await Promise.all(running.map((child) => child.stop()));
});

const descendants = (where: Surroundings) =>
  inProcess(where, actors.parent, async ({ procseek }, parent) => {
    const found = await procseek.children(parent, { recursive: true, fields: [] });
    return found.map(({ pid }) => pid).sort((a, b) => a - b);
  });

/** All that can be asked of processes that stand still. */
async function lookUp({ procseek }: Tools, asked: Actors & { fields: string[] }) {
  const { plain, deleted, calledDeleted, parent, thread, names } = asked;
  const fields = asked.fields as import('../../src/index.js').Field[];
  const none = 2 ** 31 - 1;
  const pids = [plain, deleted, calledDeleted, parent].sort((a, b) => a - b);
  const collect = async <T>(rows: AsyncIterable<T>) => {
    const found: T[] = [];
    for await (const row of rows) found.push(row);
    return found;
  };
  const record = procseek.findByPidSync(plain, { fields: ['id'] }) ?? { pid: 0, id: '' };
  const by: Record<string, unknown> = {};
  const queries = { name: names.script, comm: names.script.slice(0, 15), exe: names.plain };
  for (const [way, query] of Object.entries(queries)) {
    const options = { by: way as 'name', fields };
    by[way] = [procseek.findByNameSync(query, options), await procseek.findByName(query, options)];
  }
  for (const way of ['argv0', 'cmdline', 'any'] as const) {
    const query = new RegExp(`${names.plain}|${names.script}`);
    by[way] = procseek.findByNameSync(query, { by: way, fields: ['name'], ppid: process.ppid });
    by[`${way} of any`] = await procseek.findByName(query, { by: way, fields: ['pgid'] });
  }
  const startOfSelf = procseek.findByPidSync(process.pid, { fields: ['startTime', 'name'] });
  return {
    byPid: pids.map((pid) => procseek.findByPidSync(pid, { fields })),
    byPidLater: await Promise.all(pids.map((pid) => procseek.findByPid(pid, { fields }))),
    exe: procseek.findByPidSync(deleted, { fields: ['exe'] })?.exe,
    calledExe: procseek.findByPidSync(calledDeleted, { fields: ['exe'] })?.exe,
    exists: [plain, 1, process.pid, thread, none].map((pid) => procseek.exists(pid)),
    absent: [thread, none].map((pid) => procseek.findByPidSync(pid) === undefined),
    by,
    one: await procseek.findOneByName(names.plain, { fields }),
    listed: [...procseek.scanSync({ pids: [...pids, thread, none] }, { fields })],
    listedLater: await collect(procseek.scan({ pids: [...pids, thread, none] }, { fields })),
    scanned: (await collect(procseek.scan({ ppid: parent }, { fields }))).length,
    all: [...procseek.scanSync()].some(({ pid }) => pid === plain),
    children: (await procseek.children(parent, { fields })).map(({ pid }) => pid),
    recursive: (await procseek.children(parent, { recursive: true })).length,
    isRunning: [record, { ...record, id: `${record.id}0` }].map((one) => procseek.isRunning(one)),
    self: [startOfSelf?.name, Math.abs((startOfSelf?.startTime ?? 0) - Date.now()) < 20_000],
  };
}

const lookUpIn = (where: Surroundings) =>
  inProcess(where, { ...actors, fields: [...fieldNames] }, lookUp);

describe('Lookups', () => {
  let here: Awaited<ReturnType<typeof lookUp>>;
  beforeAll(async () => {
    here = await lookUpIn({});
  });

  test('tell, as things are here', () => {
    expect(here.exe).toMatch(/^\/.*[a-z]$/);
    expect(here.calledExe).toMatch(/^\/.* \(deleted\)$/);
    expect(here.byPid.map((one) => Object.keys(one ?? {}).length)).toEqual(
      new Array(4).fill(fieldNames.length),
    );
    expect(here.exists).toEqual([true, true, true, false, false]);
    expect(here.children).toHaveLength(2);
    expect(here.recursive).toBe(4);
    expect(here.isRunning).toEqual([true, false]);
    expect(here.all).toBe(true);
  });

  test.each(kernels)('tell the same with %s', async (_, launcher) => {
    expect(await lookUpIn({ launcher })).toEqual(here);
  });

  test('tell the same with the addon that is shipped', async () => {
    const script = `${load} console.log(JSON.stringify([...procseek.scanSync({ pids: [${actors.plain}] },
      { fields: ['name', 'exe', 'cmdline', 'uid', 'fds', 'threads', 'cgroup'] })]));`;
    const told = await resultOf(script, {
      wrapper: oldKernel(),
      env: { PREBUILDS_ONLY: '1' },
    });
    expect(told).toEqual(await resultOf(script));
  });
});

/** Processes of one's own, and of others, that end in several ways. */
async function liveAndDie({ procseek, require }: Tools, { plain }: { plain: number }) {
  const { spawn } = require('node:child_process') as typeof import('node:child_process');
  const begin = async (...command: string[]) => {
    const child = spawn(command[0] ?? '', command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
    return { pid: child.pid ?? 0, ended, end: () => child.stdin.end() };
  };
  const beginCat = () => begin('/bin/sh', '-c', 'echo; exec cat');
  const identify = (pid: number) =>
    procseek.findByPidSync(pid, { fields: ['id'] }) ?? { pid: 0, id: '' };
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  const killed = await beginCat();
  const record = identify(killed.pid);
  const checked = [killed.pid, record].map((one) => procseek.kill(one, 0));
  const wrong = procseek.kill({ ...record, id: `${record.id}0` }, 'SIGKILL');
  const isKilled = procseek.kill(record, 'SIGTERM');
  const signal = await killed.ended;
  const gone = [record, killed.pid, 2 ** 31 - 1].map((one) => procseek.kill(one, 'SIGTERM'));

  const tree = await begin('/bin/sh', '-c', '(sleep 1000000 & wait) & sleep 1000000 & echo; wait');
  const list = () => procseek.children(tree.pid, { recursive: true, fields: [] });
  let before = await list();
  for (let i = 0; i < 500 && before.length < 3; i++, before = await list()) await sleep(10);
  const told = await procseek.killTree(tree.pid, { killSignal: 'SIGKILL' });
  // Whoever inherits them may take his time to reap them.
  const states = [...procseek.scanSync({ pids: before.map(({ pid }) => pid) })];
  const left = states.filter(({ state }) => state !== 'zombie').length;

  const code = `import os, sys
ours, theirs = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(theirs)
    os.read(ours, 1)
    os._exit(7)
print(pid, flush=True)
sys.stdin.read()`;
  const parent = spawn('/usr/bin/python3', ['-I', '-S', '-c', code]);
  const grandchild = Number(await new Promise((resolve) => parent.stdout.once('data', resolve)));
  const child = await beginCat();
  const controller = new AbortController();
  const waits = [procseek.waitForExit(child.pid), procseek.waitForExit(identify(grandchild))];
  const never = procseek
    .waitForExit(plain, { signal: controller.signal })
    .catch((reason) => reason);
  const { waiting, polled, reason } = procseek.waitStats();
  child.end();
  process.kill(grandchild, 'SIGKILL');
  const [ofChild, ofOther] = await Promise.all(waits);
  controller.abort('enough');
  const aborted = await never;
  parent.kill('SIGKILL');

  const watched = await beginCat();
  const watcher = procseek.watch({ pids: [watched.pid] }, { interval: 20, cpuBudget: 1 });
  const seen: string[] = [];
  for (const type of ['start', 'exit'] as const) watcher.on(type, () => seen.push(type));
  await watcher.ready;
  watched.end();
  for (let i = 0; i < 500 && seen.length < 2; i++) await sleep(10);
  const { backend, reason: noEvents } = watcher.stats;
  watcher.close();

  const finder = await procseek.openFinder();
  const { engine } = finder;
  const isFound = finder.findByNameSync(/./, { fields: [] }).some(({ pid }) => pid === plain);
  finder.close();
  return {
    kill: { checked, wrong, isKilled, signal, gone },
    killTree: { before: before.length, ended: told.ended.length, killed: told.killed.length, left },
    wait: { ofChild, ofOther, aborted, waiting, stats: { polled, reason } },
    watch: { seen, backend, noEvents },
    finder: { engine, isFound },
    offer: procseek.capabilities(),
  };
}

describe.each(kernels)('With %s', (name, launcher) => {
  let told: Awaited<ReturnType<typeof liveAndDie>>;
  beforeAll(async () => {
    told = await inProcess({ launcher }, { plain: actors.plain }, liveAndDie);
  });
  const isOld = name.startsWith('Linux');
  const refusal = isOld ? 'ENOSYS' : (name.split(' ')[0] ?? '');
  const isWithoutHandles = isOld || /pidfd_open|all/.test(name);

  test('a signal reaches the one that is meant', () => {
    expect(told.kill).toEqual({
      checked: [true, true],
      wrong: false,
      isKilled: true,
      signal: 'SIGTERM',
      gone: [false, false, false],
    });
  });

  test('a whole tree ends', () => {
    expect(told.killTree).toEqual({ before: 3, ended: 4, killed: 0, left: 0 });
  });

  test('the end of a process is waited for, if need be by looking again', () => {
    const { ofChild, ofOther, aborted, waiting, stats } = told.wait;
    const notKnown = { code: null, signal: null };
    const possible = isWithoutHandles ? [notKnown] : [];
    expect([{ code: 0, signal: null }, ...possible]).toContainEqual(ofChild);
    // Nobody reaps it: it stays to be looked at.
    expect(ofOther).toEqual({ code: null, signal: 'SIGKILL' });
    expect(aborted).toBe('enough');
    expect(waiting).toBe(3);
    if (hasHandles) {
      const polled = { polled: 3, reason: refusal };
      expect(stats).toEqual(isWithoutHandles ? polled : { polled: 0, reason: null });
    }
  });

  test('a watch tells what happens, and how it learns of it', () => {
    const { seen, backend, noEvents } = told.watch;
    expect(seen).toEqual(['start', 'exit']);
    const { available, reason } = told.offer.engines.events;
    expect(backend).toBe(available ? 'events' : 'polling');
    expect(noEvents === null).toBe(available);
    if (launcher === oldWithoutEvents[1]) {
      expect(available).toBe(false);
      expect(reason).toContain('the kernel has no netlink connector');
      expect(noEvents).toContain('the kernel has no netlink connector');
    }
  });

  test('a finder takes what there is, and what there is not is told to be so', () => {
    const { engines, bpfIteration } = told.offer;
    expect(told.finder.isFound).toBe(true);
    expect(engines.procfs).toEqual({ available: true, reason: null });
    if (isOld || name.includes('all')) {
      expect(engines.bpf).toEqual({ available: false, reason: expect.stringMatching(/\w/) });
      expect(bpfIteration).toBeNull();
      // Whichever is measured the cheaper, which on a host full of events may be either.
      const possible = engines.events.available ? ['events', 'procfs'] : ['procfs'];
      expect(possible).toContain(told.finder.engine);
    } else {
      expect(engines.bpf).toEqual(offered.engines.bpf);
    }
    for (const engine of ['events', 'bpf'] as const satisfies EngineName[]) {
      expect(engines[engine].available).toBe(engines[engine].reason === null);
    }
  });
});

test('A vendor may call the kernel what it likes: it is as old as it says', async () => {
  const launcher = ['/usr/bin/setarch', '--uname-2.6', ...oldKernel()];
  const { release, offer, found } = await inProcess(
    { launcher },
    actors.plain,
    async ({ procseek, require }, pid) => ({
      release: (require('node:os') as typeof import('node:os')).release(),
      offer: procseek.capabilities(),
      found: procseek.findByPidSync(pid, { fields: [] }),
    }),
  );
  expect(release).toMatch(/^2\.6\.\d+/);
  expect(offer.engines.bpf.reason).toBe(`needs Linux 5.17 or later, and this is ${release}`);
  expect(offer.engines.events.reason).toContain('before Linux 3.2');
  expect(found).toEqual({ pid: actors.plain });
});

/** Has strace(1) answer as if there were no such file. */
const withoutFile = (path: string, trace: string): string[] => [
  ...[strace, '-f', '-qq', '-o', trace, '-P', path],
  ...['-e', 'inject=openat:error=ENOENT'],
];

test(
  'Where the kernel does not list children, the processes are looked through for them',
  needsStrace,
  async () => {
    const path = `/proc/${actors.parent}/task/${actors.parent}/children`;
    const trace = join(scratch, 'trace');
    const launcher = withoutFile(path, trace);
    expect(await descendants({ launcher })).toEqual(await descendants({}));
    // And are so without further ado.
    const opened = readFileSync(trace, 'utf8').match(/openat\(.*children".*\n/g);
    expect(opened).toEqual([expect.stringContaining('INJECTED')]);
  },
);

test(
  'Without /proc/thread-self (Linux 3.17), a filter is told to be one all the same',
  onlyIf(hasStrace && offered.engines.bpf.available, 'needs strace and the engine bpf'),
  async () => {
    const hidden = withoutFile('/proc/thread-self/status', join(scratch, 'thread-self'));
    const launcher = [...refusing('EPERM', 'bpf'), ...hidden];
    const { engines } = await inProcess({ launcher }, 0, ({ procseek }) => procseek.capabilities());
    expect(engines.bpf.reason).toContain('seccomp');
  },
);

describe('A /proc that does not tell of namespaces (before Linux 4.1)', rootOnly, () => {
  /** A file of the shell that the launcher is, and so of Node.js, without these lines. */
  const without = (lines: string, file: string, copy: string) =>
    `grep -v '${lines}' ${file} > ${copy} && mount --bind ${copy} ${file}`;
  const newLines = '^NS\\|^Umask\\|^Kthread\\|^NoNewPrivs\\|^Speculation\\|^THP\\|^CapAmb\\|^Rss';
  const run = (...words: string[]) => ['/usr/bin/unshare', ...words];
  const openBoth = (launcher: readonly string[], procRoot: string) =>
    inProcess(
      { launcher },
      { procRoot, pid: actors.plain },
      async ({ procseek }, { procRoot, pid }) => {
        const finder = await procseek.openFinder({ engine: 'procfs', procRoot });
        const found = finder.findByPidSync(pid, { fields: ['id'] });
        const isRunning = found === undefined || finder.isRunning(found);
        finder.close();
        return {
          id: found?.id,
          own: procseek.findByPidSync(pid, { fields: ['id'] })?.id,
          isRunning,
        };
      },
    );

  test('is known for that of this namespace', async () => {
    const script = `${without(newLines, '/proc/$$/status', join(scratch, 'own'))} && exec "$@"`;
    const launcher = [...oldKernel(), ...run('--mount', '/bin/sh', '-c', script, 'sh')];
    const { id, own, isRunning } = await openBoth(launcher, '/proc');
    expect(id).toMatch(/^\d+-\d+$/);
    expect(own).toBe(id);
    expect(isRunning).toBe(true);
  });

  test('is known for that of another one', async () => {
    const root = join(scratch, 'host');
    mkdirSync(root);
    // It is by its own PID there that the shell finds itself.
    const script = `mount --bind /proc ${root} && mount -t proc proc /proc &&
      read pid rest < ${root}/self/stat &&
      ${without(newLines, `${root}/$pid/status`, join(scratch, 'other'))} && exec "$@"`;
    const inNamespace = run('--pid', '--fork', '--kill-child', '--mount', '/bin/sh', '-c', script);
    const { id, own, isRunning } = await openBoth([...oldKernel(), ...inNamespace, 'sh'], root);
    expect(id).toMatch(/^\d+-\d+@[1-9]\d*$/);
    expect(own).toBeUndefined();
    expect(isRunning).toBe(true);
  });
});

test.each([['Linux as it is', []], ...kernels] as const)(
  'A directory within /proc is no root of processes: %s',
  async (_, launcher) => {
    const codes = await inProcess({ launcher }, 0, async ({ procseek }) => {
      const open = async (procRoot: string) => {
        const finder = await procseek.openFinder({ engine: 'procfs', procRoot });
        finder.close();
        return 'opened';
      };
      const roots = ['/proc', '/proc/1', '/proc/self', '/proc/sys', '/sys'];
      return Promise.all(
        roots.map((root) => open(root).catch(({ code }: { code: string }) => code)),
      );
    });
    expect(codes).toEqual(['opened', 'ENODEV', 'ENODEV', 'ENODEV', 'ENODEV']);
  },
);

test('What another user may not signal is refused by an old kernel too', rootOnly, async () => {
  const target = await startPython(`import sys
print('ready', flush=True)
sys.stdin.read()`);
  onTestFinished(() => target.stop());
  for (const [, launcher] of kernels) {
    const refused = await inProcess({ launcher }, target.pid, ({ procseek }, pid) => {
      process.setgroups?.([]);
      process.setgid?.(65534);
      process.setuid?.(65534);
      const record = procseek.findByPidSync(pid, { fields: ['id'] }) ?? { pid: 0, id: '' };
      return [pid, record].map((one) => {
        try {
          return procseek.kill(one, 'SIGKILL');
        } catch (error) {
          return (error as { code: string }).code;
        }
      });
    });
    expect(refused).toEqual(['EPERM', 'EPERM']);
  }
});
