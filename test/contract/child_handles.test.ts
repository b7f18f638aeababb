/** A ChildProcess is taken wherever a PID or a record is, and is never mistaken for another process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import {
  children,
  exists,
  findByPid,
  findByPidSync,
  isRunning,
  kill,
  killGroup,
  killTree,
  openFinder,
  ProcessError,
  scan,
  signalTree,
  waitForExit,
  watch,
} from '../../src/index.js';
import { killedBy } from '../support/kernel.js';
import { startFamily } from '../support/processes.js';
import { needs } from '../support/system.js';

function startChild() {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

test('A child that runs is found, waited for and ended', async () => {
  const child = startChild();
  expect([isRunning(child), exists(child), kill(child, 0)]).toEqual([true, true, true]);
  expect(await findByPid(child, { fields: [] })).toEqual({ pid: child.pid });
  expect(await children(child)).toEqual([]);
  await expect(waitForExit(child, { timeout: 20 })).rejects.toMatchObject({ name: 'TimeoutError' });
  const end = waitForExit(child);
  expect(await killTree(child)).toMatchObject({ ended: [{ pid: child.pid }], remaining: [] });
  expect(await end).toEqual(killedBy('SIGTERM'));
});

test('A child stands for the session that it leads', async (context) => {
  needs(context, 'signals'); // sessions are those of users elsewhere
  const child = startChild();
  const end = waitForExit(child);
  expect(await killGroup({ sid: child })).toMatchObject({ ended: [{ pid: child.pid }] });
  expect(await end).toEqual(killedBy('SIGTERM'));
});

test('A child that has ended is nobody, whoever has its PID', async () => {
  const other = startChild();
  const ended = { pid: other.pid, exitCode: 3, signalCode: null };
  expect([isRunning(ended), exists(ended), kill(ended)]).toEqual([false, false, false]);
  expect(findByPidSync(ended)).toBeUndefined();
  expect(await children(ended)).toEqual([]);
  expect(await waitForExit(ended)).toEqual({ code: 3, signal: null });
  expect(await killTree(ended)).toMatchObject({ ended: [], killed: [] });
  expect(signalTree([ended])).toEqual({ signalled: [], denied: [] });
  expect(isRunning(other)).toBe(true);
});

test('What is no child of this process is none, though nobody has told that it has ended', async () => {
  const { generations } = await startFamily(1);
  const reused = { pid: generations[0]?.[0], exitCode: null, signalCode: null };
  expect([isRunning(reused), kill(reused, 0)]).toEqual([false, false]);
});

test('A child that could not be started is refused', async () => {
  const child = spawn('/nonexistent/program');
  await once(child, 'error');
  const refused = { code: 'ERR_INVALID_ARG_VALUE', message: expect.stringContaining('started') };
  expect(() => kill(child)).toThrow(expect.objectContaining(refused));
  await expect(killTree(child)).rejects.toMatchObject(refused);
});

test('An error is known across copies of the library, and by no other sign', () => {
  const brand = Symbol.for('procseek.ProcessError');
  const foreign = runInNewContext('class E extends Error {}; E.prototype[brand] = true; new E()', {
    brand,
  });
  expect(foreign instanceof ProcessError).toBe(true);
  class Own extends ProcessError {}
  expect(foreign instanceof Own).toBe(false);
  expect(new Own('x', { code: 'X' }) instanceof ProcessError).toBe(true);
  expect(new Error('x') instanceof ProcessError).toBe(false);
});

test('Watchers, finders and streams show what there is to know of them', async () => {
  const watcher = watch('x', { backend: 'polling' });
  await watcher.ready;
  expect(watcher.stats.warning).toMatch(/can be missed/);
  expect(inspect(watcher)).toMatch(
    /^Watcher \(ready\) {\n {2}processes: Map\(0\) {}[\s\S]*polling/,
  );
  expect(inspect({ a: { watcher } }, { depth: 1 })).toContain('[Watcher (ready)]');
  watcher.close();
  expect(inspect(watcher)).toMatch(/^Watcher \(closed\)/);
  const finder = await openFinder();
  expect(inspect(finder)).toContain(`engine: '${finder.engine}'`);
  finder.close();
  expect(inspect(finder)).toMatch(/^Finder \(closed\)/);
  const stream = scan({ pids: [process.pid] }, { fields: [] });
  expect(await stream.toArray()).toEqual([{ pid: process.pid }]);
  expect(inspect(stream)).toBe('ProcessStream (ended) {}');
});
