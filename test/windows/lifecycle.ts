/** Waiting, signalling and watching, as it is on Windows. */
import { once } from 'node:events';
import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  exists,
  findByPidSync,
  kill,
  killTree,
  type Process,
  waitForExit,
  waitStats,
  watch,
} from '../../src/index.js';
import { killedBy } from '../support/kernel.js';
import { bundledLibrary } from '../support/platform.js';
import { type Child, start, startExiting } from '../support/processes.js';
import { makeExiting, scratchDirectory, uniqueName } from '../support/programs.js';
import { until } from '../support/until.js';
import { observeReady } from '../support/watching.js';
import { startDenying } from './support/targets.js';

const scratch = scratchDirectory();

function record(pid: number): Process<'id'> {
  const found = findByPidSync(pid, { fields: ['id'] });
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return found;
}

describe('Waiting', () => {
  // The second one is what the system tells of processes that have none yet.
  const codes = [256, 259, 0x7fffffff, 0x80000000, 0xc0000005, 0xffffffff];
  test.each(codes)('tells the exit code %i', async (code) => {
    const child = await startExiting();
    const end = waitForExit(record(child.pid));
    child.say(String(code));
    expect(await end).toEqual({ code, signal: null });
    expect(exists(child.pid)).toBe(false);
  });

  test('tells of the end of more processes than one call can wait for', async () => {
    const children: Child[] = [];
    for (let i = 0; i < 7; i++)
      children.push(...(await Promise.all(Array.from({ length: 10 }, startExiting))));
    const waits = children.flatMap(({ pid }) => [waitForExit(pid), waitForExit(record(pid))]);
    expect(waitStats()).toMatchObject({ waiting: 140, polled: 0 });
    for (const child of children) child.signal('SIGKILL');
    for (const exit of await Promise.all(waits)) expect(exit).toEqual(killedBy('SIGKILL'));
    expect(waitStats().waiting).toBe(0);
  });

  test('polls a process that may not be opened', async () => {
    const { pid, child } = await startDenying();
    const wait = waitForExit(pid);
    expect(waitStats()).toMatchObject({ waiting: 1, polled: 1, reason: 'EPERM' });
    await child.stop();
    // Nobody but Node.js knows, which started it.
    expect(await wait).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('ends with the thread that waits', async () => {
    const child = await startExiting();
    const code = `require(${JSON.stringify(bundledLibrary)}).waitForExit(${child.pid});
      require('node:worker_threads').parentPort.postMessage('waits')`;
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(code, { eval: true });
      await once(worker, 'message');
      if (i === 4) child.signal('SIGKILL');
      await worker.terminate();
    }
    await until('the process has ended', () => !exists(child.pid));
  });
});

describe('A signal', () => {
  test.each(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGQUIT'])('%s ends a process', async (signal) => {
    const { pid } = await startExiting();
    const process = record(pid);
    const wait = waitForExit(process);
    expect(kill(process, signal)).toBe(true);
    expect(await wait).toEqual({ code: 1, signal: null });
    expect(kill(process, signal)).toBe(false);
  });

  test.each(['SIGHUP', 'SIGBREAK', 'SIGWINCH', 64])('%s cannot be sent', async (signal) => {
    const { pid } = await startExiting();
    expect(() => kill(pid, signal)).toThrow(
      expect.objectContaining({ code: 'ENOSYS', errno: -4054, pid }),
    );
    expect(exists(pid)).toBe(true);
  });

  test('is refused for a process that may not be opened', async () => {
    const { pid } = await startDenying();
    for (const signal of [0, 'SIGTERM', 'SIGSTOP']) {
      expect(() => kill(record(pid), signal)).toThrow(
        expect.objectContaining({ code: 'EPERM', errno: -4048, syscall: 'NtOpenProcess', pid }),
      );
    }
    expect(kill({ pid, id: `${pid}-1` })).toBe(false);
  });
});

test('A tree is ended but for those that may not be', async () => {
  const { pid } = await startDenying();
  const { ended, killed, denied } = await killTree(pid);
  expect([ended, killed]).toEqual([[], []]);
  expect(denied.map((each) => each.pid)).toEqual([pid]);
  expect(exists(pid)).toBe(true);
});

describe('A watch', () => {
  test('polls, tells why, and tells exit codes of any size', async () => {
    const [path, ...args] = makeExiting(scratch, uniqueName(20));
    const { watcher, ...observer } = await observeReady(watch(basename(path).toUpperCase()));
    expect(watcher.stats).toMatchObject({ backend: 'polling' });
    expect(watcher.stats.reason).toMatch(/^Windows tells nobody .* \(ETW\)$/);
    const child = await start(path, args);
    await until('the start is told', () => observer.told.length === 1);
    child.say(String(0xc0000005));
    await until('the end is told', () => observer.told.length === 2);
    expect(observer.told[1]).toMatchObject({ type: 'exit', code: 0xc0000005, signal: null });
  });

  test('cannot be one by events', async () => {
    const watcher = watch('x', { backend: 'events' });
    await expect(watcher.ready).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringContaining('ETW'),
    });
  });
});
