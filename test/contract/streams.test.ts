/** How streams end: at the end, early, or aborted; and what they hold until then. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { ProcessError, type ProcessStream, scan } from '../../src/index.js';
import { openedPaths, traced } from '../support/library.js';
import { allPids, handles } from '../support/proc.js';
import type { Child } from '../support/processes.js';
import { launchProgram, makeProgram, scratchDirectory, uniqueName } from '../support/programs.js';
import { needs } from '../support/system.js';
import { until } from '../support/until.js';

type Stream = ProcessStream<{ pid: number }>;
const path = makeProgram(scratchDirectory(), uniqueName(12));
const children: Child[] = [];
let pids: number[] = [];

beforeAll(async () => {
  for (let i = 0; i < 20; i++) children.push(await launchProgram(path));
  pids = children.map(({ pid }) => pid).sort((a, b) => a - b);
  return async () => {
    for (const child of children) await child.stop();
  };
});

/** A stream that takes several steps, and one that takes a single one. */
const streams: [string, (signal?: AbortSignal) => Stream][] = [
  ['of all processes', (signal) => scan({}, { fields: [], signal })],
  ['of a few processes', (signal) => scan({ pids: pids.slice(0, 5) }, { fields: [], signal })],
];

const closed = { name: 'ProcessError', code: 'ERR_SCAN_CLOSED' };

async function expectClosed(stream: Stream): Promise<void> {
  await expect(stream.next()).rejects.toMatchObject(closed);
  await expect(stream.next()).rejects.toBeInstanceOf(ProcessError);
  await expect(stream.batches().next()).rejects.toMatchObject(closed);
  expect(() => stream[Symbol.asyncIterator]()).toThrow(expect.objectContaining(closed));
}

/** Waits until as few descriptors are open as before. */
async function expectReleased(before: number): Promise<void> {
  await until('all handles are closed', () => handles() <= before);
}

describe.each(streams)('A stream %s', (_, open) => {
  test('can be read to its end once', async () => {
    const before = handles();
    const stream = open();
    let count = 0;
    for await (const { pid } of stream) count += pid > 0 ? 1 : 0;
    expect(count).toBeGreaterThanOrEqual(5);
    await expectReleased(before);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    await expect(async () => {
      for await (const _ of stream) expect.fail('it told something again');
    }).rejects.toMatchObject(closed);
  });

  test('is closed by leaving the loop', async () => {
    const before = handles();
    const stream = open();
    for await (const _ of stream) break;
    await expectReleased(before);
    await expectClosed(stream);
  });

  test('is closed by an error in the loop', async () => {
    const before = handles();
    const stream = open();
    await expect(async () => {
      for await (const _ of stream) throw new Error('of the caller');
    }).rejects.toThrow('of the caller');
    await expectReleased(before);
    await expectClosed(stream);
  });

  test('is closed by return()', async () => {
    const stream = open();
    await stream.next();
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    await expectClosed(stream);
  });

  test('is closed by close(), also for those who wait, and before it has begun', async () => {
    const before = handles();
    const stream = open();
    const waiting = [stream.next(), stream.next(), stream.batches().next()];
    stream.close();
    for (const one of await Promise.allSettled(waiting)) {
      expect(one).toMatchObject({ status: 'rejected', reason: closed });
    }
    stream.close();
    await expectClosed(stream);
    await expectReleased(before);
    const unused = open();
    unused.close();
    await expectClosed(unused);
  });

  test('is closed by close() in the middle', async () => {
    const stream = open();
    expect((await stream.next()).value?.pid).toBeGreaterThan(0);
    stream.close();
    await expectClosed(stream);
  });

  test('is closed at the end of its scope', async () => {
    const stream = open();
    await stream.next();
    expect(await stream[Symbol.asyncDispose]()).toBeUndefined();
    await expectClosed(stream);
  });

  test('can be continued by a loop, and by batches', async () => {
    const all: number[] = [];
    for await (const { pid } of open()) all.push(pid);
    const stream = open();
    const found: (number | undefined)[] = [(await stream.next()).value?.pid];
    found.push((await stream.next()).value?.pid);
    const batch: { pid: number }[] = (await stream.batches().next()).value ?? [];
    expect(batch).not.toEqual([]);
    found.push(...batch.map(({ pid }) => pid));
    for await (const { pid } of stream) found.push(pid);
    expect(found.filter((pid) => pids.includes(pid ?? 0))).toEqual(
      all.filter((pid) => pids.includes(pid)),
    );
  });

  test('can be continued by a loop after a single next()', async () => {
    const stream = open();
    const first = (await stream.next()).value?.pid ?? Number.NaN;
    const rest: number[] = [];
    for await (const { pid } of stream) rest.push(pid);
    expect(rest.length).toBeGreaterThanOrEqual(4);
    expect(Math.min(...rest)).toBeGreaterThan(first);
  });

  test('tells the same in batches, of which none is empty', async () => {
    const single: number[] = [];
    for await (const { pid } of open()) single.push(pid);
    const batches: number[][] = [];
    for await (const batch of open().batches()) batches.push(batch.map(({ pid }) => pid));
    expect(batches.every((batch) => batch.length > 0)).toBe(true);
    const stable = (pid: number) => pids.includes(pid);
    expect(batches.flat().filter(stable)).toEqual(single.filter(stable));
  });

  test('is closed by leaving a loop over its batches', async () => {
    const before = handles();
    const stream = open();
    for await (const _ of stream.batches()) break;
    await expectReleased(before);
    await expectClosed(stream);
  });

  const reason = new Error('of the caller');

  test('fails with the reason of a signal that was aborted before', async () => {
    const stream = open(AbortSignal.abort(reason));
    await expect(stream.next()).rejects.toBe(reason);
    await expect(stream.next()).rejects.toBe(reason);
    await expect(stream.batches().next()).rejects.toBe(reason);
  });

  test('fails with the reason of a signal, also for those who wait', async () => {
    const before = handles();
    const controller = new AbortController();
    const stream = open(controller.signal);
    const waiting = [stream.next(), stream.next()];
    controller.abort(reason);
    for (const one of await Promise.allSettled(waiting)) {
      expect(one).toEqual({ status: 'rejected', reason });
    }
    await expect(stream.next()).rejects.toBe(reason);
    await expectReleased(before);
  });

  test('fails with the reason of a signal in the middle of a loop', async () => {
    const before = handles();
    const controller = new AbortController();
    let count = 0;
    await expect(async () => {
      for await (const _ of open(controller.signal)) {
        count++;
        controller.abort(reason);
      }
    }).rejects.toBe(reason);
    expect(count).toBe(1);
    await expectReleased(before);
  });

  test.each(['its end', 'being left'])('leaves no listener on a signal after %s', async (when) => {
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    for await (const _ of open(signal)) if (when === 'being left') break;
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed.mock.calls[0]?.slice(0, 2)).toEqual(added.mock.calls[0]?.slice(0, 2));
  });

  test('takes no notice of a signal behind its end', async () => {
    const controller = new AbortController();
    const stream = open(controller.signal);
    for await (const _ of stream);
    controller.abort(reason);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});

test('Many streams can be open at a time', async () => {
  const open = Array.from({ length: 50 }, () => scan({}, { fields: [] }));
  const firsts = await Promise.all(open.map((stream) => stream.next()));
  const first = Math.min(...allPids());
  expect(firsts.map(({ value }) => value?.pid)).toEqual(open.map(() => first));
  for (const stream of open) stream.close();
});

test('A stream over given PIDs never lists processes', async (context) => {
  needs(context, 'system calls');
  const calls = await traced('getdents64', pids, async (tools, pids) => {
    const fields = ['name', 'uid', 'exe'] as const;
    tools.begin();
    for await (const _ of tools.procseek.scan({ pids }, { fields }));
    for (const _ of tools.procseek.scanSync({ pids, name: /x/ }, { fields }));
    tools.end();
  });
  expect(calls.filter((call) => call.includes('getdents64'))).toEqual([]);
  expect(openedPaths(calls)).not.toContain('/proc');
  expect(openedPaths(calls).length).toBeGreaterThan(pids.length);
});

test('A name in a stream is looked for without reading more than its comm', async (context) => {
  needs(context, 'system calls');
  const calls = await traced('getdents64', uniqueName(12), async (tools, absent) => {
    tools.begin();
    for await (const _ of tools.procseek.scan({ name: absent }));
    tools.end();
  });
  // Threads of the runtime may look at other places, and at itself.
  const elsewhere = /^\/(?!proc)|^\/proc\/self\//;
  const [first, ...opened] = openedPaths(calls).filter((path) => !elsewhere.test(path));
  expect(first).toBe('/proc');
  for (const pid of pids) {
    const ofOne = opened.filter((path) => new RegExp(`^(/proc/)?${pid}/`).test(path));
    expect(ofOne).toEqual([`${pid}/comm`]);
  }
});
