/** Waiting, signalling and watching on Windows. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import {
  exists,
  findByNameSync,
  findByPidSync,
  kill,
  killTree,
  type Process,
  waitForExit,
  waitStats,
  watch,
} from '../../src/index.js';
import { start, startTelling, uniqueName, until } from './support/targets.js';

function record(pid: number): Process<'id'> {
  const found = findByPidSync(pid, { fields: ['id'] });
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return found;
}

describe('Waiting', () => {
  const codes = [0, 1, 255, 256, 259, 0x7fffffff, 0x80000000, 0xc0000005, 0xffffffff];
  test.each(codes)('tells the exit code %i', async (code) => {
    const { pid } = await start(['exit', String(code), '500']);
    expect(await waitForExit(record(pid))).toEqual({ code, signal: null });
    expect(exists(pid)).toBe(false);
  });

  test('tells of the end of more processes than one call can wait for', async () => {
    const targets = [];
    for (let i = 0; i < 7; i++) {
      const some = Array.from({ length: 10 }, () => startTelling(['sleep']));
      targets.push(...(await Promise.all(some)));
    }
    const waits = targets.flatMap(({ pid }) => [waitForExit(pid), waitForExit(record(pid))]);
    expect(waitStats()).toMatchObject({ waiting: 140, polled: 0 });
    for (const { pid } of targets) process.kill(pid);
    for (const exit of await Promise.all(waits)) expect(exit).toEqual({ code: 1, signal: null });
    expect(waitStats().waiting).toBe(0);
  }, 300_000);

  test('is over at once when there is no such process', async () => {
    const target = await start();
    const { pid, id } = record(target.pid);
    await target.stop();
    const unknown = { code: null, signal: null };
    expect(await waitForExit({ pid, id })).toEqual(unknown);
    expect(await waitForExit({ pid: process.pid, id: `${process.pid}-1` })).toEqual(unknown);
  });

  test('can be given up at any time, also while the process ends', async () => {
    for (let i = 0; i < 20; i++) {
      const { pid, child } = await start();
      const abort = new AbortController();
      const wait = waitForExit(pid, { signal: abort.signal }).catch(() => 'given up');
      const other = waitForExit(pid);
      child.kill();
      if (i % 2 === 0) await sleep(i / 4);
      abort.abort();
      expect(['given up', { code: 1, signal: null }]).toContainEqual(await wait);
      expect(await other).toEqual({ code: 1, signal: null });
    }
    expect(waitStats().waiting).toBe(0);
  }, 300_000);

  test('polls a process that may not be opened', async () => {
    const { pid, child } = await startTelling(['deny']);
    const wait = waitForExit(pid);
    expect(waitStats()).toMatchObject({ waiting: 1, polled: 1, reason: 'EPERM' });
    child.kill();
    expect(await wait).toEqual({ code: null, signal: null });
  });

  test('ends with the thread that waits', async () => {
    const { pid } = await start();
    const { PROCSEEK_TEST_LIBRARY: path } = process.env;
    const library = JSON.stringify(path);
    const code = `require(${library}).waitForExit(${pid});
      require('node:worker_threads').parentPort.postMessage('waits')`;
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(code, { eval: true });
      await once(worker, 'message');
      if (i === 4) process.kill(pid);
      await worker.terminate();
    }
    await until('the process has ended', () => !exists(pid));
  });
});

describe('A signal', () => {
  test.each(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGQUIT'])('%s ends a process', async (signal) => {
    const { pid } = await start();
    const process = record(pid);
    const wait = waitForExit(process);
    expect(kill(process, 0)).toBe(true);
    expect(kill(process, signal)).toBe(true);
    expect(await wait).toEqual({ code: 1, signal: null });
    expect(kill(process, signal)).toBe(false);
    expect(kill(process, 0)).toBe(false);
  });

  test.each(['SIGHUP', 'SIGBREAK', 'SIGWINCH', 64])('%s cannot be sent', async (signal) => {
    const { pid } = await start();
    expect(() => kill(pid, signal)).toThrow(
      expect.objectContaining({ code: 'ENOSYS', errno: -4054, pid }),
    );
    expect(exists(pid)).toBe(true);
  });

  test('does not hit another process with the same PID', async () => {
    const { pid } = await start();
    expect(kill({ pid, id: `${pid}-132000000000000000` })).toBe(false);
    expect(kill({ pid, id: 'nonsense' })).toBe(false);
    expect(exists(pid)).toBe(true);
  });

  test('is refused for a process that may not be opened', async () => {
    const { pid } = await startTelling(['deny']);
    for (const signal of [0, 'SIGTERM', 'SIGSTOP']) {
      expect(() => kill(record(pid), signal)).toThrow(
        expect.objectContaining({ code: 'EPERM', errno: -4048, syscall: 'NtOpenProcess', pid }),
      );
    }
    expect(kill({ pid, id: `${pid}-1` })).toBe(false);
  });

  test('stops and continues', async () => {
    const { pid } = await start(['exit', '7', '1500']);
    const wait = waitForExit(pid);
    expect(kill(pid, 'SIGSTOP')).toBe(true);
    const early = sleep(3000, 'stopped');
    expect(await Promise.race([wait, early])).toBe('stopped');
    expect(kill(pid, 'SIGCONT')).toBe(true);
    expect(await wait).toEqual({ code: 7, signal: null });
  });
});

describe('A tree', () => {
  test('is ended as a whole', async () => {
    const root = await startTelling(['spawn']);
    const { ended, killed, denied } = await killTree(root.pid);
    expect(ended.map(({ name }) => name)).toEqual([root.name, root.name]);
    expect(ended[0]?.pid).toBe(root.pid);
    expect([killed, denied]).toEqual([[], []]);
    expect(findByNameSync(root.name)).toEqual([]);
  });

  test('is ended but for those that may not be', async () => {
    const { pid } = await startTelling(['deny']);
    const { ended, killed, denied } = await killTree(pid);
    expect([ended, killed]).toEqual([[], []]);
    expect(denied.map((each) => each.pid)).toEqual([pid]);
    expect(exists(pid)).toBe(true);
  });
});

describe('A watch', () => {
  test('polls, tells why, and tells starts and ends with their codes', async () => {
    const name = uniqueName('Watched');
    const first = await start(['sleep'], { name });
    const watcher = watch(name, { interval: 2000 });
    const told: unknown[] = [];
    watcher.on('start', ({ process, existing }) => told.push(['start', process.pid, existing]));
    watcher.on('exit', ({ process, code, signal }) =>
      told.push(['exit', process.pid, code, signal]),
    );
    watcher.on('rename', ({ process, previousName }) =>
      told.push(['rename', process.pid, previousName]),
    );
    await watcher.ready;
    expect(watcher.stats).toMatchObject({ backend: 'polling' });
    expect(watcher.stats.reason).toMatch(/^Windows tells nobody .* \(ETW\)$/);
    expect([...watcher.processes.keys()]).toEqual([first.pid]);
    await first.stop();
    await until('the end is told', () => told.length === 2);
    // Under Wine a process that is just being started lacks its name, and its time.
    const { passes } = watcher.stats;
    await until('a pass was made', () => watcher.stats.passes > passes);
    const second = await start(['exit', '3221225477', '5000'], { name: name.toLowerCase() });
    await until('all is told', () => told.length === 4);
    watcher.close();
    expect(told).toEqual([
      ['start', first.pid, true],
      ['exit', first.pid, 1, null],
      ['start', second.pid, false],
      ['exit', second.pid, 0xc0000005, null],
    ]);
  });

  test('cannot be one by events', async () => {
    const watcher = watch('x', { backend: 'events' });
    await expect(watcher.ready).rejects.toMatchObject({
      code: 'ENOTSUP',
      message: expect.stringContaining('ETW'),
    });
  });
});
