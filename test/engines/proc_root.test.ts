/** Another /proc than one's own: the host's, as it is to be had in a container, and others. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import * as procseek from '../../src/index.js';
import { offered, open, waysHere } from '../support/engines.js';
import { inProcess, type Tools } from '../support/library.js';
import { type Child, launch, start } from '../support/processes.js';
import { makeScript, scratchDirectory, uniqueName } from '../support/programs.js';
import { onlyIf, rootOnly } from '../support/requirements.js';
import { until } from '../support/until.js';

const scratch = scratchDirectory();

/** In a PID namespace of its own with its own /proc; the one before is at `path`. */
const container = (path: string) => ({
  launcher: [
    ...['/usr/bin/unshare', '--pid', '--fork', '--kill-child', '--mount', '/bin/sh', '-c'],
    `mount --bind /proc ${path} && mount -t proc proc /proc && exec "$@"`,
    'sh',
  ],
});

interface Asked {
  root: string;
  name: string;
  pids: number[];
  thread: number;
  parent: number;
  fieldNames: procseek.Field[];
  ownId: string;
}

async function ask({ procseek, require }: Tools, asked: Asked) {
  const { root, name, pids, thread, parent, fieldNames, ownId } = asked;
  const [pid = 0] = pids;
  const { spawn } = require('node:child_process') as typeof import('node:child_process');
  const { readdirSync } = require('node:fs') as typeof import('node:fs');
  const attempt = async (question: () => unknown) => {
    try {
      return { answer: (await question()) ?? 'undefined' };
    } catch (error) {
      const { name, code, pid, message } = error as procseek.ProcessError;
      return { error: { name, code, pid }, message };
    }
  };
  const ways: Record<string, object> = {};
  for (const engine of ['procfs', 'auto'] as const) {
    const one = await procseek.openFinder({ engine, procRoot: root });
    const { iteration, procRoot, memory } = one;
    one.findByNameSync(name);
    ways[engine] = { engine: one.engine, iteration, procRoot, memory };
    one.close();
  }
  const finder = await procseek.openFinder({ procRoot: root });
  const own = await procseek.openFinder({ procRoot: '/proc' });
  const inner = spawn(
    '/usr/bin/unshare',
    ['--pid', '--fork', '--kill-child', '--mount-proc', '/bin/sh', '-c', 'echo; read line'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await new Promise((resolve) => inner.stdout.once('data', resolve));
  const [below] = await procseek.children(inner.pid ?? 0);
  const third = await procseek.openFinder({ procRoot: `/proc/${below?.pid}/root/proc` });
  const collect = async <T>(rows: AsyncIterable<T>) => {
    const found: T[] = [];
    for await (const row of rows) found.push(row);
    return found;
  };
  const numbers = (directory: string) =>
    readdirSync(directory)
      .filter((entry) => /^\d+$/.test(entry))
      .map(Number)
      .sort((a, b) => a - b);
  const found = finder.findByNameSync(name);
  const record = { pid, id: found[0]?.id ?? '' };
  const fields = ['name', 'ppid', 'uid', 'user'] as const;
  const ofInit = third.findByPidSync(1, { fields: ['id'] }) ?? { pid: 0, id: '' };
  const self = procseek.findByPidSync(process.pid, { fields: ['id'] }) ?? { pid: 0, id: '' };
  const result = {
    ways,
    self: process.pid,
    ownOpened: [own.engine, own.findByNameSync(name)],
    byName: found,
    byNameLater: await finder.findByName(name),
    everything: finder.findByNameSync(name, { fields: fieldNames }),
    byPid: finder.findByPidSync(pid, { fields: fieldNames }),
    byPidLater: await finder.findByPid(pid, { fields }),
    one: [
      finder.findOneByNameSync(name, { fields: [] }),
      await finder.findOneByName(name, { fields: [] }),
    ],
    byPattern: finder.findByNameSync(new RegExp(`^${name}$`), { fields }),
    byExe: finder.findByNameSync('/bash', { by: 'exe', fields: [], ppid: parent }).length,
    byAny: finder.findByNameSync(name, { by: 'any', fields: [] }),
    byUser: finder.findByNameSync(name, { uid: 0, fields: [] }),
    streamed: await collect(finder.scan({ name }, { fields })),
    batches: (await collect(finder.scan({ name }, { fields }).batches())).flat(),
    listed: [...finder.scanSync({ pids: [...pids, thread, 2 ** 31 - 1] }, { fields: [] })],
    all: [...finder.scanSync({}, { fields: [] })].length > pids.length,
    module: [procseek.findByNameSync(name), procseek.exists(pid), procseek.findByPidSync(pid)],
    exists: [pid, 1, thread, 2 ** 31 - 1, 0].map((one) => finder.exists(one)),
    ofThread: [finder.findByPidSync(thread), await finder.findByPid(thread)].map(String),
    ofNone: String(finder.findByPidSync(2 ** 31 - 1)),
    children: (await finder.children(pid, { fields })).map(({ name, ppid }) => ({ name, ppid })),
    childrenOfRecord: (await finder.children(record, { fields: [] })).length,
    childrenOfParent: (await finder.children(parent, { fields: [] })).map(({ pid }) => pid),
    recursive: (await finder.children(parent, { recursive: true, fields: [] })).length,
    childrenOfNone: await finder.children(2 ** 31 - 1),
    childrenOfOther: await finder.children({ ...record, id: `${record.id}1` }),
    isRunning: [record, { pid, id: `${pid}-1@1` }, { pid: 2 ** 31 - 1, id: 'x@1' }].map((one) =>
      finder.isRunning(one),
    ),
    refusals: {
      isRunning: await attempt(() => procseek.isRunning(record)),
      kill: await attempt(() => procseek.kill(record, 0)),
      killForGood: await attempt(() => procseek.kill(record, 'SIGKILL')),
      waitForExit: await attempt(() => procseek.waitForExit(record)),
      killTree: await attempt(() => procseek.killTree(record)),
      children: await attempt(() => procseek.children(record)),
      'isRunning of a finder of this namespace': await attempt(() => own.isRunning(record)),
      'children of a finder of this namespace': await attempt(() => own.children(record)),
    },
    ownRefused: {
      isRunning: await attempt(() => finder.isRunning(self)),
      children: await attempt(() => finder.children(self)),
      'isRunning of the host': await attempt(() => finder.isRunning({ pid, id: ownId })),
    },
    others: {
      engine: third.engine,
      pids: [...third.scanSync({}, { fields: [] })],
      id: ofInit.id,
      idHere: finder.findByPidSync(1, { fields: ['id'] })?.id,
      idOwn: procseek.findByPidSync(1, { fields: ['id'] })?.id,
      isRunning: [third.isRunning(ofInit), finder.isRunning(ofInit), third.isRunning(record)],
      refusals: [
        await attempt(() => procseek.isRunning(ofInit)),
        await attempt(() => procseek.kill(ofInit)),
      ],
      children: [await finder.children(ofInit), await third.children(0, { fields: ['ppid'] })],
    },
    unavailable: {
      bpf: await attempt(() => procseek.openFinder({ engine: 'bpf', procRoot: root })),
      threads: await attempt(() =>
        procseek.openFinder({ engine: 'bpf', iteration: 'threads', procRoot: root }),
      ),
      events: await attempt(() => procseek.openFinder({ engine: 'events', procRoot: root })),
      below: await attempt(() =>
        procseek.openFinder({ engine: 'bpf', procRoot: `/proc/${below?.pid}/root/proc` }),
      ),
    },
    ownListing: [
      String(numbers('/proc')),
      String([...own.scanSync({}, { fields: [] })].map((one) => one.pid)),
    ],
  };
  inner.kill('SIGKILL');
  const [other] = found;
  finder.close();
  const closed = await attempt(() => finder.findByName(name));
  return { ...result, closed, alive: procseek.exists(process.pid) && other !== undefined };
}

describe('In a container, the /proc of the host', rootOnly, () => {
  const root = join(scratch, 'host');
  const name = uniqueName(20);
  let told: Awaited<ReturnType<typeof ask>>;
  let actors: Child[];
  let thread: number;
  const pids = () => actors.map(({ pid }) => pid).sort((a, b) => a - b);

  beforeAll(async () => {
    mkdirSync(root);
    const path = makeScript(
      scratch,
      name,
      '/bin/bash',
      '\nsleep 1000000 >&- 2>&- &\necho ready\nread line',
    );
    actors = [await launch(path), await launch(path)];
    const threaded = await launch('/usr/bin/python3', [
      ...['-I', '-S', '-c'],
      `import sys, threading
threading.Thread(target=sys.stdin.read).start()
print(threading.enumerate()[1].native_id, flush=True)`,
    ]);
    thread = Number(threaded.greeting);
    await until('all of them have a child', async () => {
      const found = await Promise.all(pids().map((pid) => procseek.children(pid)));
      return found.every(([child]) => child?.name === 'sleep');
    });
    told = await inProcess(
      container(root),
      {
        root,
        name,
        pids: pids(),
        thread,
        parent: process.pid,
        fieldNames: [...procseek.fieldNames],
        ownId: procseek.findByPidSync(pids()[0] ?? 0, { fields: ['id'] })?.id ?? '',
      },
      ask,
    );
    return async () => {
      for (const { pid } of actors) {
        for (const child of await procseek.children(pid)) procseek.kill(child, 'SIGKILL');
      }
      await Promise.all([...actors, threaded].map((one) => one.stop()));
    };
  });

  const rows = () => pids().map((pid) => ({ pid }));
  const full = () => pids().map((pid) => ({ pid, name, ppid: process.pid, uid: 0, user: null }));

  test('is looked at by reading it, whatever else there is', () => {
    const plain = { engine: 'procfs', iteration: null, procRoot: root, memory: 0 };
    expect(told.ways).toEqual({ procfs: plain, auto: plain });
  });

  test('has processes that this namespace has not', () => {
    expect(told.module).toEqual([[], false, undefined].map((one) => one ?? null));
    expect(told.self).not.toBe(process.pid);
    expect(told.all).toBe(true);
  });

  test('tells them by name, by the PIDs of the host', () => {
    const ours = procseek.findByNameSync(name);
    const found = told.byName;
    expect(found.map(({ id: _, startTime: __, ...rest }) => rest)).toEqual(
      ours.map(({ id: _, startTime: __, ...rest }) => rest),
    );
    for (const [i, { id, startTime }] of found.entries()) {
      expect(id).toMatch(new RegExp(`^${ours[i]?.id}@\\d+$`));
      expect(Math.abs(startTime - (ours[i]?.startTime ?? 0))).toBeLessThanOrEqual(20);
    }
    expect(told.byNameLater).toEqual(found);
    expect(told.one).toEqual([rows()[0], rows()[0]]);
    expect(told.byPattern).toEqual(full());
    expect(told.byAny).toEqual(rows());
    expect(told.byUser).toEqual(rows());
    expect(told.streamed).toEqual(full());
    expect(told.batches).toEqual(full());
    expect(told.listed).toEqual(rows());
  });

  test('tells all fields, but not whose names they are', () => {
    const moving = { id: expect.stringContaining('@'), startTime: expect.any(Number), user: null };
    const expected = procseek
      .findByNameSync(name, { fields: procseek.fieldNames })
      .map((one) => ({ ...one, ...moving }));
    const found = told.everything;
    expect(found).toMatchObject(expected);
    expect(found.map((one) => Object.keys(one).length)).toEqual(
      found.map(() => procseek.fieldNames.length),
    );
    expect(told.byPid).toMatchObject({
      pid: pids()[0],
      name,
      user: null,
      uid: 0,
      ppid: process.pid,
    });
    expect(told.byPidLater).toEqual(full()[0]);
  });

  test('knows what exists, and no threads', () => {
    expect(told.exists).toEqual([true, true, false, false, false]);
    expect(told.ofThread).toEqual(['undefined', 'undefined']);
    expect(told.ofNone).toBe('undefined');
  });

  test('tells children', () => {
    expect(told.children).toEqual([{ name: 'sleep', ppid: pids()[0] }]);
    expect(told.childrenOfRecord).toBe(1);
    expect(told.childrenOfParent).toEqual(expect.arrayContaining(pids()));
    expect(told.recursive).toBeGreaterThanOrEqual(2 * pids().length);
    expect(told.childrenOfNone).toEqual([]);
    expect(told.childrenOfOther).toEqual([]);
  });

  test('tells what is still the same', () => {
    expect(told.isRunning).toEqual([true, false, false]);
  });

  const foreign = (pid: unknown) => ({
    error: { name: 'ProcessError', code: 'ERR_FOREIGN_PROCESS', pid },
    message: `Process ${pid} was found in another PID namespace, by another finder`,
  });

  test.each([
    'isRunning',
    'kill',
    'killForGood',
    'waitForExit',
    'killTree',
    'children',
    'isRunning of a finder of this namespace',
    'children of a finder of this namespace',
  ])('has processes that are refused by %s', (question) => {
    expect(told.refusals[question as keyof typeof told.refusals]).toEqual(foreign(pids()[0]));
    for (const pid of pids()) expect(procseek.exists(pid)).toBe(true);
  });

  test('has a finder that refuses processes of this namespace', () => {
    expect(told.ownRefused).toEqual({
      isRunning: foreign(told.self),
      children: foreign(told.self),
      'isRunning of the host': foreign(pids()[0]),
    });
  });

  test('has processes that are not those of a third namespace', () => {
    const { id, idHere, idOwn, ...others } = told.others;
    expect(new Set([id, idHere, idOwn]).size).toBe(3);
    expect(id).toMatch(/^1-\d+@\d+$/);
    expect(idHere).toMatch(/^1-\d+@\d+$/);
    expect(String(id).split('@')[1]).not.toBe(String(idHere).split('@')[1]);
    expect(idOwn).toMatch(/^1-\d+$/);
    expect(others).toEqual({
      engine: 'procfs',
      pids: [{ pid: 1 }],
      isRunning: [true, false, false],
      refusals: [foreign(1), foreign(1)],
      children: [[], [{ pid: 1, ppid: 0 }]],
    });
  });

  test.each(['bpf', 'threads', 'events', 'below'])('is not to be had by others: %s', (engine) => {
    const refusal = told.unavailable[engine as keyof typeof told.unavailable];
    expect(refusal).toEqual({
      error: { name: 'ProcessError', code: 'ERR_ENGINE_UNAVAILABLE' },
      message: expect.stringMatching(
        /^The engine '\w+' is not to be had here: .*procRoot.*PID namespace/,
      ),
    });
  });

  test('leaves the own one as it is', () => {
    expect(told.ownOpened).toEqual([expect.anything(), []]);
    const [listed, scanned] = told.ownListing;
    expect(scanned).toBe(listed);
    expect(told.alive).toBe(true);
    expect(told.closed).toMatchObject({ error: { code: 'ERR_FINDER_CLOSED' } });
  });

  test(
    'does not keep the kernel from telling of the own one',
    onlyIf(offered.engines.bpf.available, 'needs the engine bpf'),
    () => {
      expect(told.ownOpened).toEqual(['bpf', []]);
    },
  );
});

describe('From the host, the /proc of a namespace below', rootOnly, () => {
  const startBelow = async () => {
    const name = uniqueName(14);
    const child = await start('/usr/bin/unshare', [
      ...['--pid', '--fork', '--kill-child', '--mount-proc', '/bin/bash', '-c'],
      `printf ${name} > /proc/self/comm; echo $$; read line`,
    ]);
    const [init] = await procseek.children(child.pid);
    return { name, pid: init?.pid ?? 0, procRoot: `/proc/${init?.pid}/root/proc` };
  };

  test('tells its PIDs, and not those that its processes have here', async () => {
    const { name, pid, procRoot } = await startBelow();
    const finder = await open({ procRoot });
    expect(finder).toMatchObject({ engine: 'procfs', procRoot });
    expect(finder.findByNameSync(name, { fields: ['ppid', 'uid', 'user'] })).toEqual([
      { pid: 1, ppid: 0, uid: 0, user: null },
    ]);
    expect([...finder.scanSync({}, { fields: ['name'] })]).toEqual([{ pid: 1, name }]);
    expect([1, pid, process.pid].map((one) => finder.exists(one))).toEqual([true, false, false]);
    const record = finder.findByPidSync(1, { fields: ['id'] }) ?? { pid: 1, id: '' };
    expect(finder.isRunning(record)).toBe(true);
    expect(() => procseek.kill(record)).toThrow(
      expect.objectContaining({ code: 'ERR_FOREIGN_PROCESS' }),
    );
    expect(procseek.findByNameSync(name, { fields: [] })).toEqual([{ pid }]);
  });

  test('is there for as long as the finder, and says when it has ended', async () => {
    const { name, pid, procRoot } = await startBelow();
    const finder = await open({ procRoot });
    expect(finder.findByNameSync(name)).toHaveLength(1);
    const end = procseek.waitForExit(pid);
    procseek.kill(pid, 'SIGKILL');
    await end;
    await expect.poll(() => procseek.exists(pid)).toBe(false);
    expect(finder.exists(1)).toBe(false);
    expect(finder.findByPidSync(1)).toBeUndefined();
    await expect(finder.findByName(name)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(waysHere.filter(([, { engine }]) => engine !== 'procfs'))(
    'refuses %s',
    async (_, way) => {
      const { procRoot } = await startBelow();
      await expect(procseek.openFinder({ ...way.options, procRoot })).rejects.toMatchObject({
        name: 'ProcessError',
        code: 'ERR_ENGINE_UNAVAILABLE',
        message: expect.stringContaining('another PID namespace'),
      });
    },
  );
});

describe('Another mount of the own /proc', rootOnly, () => {
  const bound = join(scratch, 'bound');
  const fresh = join(scratch, 'fresh');

  test.each([
    ['that is the same', `mount --bind /proc ${bound}`, bound],
    ['that is a new one', `mount -t proc proc ${fresh}`, fresh],
    [
      'that is the only one here',
      `mount -t proc proc ${fresh} && mount --bind ${fresh} /proc`,
      '/proc',
    ],
  ])('%s is no other one', async (_, mount, procRoot) => {
    mkdirSync(bound, { recursive: true });
    mkdirSync(fresh, { recursive: true });
    const { pid } = await start(makeScript(scratch, uniqueName(20), '/bin/bash'));
    const launcher = [
      '/usr/bin/unshare',
      '--mount',
      '/bin/sh',
      '-c',
      `${mount} && exec "$@"`,
      'sh',
    ];
    const ways = waysHere.map(([, { options }]) => options);
    const told = await inProcess(
      { launcher },
      { procRoot, pid, ways },
      async ({ procseek }, { procRoot, pid, ways }) => {
        const fields = ['id', 'name', 'uid', 'user', 'ppid'] as const;
        const expected = procseek.findByPidSync(pid, { fields });
        const record = { pid, id: expected?.id ?? '' };
        const answers = [];
        for (const options of [...ways, {}]) {
          const finder = await procseek.openFinder({ ...options, procRoot });
          const found = finder.findByNameSync(expected?.name ?? '', { fields });
          answers.push({
            engine: finder.engine,
            asked: 'engine' in options ? options.engine : finder.engine,
            found,
            byPid: await finder.findByPid(pid, { fields }),
            isRunning: [finder.isRunning(record), procseek.isRunning(found[0] ?? record)],
            kill: procseek.kill(found[0] ?? record, 0),
            children: [
              (await finder.children(record)).length,
              (await procseek.children(found[0] ?? record)).length,
            ],
            exists: [finder.exists(pid), finder.exists(process.pid), finder.exists(2 ** 31 - 1)],
            ids: finder.findByPidSync(1, { fields: ['id'] })?.id === procseek.findByPidSync(1)?.id,
          });
          finder.close();
        }
        return { expected, answers };
      },
    );
    expect(told.expected?.id).toBe(procseek.findByPidSync(pid)?.id);
    expect(told.answers).toHaveLength(waysHere.length + 1);
    for (const answer of told.answers) {
      expect(answer).toEqual({
        engine: answer.asked,
        asked: answer.asked,
        found: [told.expected],
        byPid: told.expected,
        isRunning: [true, true],
        kill: true,
        children: [0, 0],
        exists: [true, true, false],
        ids: true,
      });
    }
  });
});
