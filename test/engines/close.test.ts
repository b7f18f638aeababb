/** A finder that was closed: what it refuses, and what becomes of what it was asked before. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import {
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { binding } from '../../src/binding.js';
import { type Finder, openFinder, ProcessError } from '../../src/index.js';
import { open, waysHere } from '../support/engines.js';
import { settle } from '../support/proc.js';
import { type Child, launch } from '../support/processes.js';
import { makeScript, scratchDirectory, uniqueName } from '../support/programs.js';
import { until } from '../support/until.js';

const scratch = scratchDirectory();
const name = uniqueName(20);
let children: Child[];

beforeAll(async () => {
  const path = makeScript(scratch, name, '/bin/bash');
  children = [await launch(path), await launch(path)];
  return () => Promise.all(children.map((child) => child.stop()));
});

const pids = () => children.map(({ pid }) => pid).sort((a, b) => a - b);
const rows = () => pids().map((pid) => ({ pid }));
const closed = { name: 'ProcessError', code: 'ERR_FINDER_CLOSED', message: 'The finder is closed' };

/** What there is to ask, and whether it answers by a promise. */
const asks: [string, 'throws' | 'rejects', (finder: Finder) => unknown][] = [
  ['exists', 'throws', (finder) => finder.exists(process.pid)],
  ['isRunning', 'throws', (finder) => finder.isRunning({ pid: process.pid, id: 'x' })],
  ['findByPidSync', 'throws', (finder) => finder.findByPidSync(process.pid)],
  ['findByPidSync of none', 'throws', (finder) => finder.findByPidSync(2 ** 31 - 1)],
  ['findByNameSync', 'throws', (finder) => finder.findByNameSync(name)],
  ['findByNameSync of a RegExp', 'throws', (finder) => finder.findByNameSync(/x/)],
  ['findOneByNameSync', 'throws', (finder) => finder.findOneByNameSync(name)],
  ['scan', 'throws', (finder) => finder.scan()],
  ['scan of PIDs', 'throws', (finder) => finder.scan({ pids: [1] })],
  ['iterating over scanSync', 'throws', (finder) => [...finder.scanSync()]],
  ['memory', 'throws', (finder) => finder.memory],
  ['findByPid', 'rejects', (finder) => finder.findByPid(process.pid)],
  [
    'findByPid with a signal',
    'rejects',
    (finder) => finder.findByPid(1, { signal: new AbortController().signal }),
  ],
  ['findByName', 'rejects', (finder) => finder.findByName(name)],
  ['findByName of a RegExp', 'rejects', (finder) => finder.findByName(/x/)],
  ['findOneByName', 'rejects', (finder) => finder.findOneByName(name)],
  ['children', 'rejects', (finder) => finder.children(process.pid)],
  ['children of PID 0', 'rejects', (finder) => finder.children(0, { recursive: true })],
];

describe.each(waysHere)('A finder by %s', (_, { options, engine, iteration }) => {
  describe('refuses when it was closed:', () => {
    test.each(asks)('%s', async (_, way, ask) => {
      const finder = await open(options);
      finder.close();
      if (way === 'throws') {
        expect(() => ask(finder)).toThrow(expect.objectContaining(closed));
        expect(() => ask(finder)).toThrow(ProcessError);
        return;
      }
      const promise = ask(finder);
      expect(promise).toBeInstanceOf(Promise);
      await expect(promise).rejects.toThrow(expect.objectContaining(closed));
    });
  });

  test('says what it was when it is closed', async () => {
    const finder = await open({ ...options, procRoot: '/proc' });
    finder.close();
    expect(finder).toMatchObject({ engine, iteration, procRoot: '/proc' });
  });

  test('is closed as often as one likes, in any way', async () => {
    const finder = await open(options);
    expect(finder.close()).toBeUndefined();
    finder.close();
    expect(await finder[Symbol.asyncDispose]()).toBeUndefined();
    finder.close();
    const other = await open(options);
    await other[Symbol.asyncDispose]();
    expect(() => other.exists(1)).toThrow(expect.objectContaining(closed));
    await other[Symbol.asyncDispose]();
  });

  test('is closed without a trace in others', async () => {
    const [finder, other] = [await open(options), await open(options)];
    finder.close();
    expect(other.findByNameSync(name, { fields: [] })).toEqual(rows());
    expect(await other.findByName(name, { fields: [] })).toEqual(rows());
  });

  describe('closes its streams:', () => {
    test('one that waits, and one that is asked later', async () => {
      const finder = await open(options);
      const stream = finder.scan();
      const waiting = [stream.next(), stream.next(), stream.next()];
      finder.close();
      for (const one of await Promise.allSettled(waiting)) {
        expect(one).toMatchObject({ status: 'rejected', reason: closed });
      }
      await expect(stream.next()).rejects.toMatchObject(closed);
      await expect(stream.batches().next()).rejects.toMatchObject(closed);
      expect(() => stream[Symbol.asyncIterator]()).toThrow(expect.objectContaining(closed));
      expect(await stream.return()).toEqual({ done: true, value: undefined });
      stream.close();
    });

    test('one that has told some and holds more', async () => {
      const finder = await open(options);
      const stream = finder.scan();
      expect((await stream.next()).value?.pid).toBe(1);
      finder.close();
      await expect(stream.next()).rejects.toMatchObject(closed);
    });

    test('one that nobody has asked yet', async () => {
      const finder = await open(options);
      const [stream, batches] = [finder.scan(), finder.scan({ pids: [1] }).batches()];
      finder.close();
      await expect(stream.next()).rejects.toMatchObject(closed);
      await expect(batches.next()).rejects.toMatchObject(closed);
    });

    test('in the middle of a loop', async () => {
      const finder = await open(options);
      const seen: number[] = [];
      const loop = (async () => {
        for await (const { pid } of finder.scan({}, { fields: ['name'] })) {
          seen.push(pid);
          if (seen.length === 2) finder.close();
        }
      })();
      await expect(loop).rejects.toMatchObject(closed);
      expect(seen).toHaveLength(2);
    });

    test('with a signal of its own, which no longer counts', async () => {
      const finder = await open(options);
      const controller = new AbortController();
      const stream = finder.scan({}, { signal: controller.signal });
      finder.close();
      controller.abort(new Error('of the caller'));
      await expect(stream.next()).rejects.toMatchObject(closed);
    });

    test('but not those that ended before, or had been closed', async () => {
      const finder = await open(options);
      const ended = finder.scan({ pids: [1] });
      for await (const _ of ended);
      const left = finder.scan();
      left.close();
      finder.close();
      expect(await ended.next()).toEqual({ done: true, value: undefined });
      await expect(left.next()).rejects.toMatchObject({ code: 'ERR_SCAN_CLOSED' });
    });

    test('and not those of another finder', async () => {
      const [finder, other] = [await open(options), await open(options)];
      const stream = other.scan({ name }, { fields: [] });
      finder.close();
      expect((await stream.next()).value).toEqual(rows()[0]);
      stream.close();
    });
  });

  describe('ends its synchronous iterations:', () => {
    const tooLate = expect.objectContaining(closed);

    test.each([
      ['some rows before it would need new ones', {}, 2],
      ['a row before its end', { name }, 1],
      ['at its last row', { name }, 2],
      ['of a RegExp', { name: new RegExp(name) }, 1],
    ])('a loop in which it is closed, %s', async (_, filter, least) => {
      const finder = await open(options);
      const seen: number[] = [];
      const loop = () => {
        for (const { pid } of finder.scanSync(filter, { fields: [] })) {
          if (seen.push(pid) === least) finder.close();
        }
      };
      expect(loop).toThrow(tooLate);
      expect(seen).toHaveLength(least);
    });

    test('one that was begun before, whenever it is asked for more', async () => {
      const finder = await open(options);
      const begun = finder.scanSync({ name }, { fields: [] })[Symbol.iterator]();
      expect(begun.next()).toEqual({ done: false, value: rows()[0] });
      finder.close();
      expect(() => begun.next()).toThrow(tooLate);
      expect(() => begun.next()).toThrow(tooLate);
      expect(() => [...(begun as unknown as Iterable<unknown>)]).toThrow(tooLate);
      expect(begun.return?.()).toEqual({ done: true, value: undefined });
      expect(begun.next()).toEqual({ done: true, value: undefined });
    });

    test('one that is told to return, before or after', async () => {
      const finder = await open(options);
      const [before, after] = [finder.scanSync(), finder.scanSync()].map((all) =>
        all[Symbol.iterator](),
      );
      before?.next();
      after?.next();
      expect(before?.return?.()).toEqual({ done: true, value: undefined });
      finder.close();
      for (const iterator of [before, after]) {
        expect(iterator?.return?.()).toEqual({ done: true, value: undefined });
        expect(iterator?.next()).toEqual({ done: true, value: undefined });
      }
    });

    test('but not what had come to its end, nor what was left', async () => {
      const finder = await open(options);
      const ended = finder.scanSync({ name }, { fields: [] })[Symbol.iterator]();
      expect([ended.next().value, ended.next().value]).toEqual(rows());
      expect(ended.next()).toEqual({ done: true, value: undefined });
      finder.close();
      expect(ended.next()).toEqual({ done: true, value: undefined });
      expect(ended.return?.()).toEqual({ done: true, value: undefined });
    });

    test('and not those of another finder', async () => {
      const [finder, other] = [await open(options), await open(options)];
      const iterator = other.scanSync({ name }, { fields: [] })[Symbol.iterator]();
      finder.close();
      expect(iterator.next()).toEqual({ done: false, value: rows()[0] });
      iterator.return?.();
    });

    test('one whose batch it held lets go of the pass at once', async () => {
      const finder = await open(options);
      const close = vi.spyOn(binding, 'close');
      onTestFinished(() => void vi.restoreAllMocks());
      const iterator = finder.scanSync({}, { fields: [] })[Symbol.iterator]();
      iterator.next();
      finder.close();
      expect(close).not.toHaveBeenCalled();
      expect(() => iterator.next()).toThrow(tooLate);
      expect(close).toHaveBeenCalledTimes(1);
    });
  });

  describe('answers what it was asked before:', () => {
    let gate: Promise<void>;
    let openGate: () => void;
    let steps: number;

    beforeEach(() => {
      gate = new Promise((resolve) => {
        openGate = resolve;
      });
      steps = 0;
      const next = binding.next;
      vi.spyOn(binding, 'next').mockImplementation(async (pass) => {
        const found = await next(pass);
        steps++;
        await gate;
        return found;
      });
    });
    afterEach(() => {
      openGate();
      vi.restoreAllMocks();
    });

    test.each<[string, (finder: Finder) => Promise<unknown>]>([
      ['findByName', (finder) => finder.findByName(name, { fields: [] })],
      [
        'findByName with fields',
        (finder) =>
          finder.findByName([name, 'absent'], { uid: process.getuid?.() ?? 0, fields: [] }),
      ],
    ])('%s whose pass is under way', async (_, ask) => {
      const finder = await open(options);
      const answer = ask(finder);
      await until('a step has been made', () => steps > 0);
      finder.close();
      openGate();
      expect(await answer).toEqual(rows());
      await expect(ask(finder)).rejects.toMatchObject(closed);
    });

    test('findByPid', async () => {
      const finder = await open(options);
      const answers = pids().map((pid) => finder.findByPid(pid, { fields: ['name'] }));
      finder.close();
      expect(await Promise.all(answers)).toEqual(pids().map((pid) => ({ pid, name })));
    });

    test.each<[string, (finder: Finder) => Promise<unknown>]>([
      ['findByName', (finder) => finder.findByName(name, { fields: [] })],
      ['findByName of a RegExp', (finder) => finder.findByName(new RegExp(name), { fields: [] })],
      ['children', (finder) => finder.children(process.pid, { fields: [] })],
      [
        'children of children',
        (finder) => finder.children(process.pid, { fields: [], recursive: true }),
      ],
    ])('%s, begun in the same breath', async (_, ask) => {
      openGate();
      const finder = await open(options);
      const answer = ask(finder);
      finder.close();
      expect(await answer).toEqual(expect.arrayContaining(rows()));
      await expect(ask(finder)).rejects.toMatchObject(closed);
    });

    test('findByName of a RegExp whose pass is under way', async () => {
      const finder = await open(options);
      const answer = finder.findByName(new RegExp(name), { fields: [] });
      await until('a step has been made', () => steps > 0);
      finder.close();
      openGate();
      expect(await answer).toEqual(rows());
    });

    test('those that wait for a pass to end', async () => {
      const finder = await open(options);
      const first = finder.findByName(name, { fields: [] });
      await until('a step has been made', () => steps > 0);
      const second = finder.findByName(name, { fields: [] });
      finder.close();
      openGate();
      expect(await first).toEqual(rows());
      expect(await second).toEqual(rows());
    });

    test('an iterator of scanSync that has not begun is refused', async () => {
      const finder = await open(options);
      const iterator = finder.scanSync()[Symbol.iterator]();
      finder.close();
      expect(() => iterator.next()).toThrow(expect.objectContaining(closed));
      expect(iterator.return?.()).toEqual({ done: true, value: undefined });
    });
  });

  test('has descriptors that close on exec', async () => {
    const links = () =>
      new Map(
        readdirSync('/proc/self/fd').flatMap((fd) => {
          try {
            return [[fd, readlinkSync(`/proc/self/fd/${fd}`)] as const];
          } catch {
            return [];
          }
        }),
      );
    const before = links();
    const finders = [await open(options), await open({ ...options, procRoot: '/proc' })];
    for (const finder of finders) finder.findByNameSync(name);
    const own = [...links()].filter(
      ([fd, target]) => before.get(fd) !== target && /bpf|socket|^\/proc$/.test(target),
    );
    expect(own.length).toBeGreaterThanOrEqual(engine === 'procfs' ? 1 : 3);
    for (const [fd] of own) {
      const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
      expect(Number.parseInt(flags ?? '0', 8) & 0o2000000).not.toBe(0);
    }
    const child = spawn('/bin/sleep', ['1000'], { stdio: 'ignore' });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    await once(child, 'spawn');
    const { pid = 0 } = child;
    await until('it is executed', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
    await settle(pid);
    const inherited = readdirSync(`/proc/${pid}/fd`).map((fd) =>
      readlinkSync(`/proc/${pid}/fd/${fd}`),
    );
    expect(inherited.filter((target) => /bpf|\/proc/.test(target))).toEqual([]);
    for (const [, target] of own) expect(inherited).not.toContain(target);
  });
});

test('`await using` closes it', async () => {
  let kept: Finder | undefined;
  {
    await using finder = await openFinder();
    expect(finder.findByNameSync(name, { fields: [] })).toEqual(rows());
    kept = finder;
  }
  expect(() => kept?.exists(1)).toThrow(expect.objectContaining(closed));
});
