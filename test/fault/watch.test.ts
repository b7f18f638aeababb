/** What a watch cannot do is told to somebody, and what it can do goes on. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { needing } from '../support/system.js';
import { type Crowd, gather, load, resultOf } from './support.js';

const withoutProc = ['unshare', '--mount', 'sh', '-c', 'umount -l /proc && exec "$@"', 'sh'];
const inPidNamespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

describe.each([
  ['without /proc', withoutProc, `{}`, 'ENOENT'],
  ['without /proc, by polling', withoutProc, `{ backend: 'polling' }`, 'ENOENT'],
  [
    'when events are demanded and not to be had',
    inPidNamespace,
    `{ backend: 'events' }`,
    'ENOTSUP',
  ],
])('A watch that fails %s', (_, wrapper, options, code) => {
  beforeEach(needing('namespaces'));

  const told = (body: string) =>
    resultOf<unknown[]>(
      `${load} const told = [];
      const tell = (what) => ({ name, code }) => told.push([what, name, code]);
      const watcher = procseek.watch('node', ${options});
      ${body}
      process.on('exit', () => console.log(JSON.stringify(told)));`,
      { wrapper },
    );

  test('rejects `ready`, also when that is asked for again', async () => {
    expect(
      await told(`watcher.ready.catch((error) => {
        tell('ready')(error);
        watcher.ready.catch(tell('again'));
      });`),
    ).toEqual([
      ['ready', 'ProcessError', code],
      ['again', 'ProcessError', code],
    ]);
  });

  test('rejects an iteration', async () => {
    expect(
      await told(`(async () => { for await (const _ of watcher); })().catch(tell('iteration'));`),
    ).toEqual([['iteration', 'ProcessError', code]]);
  });

  test('is told to those who listen to errors, and closes', async () => {
    expect(
      await told(`watcher.on('error', tell('error'));
        watcher.on('close', () => tell('close')({}));
        watcher.ready.catch(tell('ready'));`),
    ).toEqual([
      ['error', 'ProcessError', code],
      ['close', null, null],
      ['ready', 'ProcessError', code],
    ]);
  });

  test('does not go unnoticed when nobody listens', async () => {
    expect(await told(`process.on('uncaughtException', tell('uncaught'));`)).toEqual([
      ['uncaught', 'ProcessError', code],
    ]);
  });
});

test('A listener that throws is an uncaught exception, and the others hear all the same', async () => {
  const told = await resultOf<string[]>(`${load}
    const { spawn } = require('node:child_process');
    const told = [];
    process.on('uncaughtException', ({ message }) => told.push('uncaught ' + message));
    const children = [1, 2].map(() => spawn('sleep', ['1000'], { stdio: 'ignore' }));
    Promise.all(children.map((child) => new Promise((resolve) => child.once('spawn', resolve)))).then(async () => {
      const watcher = procseek.watch({ pids: children.map(({ pid }) => pid) });
      const iteration = watcher[Symbol.asyncIterator]();
      watcher.on('start', () => { throw new Error('start'); });
      watcher.on('exit', () => { throw new Error('exit'); });
      for (let i = 0; i < 2; i++) told.push((await iteration.next()).value.type);
      for (const child of children) child.kill();
      for (let i = 0; i < 2; i++) told.push((await iteration.next()).value.type);
      await new Promise(setImmediate);
      told.push(String(watcher.processes.size));
      watcher.close();
      console.log(JSON.stringify(told.sort()));
    });`);
  expect(told).toEqual([
    '0',
    'exit',
    'exit',
    'start',
    'start',
    'uncaught exit',
    'uncaught exit',
    'uncaught start',
    'uncaught start',
  ]);
});

describe('Among 400 processes', () => {
  let crowd: Crowd;
  beforeAll(async () => {
    crowd = await gather(400);
  });
  afterAll(() => crowd.disperse());

  test('polling knows all of them, and tells every end once', async () => {
    const result = await resultOf<{
      existing: number;
      exits: number;
      left: number;
      fds: number;
    }>(`${load}
      const { spawn } = require('node:child_process');
      const { readdirSync } = require('node:fs');
      const shell = spawn('sh', ['-c',
        'i=0; while [ $i -lt 300 ]; do sleep 1000000 >/dev/null 2>&1 & pids="$pids $!"; i=$((i+1)); done; echo x; read a; kill $pids; wait'],
        { stdio: ['pipe', 'pipe', 'ignore'] });
      shell.stdout.once('data', async () => {
        const fds = () => readdirSync('/proc/self/fd').length;
        const before = fds();
        const watcher = procseek.watch({ ppid: shell.pid, name: 'sleep' },
          { backend: 'polling', interval: 20, cpuBudget: 1 });
        const ended = [];
        let existing = 0;
        watcher.on('start', (event) => { existing += event.existing; });
        watcher.on('exit', ({ process }) => ended.push(process.pid));
        await watcher.ready;
        const during = fds() - before;
        shell.stdin.end();
        while (watcher.processes.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
        watcher.close();
        console.log(JSON.stringify({ existing, exits: new Set(ended).size, left: ended.length - 300, fds: during }));
      });`);
    expect(result).toMatchObject({ existing: 300, exits: 300, left: 0 });
    expect(result.fds).toBeLessThan(270);
  });

  test('polling stays within its budget by passing more seldom', async () => {
    const { cpu, wall, interval, passes } = await resultOf<{
      cpu: number;
      wall: number;
      interval: number;
      passes: number;
    }>(`${load}
      const watcher = procseek.watch('absent', { backend: 'polling', interval: 10, cpuBudget: 0.02 });
      watcher.ready.then(async () => {
        const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        while (watcher.stats.passes < 4) await sleep(20); // until it knows what a pass costs
        const before = watcher.stats;
        const begun = performance.now();
        while (watcher.stats.passes < before.passes + 10) await sleep(20);
        const { stats } = watcher;
        watcher.close();
        console.log(JSON.stringify({ cpu: stats.cpuTime - before.cpuTime, wall: performance.now() - begun,
          interval: stats.interval, passes: stats.passes - before.passes }));
      });`);
    expect(interval).toBeGreaterThan(10);
    expect(passes).toBeGreaterThanOrEqual(10);
    expect(cpu / wall).toBeLessThan(0.04);
  });

  test('polling that runs out of descriptors goes on when there are some again', async () => {
    const result = await resultOf<{
      during: object;
      after: { exits: number; starts: number; failed: boolean };
    }>(
      `${load}
      const fs = require('node:fs');
      const { spawn } = require('node:child_process');
      const { setTimeout: sleep } = require('node:timers/promises');
      const until = async (condition) => {
        for (const deadline = Date.now() + 60000; !condition() && Date.now() < deadline; ) await sleep(5);
      };
      (async () => {
        const begin = async () => {
          const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
          await new Promise((resolve) => child.once('spawn', resolve));
          return child;
        };
        const first = await begin();
        const watcher = procseek.watch({ name: 'sleep', ppid: process.pid },
          { backend: 'polling', interval: 20, cpuBudget: 1 });
        let starts = 0, exits = 0;
        watcher.on('start', () => starts++);
        watcher.on('exit', () => exits++);
        await watcher.ready;
        const held = [];
        // Again and again: what a pass has open while the first ones are taken is free after it.
        const takeAll = () => { for (;;) try { held.push(fs.openSync('/dev/null')); } catch { break; } };
        await until(() => { takeAll(); return watcher.stats.failedPasses > 0; });
        const { failedPasses, lastError } = watcher.stats;
        const during = { starts, exits, hasFailed: failedPasses > 0, lastError };
        for (const fd of held) fs.closeSync(fd);
        first.kill();
        const second = await begin();
        await until(() => starts === 2 && exits === 1);
        second.kill();
        await until(() => exits === 2);
        const after = { starts, exits, failed: watcher.processes.size > 0 };
        watcher.close();
        console.log(JSON.stringify({ during, after }));
      })();`,
      { wrapper: ['prlimit', '--nofile=128:128', '--'] },
    );
    expect(result).toEqual({
      during: { starts: 1, exits: 0, hasFailed: true, lastError: 'EMFILE' },
      after: { starts: 2, exits: 2, failed: false },
    });
  });
});
