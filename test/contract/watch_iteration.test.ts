/** A watcher that is iterated over, how it begins and ends, and who hears of its failure. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { getEventListeners, once } from 'node:events';
import { basename } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Watcher, type WatchMessage, watch } from '../../src/index.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { needs, system } from '../support/system.js';
import { until } from '../support/until.js';
import { observe, observeReady, order, startActor, ways } from '../support/watching.js';

const scratch = scratchDirectory();
const startCalled = (name: string) => startProgram(makeProgram(scratch, name));

describe.each(ways)('By %s, an iteration', (_, options) => {
  test('tells in order what happens, and closes the watcher when it is left', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const existing = await startProgram(path);
    const watcher = watch(basename(path), options);
    const told: string[] = [];
    const expected = [`start ${existing.pid}`];
    for await (const { type, process } of watcher) {
      if (system.isUnborn(process)) continue;
      told.push(`${type} ${process.pid}`);
      if (told.length < 2) {
        const child = await startProgram(path);
        expected.push(`start ${child.pid}`, `exit ${child.pid}`, `exit ${existing.pid}`);
        await until('it is known', () => watcher.processes.has(child.pid));
        child.signal('SIGKILL');
        await until('its end is known', () => !watcher.processes.has(child.pid));
        existing.signal('SIGKILL');
      }
      if (told.length === 4) break;
    }
    expect(told).toEqual(expected);
    await watcher.ready;
    expect(watcher.listenerCount('close')).toBe(0);
    expect(await watcher[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  test('may be one of several, which all are told everything', async () => {
    const name = uniqueName(12);
    const child = await startCalled(name);
    const watcher = watch(name, options);
    onTestFinished(() => watcher.close());
    const iterations = [0, 1, 2].map(() => watcher[Symbol.asyncIterator]());
    const first = await Promise.all(iterations.map((iteration) => iteration.next()));
    for (const { value } of first) expect(value?.process.pid).toBe(child.pid);
    child.signal('SIGKILL');
    const second = await Promise.all(iterations.map((iteration) => iteration.next()));
    for (const { value } of second) expect(value?.type).toBe('exit');
    const third = iterations.map((iteration) => iteration.next());
    watcher.close();
    for (const end of await Promise.all(third))
      expect(end).toEqual({ done: true, value: undefined });
  });

  test('rejects once with the reason of the signal, and is over', async () => {
    const controller = new AbortController();
    const watcher = watch(uniqueName(12), { ...options, signal: controller.signal });
    const iteration = watcher[Symbol.asyncIterator]();
    await watcher.ready;
    const steps = [iteration.next(), iteration.next()];
    const settled = Promise.allSettled(steps);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await settled).toEqual([
      { status: 'rejected', reason },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ]);
    expect(await iteration.next()).toEqual({ done: true, value: undefined });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  test('that lags behind holds up what is told, and ends with the exact difference', async (context) => {
    needs(context, 'renames');
    const name = uniqueName(12);
    const actor = await startActor();
    const path = makeProgram(scratch, name);
    const watcher = watch([name, new RegExp(`^${name}`)], options);
    const observer = observe(watcher);
    const iteration = watcher[Symbol.asyncIterator]();
    await watcher.ready;
    await order(actor, `rename('${name}0')`);
    await until('it is told', () => observer.told.length > 0);
    await order(
      actor,
      `[(rename('${name}' + str(i % 100)), i % 20 or time.sleep(0.001)) for i in range(60000)]`,
    );
    const child = await startProgram(path);
    await order(actor, `rename('${name}end')`);
    const pending = observer.told.length;
    // Passes see a few of the names only.
    if (watcher.stats.backend === 'events') expect(pending).toBeGreaterThanOrEqual(1000);
    expect(pending).toBeLessThan(10_000);
    const seen: string[] = [];
    while (seen.at(-1) !== `${child.pid} exit`) {
      const { value } = await iteration.next();
      if (value === undefined) break;
      seen.push(`${value.process.pid} ${value.type}`);
      if (value.type === 'start') {
        await until(
          'the name is as it is',
          () => watcher.processes.get(actor.pid)?.name === `${name}end`,
        );
        child.signal('SIGKILL');
      }
    }
    expect(seen.filter((line) => line.startsWith(`${child.pid} `))).toEqual([
      `${child.pid} start`,
      `${child.pid} exit`,
    ]);
    expect(observer.pids).toEqual([actor.pid]);
  });
});

describe('`ready`', () => {
  test('resolves when it is asked for late, and when the watcher was closed before', async () => {
    const watcher = watch(uniqueName(12));
    await watcher.ready;
    watcher.close();
    await watcher.ready;
    const closed = watch(uniqueName(12));
    closed.close();
    await closed.ready;
  });

  test('rejects with the reason of the signal, before and after', async () => {
    const reason = { anything: 1 };
    const controller = new AbortController();
    const watcher = watch(uniqueName(12), { signal: controller.signal });
    const { ready } = watcher;
    controller.abort(reason);
    await expect(ready).rejects.toBe(reason);
    await expect(watcher.ready).rejects.toBe(reason);
  });

  test('rejects when the signal was aborted to begin with', async () => {
    const watcher = watch(uniqueName(12), { signal: AbortSignal.abort('no') });
    await expect(watcher.ready).rejects.toBe('no');
    await expect(watcher[Symbol.asyncIterator]().next()).rejects.toBe('no');
  });
});

describe('Closing', () => {
  const ends: Record<string, (watcher: Watcher<{ pid: number }>) => unknown> = {
    'close()': (watcher) => watcher.close(),
    'await using': (watcher) => watcher[Symbol.asyncDispose](),
    'return()': (watcher) => watcher[Symbol.asyncIterator]().return?.(),
  };
  test.each(Object.entries(ends))('by %s is told once, at once', async (_, end) => {
    const name = uniqueName(12);
    const child = await startCalled(name);
    const { watcher, told } = await observeReady(watch(name));
    let closed = 0;
    watcher.on('close', () => closed++);
    const disposed = end(watcher);
    expect(closed).toBe(1);
    await disposed;
    watcher.close();
    expect(closed).toBe(1);
    child.signal('SIGKILL');
    const { watcher: other } = await observeReady(watch(name));
    await until('the end is known', () => other.processes.size === 0);
    expect(told).toHaveLength(1);
    expect(watcher.processes.size).toBe(1);
  });

  test('in a listener ends what would have been told after it', async () => {
    const name = uniqueName(12);
    const path = makeProgram(scratch, name);
    await startProgram(path);
    await startProgram(path);
    const { watcher, told } = observe(watch(name));
    watcher.on('start', () => watcher.close());
    await once(watcher, 'close');
    expect(told).toHaveLength(1);
  });
});

test('A listener that is removed hears nothing more, and others go on', async () => {
  const path = makeProgram(scratch, uniqueName(12));
  const { watcher, told } = await observeReady(watch(basename(path)));
  const heard: number[] = [];
  const listener = ({ process }: { process: { pid: number; id: string } }) => {
    if (!system.isUnborn(process)) heard.push(process.pid);
  };
  watcher.on('start', listener);
  const first = await startProgram(path);
  await until('it is told', () => told.length === 1);
  watcher.off('start', listener);
  await startProgram(path);
  await until('it is told', () => told.length === 2);
  expect(heard).toEqual([first.pid]);
});

describe('The channel procseek:watch', () => {
  const messages: WatchMessage[] = [];
  const listen = () => {
    messages.length = 0;
    const hear = (message: unknown) => messages.push(message as WatchMessage);
    subscribe('procseek:watch', hear);
    onTestFinished(() => {
      unsubscribe('procseek:watch', hear);
    });
  };

  test.each(ways)('tells of %s what a watcher does', async (way, options) => {
    listen();
    const path = makeProgram(scratch, uniqueName(12));
    const observer = await observeReady(watch(basename(path), options));
    const child = await startProgram(path);
    await observer.hears(child, 'start');
    await until('the change is told', () => messages.some(({ cause }) => cause === 'changes'));
    if (way === 'polling') {
      await until('a pass is told', () => messages.some(({ cause }) => cause === 'pass'));
    }
    observer.watcher.close();
    const causes = messages.map(({ cause }) => cause);
    expect(causes[0]).toBe('ready');
    expect(causes.at(-1)).toBe('close');
    expect(causes.includes('pass')).toBe(way === 'polling');
    const [ready] = messages;
    expect(ready?.processes).toBe(0);
    expect(messages.find(({ cause }) => cause === 'changes')?.processes).toBe(1);
    expect(messages.at(-1)).toMatchObject({
      processes: 1,
      stats: { backend: observer.watcher.stats.backend },
    });
  });

  test('is not told of passes by watchers that were made before it was listened to', async () => {
    const { watcher } = await observeReady(watch(uniqueName(12), ways[1][1]));
    listen();
    const { passes } = watcher.stats;
    await until('passes were made', () => watcher.stats.passes > passes + 2);
    watcher.close();
    expect(messages.map(({ cause }) => cause)).toEqual(['close']);
  });
});
