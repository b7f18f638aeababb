/** Streams over all processes, or over those that pass a filter. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Field,
  type ProcessFilter,
  type ProcessStream,
  scan,
  scanSync,
} from '../../src/index.js';
import { allPids, handles, numberedEntries, vanish } from '../support/proc.js';
import type { Child } from '../support/processes.js';
import {
  launchProgram,
  makeProgram,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../support/programs.js';
import { isRoot, ownUid } from '../support/requirements.js';
import { needs, system } from '../support/system.js';

const scratch = scratchDirectory();
const name = uniqueName(20);
const path = makeProgram(scratch, name);
const children: Child[] = [];
let pids: number[] = [];

beforeAll(async () => {
  for (const uid of [0, 65534, 0, 65534, 0, 0, 0, 0, 0, 0]) {
    children.push(await launchProgram(path, [], isRoot ? { uid } : {}));
  }
  pids = children.map(({ pid }) => pid).sort((a, b) => a - b);
  return async () => {
    for (const child of children) await child.stop();
  };
});

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of stream) found.push(one);
  return found;
}

/** Both ways of scanning. */
async function scanned(filter: ProcessFilter, fields: readonly Field[] = []) {
  const found = await collect(scan(filter, { fields }));
  expect([...scanSync(filter, { fields })]).toEqual(found);
  return found;
}

async function pidsOf(filter: ProcessFilter): Promise<number[]> {
  return (await scanned(filter)).map(({ pid }) => pid);
}

describe('A scan without a filter', () => {
  test('tells every process that lives throughout, once, in ascending order', async () => {
    const before = new Set(allPids());
    const streamed = (await collect(scan())).map(({ pid }) => pid);
    const atOnce = [...scanSync()].map(({ pid }) => pid);
    const stable = allPids().filter((pid) => before.has(pid));
    expect(stable).toEqual(expect.arrayContaining(pids));
    for (const found of [streamed, atOnce]) {
      expect(found).toEqual(expect.arrayContaining(stable));
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
    }
  });

  test('tells no threads', (context) => {
    needs(context, 'thread ids');
    const found = new Set([...scanSync()].map(({ pid }) => pid));
    const threads = numberedEntries('/proc/self/task').filter((thread) => thread !== process.pid);
    expect(threads).not.toEqual([]);
    for (const thread of threads) expect(found).not.toContain(thread);
  });

  test('tells the fields that were asked for', async () => {
    const [first] = await collect(scan());
    expect(Object.keys(first ?? {})).toEqual(['pid', 'name', 'ppid', 'state', 'startTime', 'id']);
    const own = [...scanSync({}, { fields: ['name', 'uid'] })].find(({ pid }) => pid === pids[0]);
    expect(own).toEqual({ pid: pids[0], name, uid: ownUid });
  });
});

describe('A filter', () => {
  test('takes names of every kind, by every `by`', async () => {
    expect(await pidsOf({ name })).toEqual(pids);
    expect(await pidsOf({ name: new RegExp(`^${name}$`) })).toEqual(pids);
    expect(await pidsOf({ name: Buffer.from(name) })).toEqual(pids);
    expect(await pidsOf({ name: [name, /^nothing at all$/] })).toEqual(pids);
    expect(await pidsOf({ name: system.commOf(name), by: 'comm' })).toEqual(pids);
    expect(await pidsOf({ name: name.slice(1, 18), by: 'cmdline' })).toEqual(pids);
    expect(await pidsOf({ name: name.toUpperCase(), ignoreCase: true })).toEqual(pids);
    expect(await pidsOf({ name: uniqueName(20) })).toEqual([]);
  });

  test('takes a user and a parent, with a name or without', async (context) => {
    needs(context, 'users');
    context.skip(!isRoot, 'needs root');
    const ofNobody = children.filter((_, i) => i === 1 || i === 3).map(({ pid }) => pid);
    const user = { uid: 65534, ppid: process.pid };
    expect(await pidsOf(user)).toEqual(ofNobody);
    expect(await pidsOf({ ...user, name })).toEqual(ofNobody);
    expect(await pidsOf({ ...user, name: new RegExp(name) })).toEqual(ofNobody);
    expect(await pidsOf({ ...user, name: 'another' })).toEqual([]);
    expect(await pidsOf({ ppid: process.pid, name })).toEqual(pids);
    expect(await pidsOf({ ...user, pids: pids.slice(2) })).toEqual(ofNobody.slice(1));
  });

  test('takes PIDs, in any order, more than once, dead or alive', async () => {
    const dead = await startProgram(path);
    await dead.stop();
    await vanish(dead.pid);
    const list = [...pids, 0, dead.pid, 2 ** 31 - 1, process.pid, ...pids].reverse();
    expect(await pidsOf({ pids: list })).toEqual([...pids, process.pid].sort((a, b) => a - b));
    expect(await pidsOf({ pids: list, name })).toEqual(pids);
    expect(await pidsOf({ pids: list, name: new RegExp(name) })).toEqual(pids);
    expect(await scanned({ pids: [dead.pid] }, ['name'])).toEqual([]);
    expect(await pidsOf({ pids: [] })).toEqual([]);
  });

  test('takes no thread id for a PID', async (context) => {
    needs(context, 'thread ids');
    expect(await pidsOf({ pids: numberedEntries('/proc/self/task') })).toEqual([process.pid]);
  });

  test('is not the place for a limit', () => {
    const filter: ProcessFilter = { name, ...{ limit: 1 } };
    expect(() => scanSync(filter)).toThrow('filter has no condition "limit"');
  });
});

describe('A synchronous scan', () => {
  test('starts anew each time it is iterated over', async () => {
    const processes = scanSync({ name }, { fields: [] });
    expect([...processes]).toHaveLength(10);
    await startProgram(path);
    expect([...processes]).toHaveLength(11);
  });

  test('holds nothing before it is iterated over, nor after it was left', () => {
    const first = Math.min(...allPids());
    const before = handles();
    const processes = scanSync();
    expect(handles()).toBe(before);
    for (const { pid } of processes) {
      expect(pid).toBe(first);
      expect(handles()).toBeLessThanOrEqual(before + 1); // a directory, where one is read
      break;
    }
    expect(handles()).toBe(before);
    const [one, two] = processes;
    expect(one?.pid).toBeLessThan(two?.pid ?? 0);
    expect(handles()).toBe(before);
    expect(() => {
      for (const _ of processes) throw new Error('of the caller');
    }).toThrow('of the caller');
    expect(handles()).toBe(before);
  });
});

describe('Overlapping calls of next()', () => {
  const streams: [string, () => ProcessStream<{ pid: number }>][] = [
    ['all processes', () => scan({}, { fields: [] })],
    ['few processes', () => scan({ pids }, { fields: [] })],
    ['a regular expression', () => scan({ name: new RegExp(name) }, { fields: [] })],
  ];

  test.each(streams)('get distinct ones of %s, in order', async (_, open) => {
    const stream = open();
    const results = await Promise.all(Array.from({ length: 10 }, () => stream.next()));
    const found = results.map(({ value }) => value?.pid ?? Number.NaN);
    expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
    expect(found).toHaveLength(10);
    const rest = (await collect(stream.batches())).flat().map(({ pid }) => pid);
    expect(Math.min(...rest, Number.POSITIVE_INFINITY)).toBeGreaterThan(found[9] ?? Number.NaN);
  });

  test.each(streams)('are answered in the order in which they came: %s', async (_, open) => {
    const stream = open();
    const order: number[] = [];
    const take = () => {
      const place = order.push(Number.NaN) - 1;
      return stream.next().then(({ value }) => {
        order[place] = value?.pid ?? Number.NaN;
      });
    };
    const first = take();
    const second = take();
    await Promise.all([first.then(take), second]);
    expect(order).toHaveLength(3);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  test('behind the end all tell the end', async () => {
    const stream = scan({ pids: pids.slice(0, 2) }, { fields: [] });
    const results = await Promise.all(Array.from({ length: 5 }, () => stream.next()));
    expect(results.map(({ done }) => done)).toEqual([false, false, true, true, true]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});
