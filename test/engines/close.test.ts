/** A finder that was closed, or abandoned: what it refuses, and that nothing is left of it. */
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
import { load, resultOf } from '../fault/support.js';
import { open, optionsHere, waysHere } from '../support/engines.js';
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
        (finder) => finder.findByName([name, 'absent'], { uid: 0, fields: [] }),
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

/** `kept()` is what the kernel keeps for this process; `settle` waits until it is as before. */
const counting = `
  const fs = require('node:fs');
  const { execFileSync } = require('node:child_process');
  const { setTimeout: sleep } = require('node:timers/promises');
  function links() {
    return fs.readdirSync('/proc/self/fd').map((fd) => {
      try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; }
    });
  }
  function kept() {
    const all = links();
    const count = (pattern) => all.filter((target) => pattern.test(target)).length;
    const maps = fs.readFileSync('/proc/self/maps', 'utf8').split('\\n');
    return {
      programs: count(/bpf-prog/), maps: count(/bpf-map/), links: count(/bpf[_-](link|iter)/),
      sockets: count(/^socket:/), directories: count(/^\\/proc/),
      mapped: maps.filter((line) => line.includes('bpf-map')).length,
    };
  }
  async function settle(before) {
    let now = kept();
    for (const deadline = Date.now() + 60000; Date.now() < deadline; now = kept()) {
      if (JSON.stringify(now) === JSON.stringify(before)) break;
      globalThis.gc?.();
      await sleep(5);
    }
    return now;
  }
  /** The numbers that the kernel has for the programs and maps of this process. */
  function numbers() {
    const found = { prog: [], map: [] };
    for (const fd of fs.readdirSync('/proc/self/fdinfo')) {
      let text = '';
      try { text = fs.readFileSync('/proc/self/fdinfo/' + fd, 'utf8'); } catch {}
      for (const kind of ['prog', 'map']) {
        const id = new RegExp('^' + kind + '_id:\\\\s*(\\\\d+)', 'm').exec(text)?.[1];
        const isLink = /^link_id:/m.test(text);
        if (id !== undefined && !isLink) found[kind].push(id);
      }
    }
    return found;
  }
  function known(kind, ids) {
    const list = JSON.parse(execFileSync('bpftool', ['--json', kind, 'list'], { encoding: 'utf8' }));
    return list.filter(({ id }) => ids.includes(String(id))).map(({ name }) => name);
  }
  async function forgotten(ids) {
    let left = [];
    for (const deadline = Date.now() + 60000; Date.now() < deadline; await sleep(20)) {
      left = [...known('prog', ids.prog), ...known('map', ids.map)];
      if (left.length === 0) break;
    }
    return left;
  }
  async function warmUp() {
    await procseek.findByName('absent');
    const finder = await procseek.openFinder({ engine: 'procfs' });
    await finder.findByName('absent');
    finder.close();
  }`;

interface Kept {
  programs: number;
  maps: number;
  links: number;
  sockets: number;
  directories: number;
  /** Of the memory that a finder shares with the kernel. */
  mapped: number;
}

const run = <T>(body: string) =>
  resultOf<T>(`${load} ${counting} (async () => { await warmUp(); ${body} })();`, {
    flags: ['--expose-gc'],
  });

const { PATH = '' } = process.env;
const hasBpftool = ['/usr/sbin', '/sbin', ...PATH.split(':')].some((directory) => {
  try {
    return readdirSync(directory).includes('bpftool');
  } catch {
    return false;
  }
});

describe.each(Object.entries(optionsHere))('Of a finder by %s nothing is left', (way, options) => {
  const each: Partial<Kept> = way.startsWith('bpf')
    ? { programs: 1, maps: 1, mapped: 1, links: way.endsWith('threads') ? 1 : 0 }
    : way === 'events'
      ? { sockets: 1 }
      : {};

  test.each([
    ['close()', 'finder.close();'],
    ['await using', 'await finder[Symbol.asyncDispose]();'],
  ])('by %s, at once', async (_, end) => {
    const { before, during, after } = await run<Record<'before' | 'during' | 'after', Kept>>(`
      const before = kept();
      const finders = [];
      for (let i = 0; i < 10; i++) {
        const finder = await procseek.openFinder(${options});
        finders.push(finder);
        finder.findByNameSync('absent');
        await finder.findByName('absent');
        for (const _ of finder.scanSync()) break;
        for await (const _ of finder.scan()) break;
      }
      const during = kept();
      for (const finder of finders) { ${end} }
      console.log(JSON.stringify({ before, during, after: kept() }));`);
    const more = Object.entries(each).map(([kind, count]) => [
      kind,
      before[kind as keyof Kept] + 10 * count,
    ]);
    expect(during).toMatchObject(Object.fromEntries(more));
    expect(after).toEqual(before);
  });

  test('with a directory of its own', async () => {
    const { before, during, after } = await run<Record<'before' | 'during' | 'after', Kept>>(`
      const before = kept();
      const finder = await procseek.openFinder({ ...${options}, procRoot: '/proc' });
      finder.findByNameSync('absent');
      const during = kept();
      finder.close();
      console.log(JSON.stringify({ before, during, after: kept() }));`);
    expect(during.directories).toBeGreaterThan(before.directories);
    expect(after).toEqual(before);
  });

  test('when it is closed in the middle of lookups and streams, once these are done', async () => {
    const { before, after } = await run<Record<'before' | 'after', Kept>>(`
      const before = kept();
      for (let i = 0; i < 20; i++) {
        const finder = await procseek.openFinder(${options});
        const asked = [
          finder.findByName('absent'), finder.findByName(/^sleep$/), finder.findByPid(process.pid),
          finder.children(process.pid), finder.scan().next(), finder.scan({}, { fields: ['exe'] }).next(),
        ];
        const iterator = finder.scanSync()[Symbol.iterator]();
        if (i % 2) iterator.next();
        if (i % 3) await new Promise(setImmediate);
        finder.close();
        await Promise.allSettled(asked);
        if (i % 4) iterator.return();
        else while (i % 2 && !iterator.next().done);
      }
      console.log(JSON.stringify({ before, after: await settle(before) }));`);
    expect(after).toEqual(before);
  });

  test('when it is abandoned', async () => {
    const { before, during, after } = await run<Record<'before' | 'during' | 'after', Kept>>(`
      const before = kept();
      async function make() {
        const finder = await procseek.openFinder({ ...${options}, procRoot: '/proc' });
        finder.findByNameSync('absent');
        await finder.findByName('absent');
        finder.scan();
        await finder.scan().next();
        finder.scanSync()[Symbol.iterator]().next();
        return finder;
      }
      let finders = [];
      for (let i = 0; i < 10; i++) finders.push(await make());
      const during = kept();
      finders = undefined;
      console.log(JSON.stringify({ before, during, after: await settle(before) }));`);
    expect(during.directories).toBeGreaterThanOrEqual(before.directories + 10);
    expect(after).toEqual(before);
  });

  test('when it is abandoned along with what it was asked', async () => {
    const { before, after } = await run<Record<'before' | 'after', Kept>>(`
      const before = kept();
      const asked = Array.from({ length: 20 }, () =>
        procseek.openFinder(${options}).then((finder) => {
          void finder.findByName('absent');
          void finder.scan().next();
          void finder.children(1).catch(() => {});
        }),
      );
      await Promise.all(asked);
      console.log(JSON.stringify({ before, after: await settle(before) }));`);
    expect(after).toEqual(before);
  });

  test('but an abandoned one serves what it was asked, and streams that are not abandoned', async () => {
    const found = await run<{ pids: boolean[]; streamed: boolean; scanned: boolean }>(`
      const isSelf = ({ pid }) => pid === process.pid;
      async function make() {
        const finder = await procseek.openFinder(${options});
        return { answer: [finder.findByName(/./), finder.findByPid(process.pid).then((one) => [one])],
          stream: finder.scan(), rows: finder.scanSync() };
      }
      const { answer, stream, rows } = await make();
      for (let i = 0; i < 5; i++) { gc(); await sleep(1); }
      const pids = (await Promise.all(answer)).map((found) => found.some(isSelf));
      let streamed = false;
      for await (const one of stream) { streamed ||= isSelf(one); gc({ execution: 'sync' }); }
      const scanned = [...rows].some(isSelf);
      console.log(JSON.stringify({ pids, streamed, scanned }));`);
    expect(found).toEqual({ pids: [true, true], streamed: true, scanned: true });
  });

  test('in the kernel, however it ends', async ({ skip }) => {
    if (!hasBpftool || !way.startsWith('bpf')) skip('nothing to be asked, or nobody to ask');
    const { names, closed, abandoned } = await run<Record<string, unknown>>(`
      process.env.PATH += ':/usr/sbin:/sbin';
      const before = kept();
      const finder = await procseek.openFinder(${options});
      finder.findByNameSync('absent');
      const ids = numbers();
      const names = [known('prog', ids.prog), known('map', ids.map)];
      finder.close();
      const closed = await forgotten(ids);
      await (async () => { (await procseek.openFinder(${options})).findByNameSync('absent'); })();
      const others = numbers();
      await settle(before);
      const abandoned = await forgotten(others);
      console.log(JSON.stringify({ names, closed, abandoned }));`);
    expect(names).toEqual([['walk'], ['shared']]);
    expect({ closed, abandoned }).toEqual({ closed: [], abandoned: [] });
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
