/** Nothing is left of a watcher: no descriptor, no thread, no listener, nothing that piles up. */
import { describe, expect, test } from 'vitest';
import { cleanExit, growthPerRound, load, resultOf, runScript } from '../fault/support.js';

/** `open()` counts descriptors and threads; `settle(before)` waits until they are as before. */
const counting = `
  const fs = require('node:fs');
  const { setTimeout: sleep } = require('node:timers/promises');
  const open = () => ({
    fds: fs.readdirSync('/proc/self/fd').length,
    threads: fs.readdirSync('/proc/self/task').length,
  });
  async function settle(before) {
    const isMore = () => open().fds > before.fds || open().threads > before.threads;
    for (const deadline = Date.now() + 60000; isMore() && Date.now() < deadline; ) {
      gc();
      await sleep(5);
    }
    const { fds, threads } = open();
    return { fds: fds - before.fds, threads: threads - before.threads };
  }
  const nameOf = (thread) => {
    try {
      return fs.readFileSync('/proc/self/task/' + thread + '/comm', 'utf8').trim();
    } catch {
      return ''; // it has ended
    }
  };
  async function warmUp() {
    await procseek.findByName('absent');
    const watcher = procseek.watch('absent');
    await watcher.ready;
    await watcher[Symbol.asyncDispose]();
    gc();
    // The threads that have answered end a moment later.
    while (fs.readdirSync('/proc/self/task').some((thread) => nameOf(thread) === 'procseek'))
      await sleep(5);
  }`;

const run = <T>(body: string) =>
  resultOf<T>(
    `${load} ${counting} (async () => {
      await warmUp();
      const before = open();
      ${body}
    })();`,
    { flags: ['--expose-gc'] },
  );

const ways = { events: `{}`, polling: `{ backend: 'polling', interval: 10 }` };
const nothing = { fds: 0, threads: 0 };

describe.each(Object.entries(ways))('By %s, what a watcher holds', (_, options) => {
  test.each([
    ['close()', 'watcher.close();'],
    ['await using', 'await watcher[Symbol.asyncDispose]();'],
    ['aborting', 'controller.abort();'],
    ['leaving an iteration', 'setImmediate(() => watcher[Symbol.asyncIterator]().return());'],
  ])('is released by %s, before and after it is ready', async (_, end) => {
    const left = await run<{ after: object; listeners: number; during: number }>(`
      const { getEventListeners } = require('node:events');
      const controller = new AbortController();
      const { signal } = controller;
      const begin = () => procseek.watch(/./, { ...${options}, signal });
      for (const isReady of [true, false]) {
        const watcher = begin();
        const ready = watcher.ready.catch(() => {});
        if (isReady) await ready;
        if (isReady) globalThis.during = open().fds - before.fds;
        ${end === 'controller.abort();' ? 'if (!isReady) controller.abort(); else watcher.close();' : end}
        await new Promise(setImmediate);
      }
      const listeners = getEventListeners(signal, 'abort').length;
      console.log(JSON.stringify({ after: await settle(before), listeners, during }));`);
    expect(left.during).toBeGreaterThan(0);
    expect(left).toMatchObject({ after: nothing, listeners: 0 });
  });

  test('is released when dispose resolves, and not later', async () => {
    const after = await run(`
      const watcher = procseek.watch(/./, ${options});
      await watcher.ready;
      await watcher[Symbol.asyncDispose]();
      const { fds } = open();
      console.log(JSON.stringify({ ...(await settle(before)), fds: fds - before.fds }));`);
    expect(after).toEqual(nothing); // threads that have read for it end a moment later
  });

  test('is released when it is abandoned, and the signal forgets it', async () => {
    const left = await run<{ after: object; listeners: number }>(`
      const { getEventListeners } = require('node:events');
      const { signal } = new AbortController();
      async function abandon() {
        const watcher = procseek.watch('absent', { ...${options}, signal });
        await watcher.ready;
        for (let i = 0; i < 3; i++) watcher[Symbol.asyncIterator]();
      }
      for (let i = 0; i < 10; i++) await abandon();
      const after = await settle(before);
      for (const deadline = Date.now() + 60000;
        getEventListeners(signal, 'abort').length > 0 && Date.now() < deadline; ) { gc(); await sleep(5); }
      console.log(JSON.stringify({ after, listeners: getEventListeners(signal, 'abort').length }));`);
    expect(left).toEqual({ after: nothing, listeners: 0 });
  });

  test.each([
    ['listens to it', `watcher.on('exit', () => { heard = true; });`],
    [
      'waits for what it tells next',
      `(async () => { const i = watcher[Symbol.asyncIterator](); await i.next(); await i.next(); heard = true; })();`,
    ],
  ])('lives on while somebody %s', async (_, listen) => {
    const heard = await run(`
      let heard = false;
      const child = require('node:child_process').spawn('sleep', ['1000'], { stdio: 'ignore' });
      await new Promise((resolve) => child.once('spawn', resolve));
      await (async () => {
        const watcher = procseek.watch({ name: 'sleep', pids: [child.pid] }, ${options});
        ${listen}
        await watcher.ready;
      })();
      for (let i = 0; i < 10; i++) { gc(); await sleep(5); }
      child.kill();
      for (const deadline = Date.now() + 60000; !heard && Date.now() < deadline; ) { gc(); await sleep(5); }
      console.log(JSON.stringify(heard));
      process.exit();`);
    expect(heard).toBe(true);
  });

  test('lives on while somebody waits for it to be ready', async () => {
    const count = await run(`
      let count = 0;
      const begin = async () => {
        await procseek.watch('absent', ${options}).ready;
        count++;
      };
      const all = Promise.all(Array.from({ length: 20 }, begin));
      setImmediate(gc);
      await Promise.race([all, sleep(3000)]);
      console.log(JSON.stringify(count));
      process.exit();`);
    expect(count).toBe(20);
  });

  test('does not pile up', async () => {
    const { after, growth } = await run<{ after: object; growth: number }>(`
      ${growthPerRound}
      async function round() {
        for (let i = 0; i < 300; i++) {
          const watchers = [1, 2, 3].map(() => procseek.watch(/./, ${options}));
          globalThis.held = watchers;
          if (i % 3 === 0) await watchers[0].ready;
          if (i % 3 === 1) await new Promise(setImmediate);
          for (const watcher of watchers) watcher.close();
          if (i % 10 === 0) await watchers[0][Symbol.asyncDispose]();
        }
        await settle(before);
      }
      const growth = await growthPerRound(round);
      console.log(JSON.stringify({ after: await settle(before), growth }));`);
    expect(after).toEqual(nothing);
    expect(growth).toBeLessThan(4);
  });
});

describe('A watcher', () => {
  test('lets Node.js exit when it is unref()ed, or closed', async () => {
    const script = `${load} const watcher = procseek.watch(/./); watcher.on('start', () => {});`;
    expect(await runScript(`${script} watcher.unref();`)).toEqual(cleanExit);
    expect(await runScript(`${script} watcher.ref().unref(); watcher.unref();`)).toEqual(cleanExit);
    expect(await runScript(`${script} watcher.ready.then(() => watcher.close());`)).toEqual(
      cleanExit,
    );
    expect(await runScript(`${script} watcher.ready.then(() => watcher.unref());`)).toEqual(
      cleanExit,
    );
  });

  test.each(['', 'watcher.ref();', 'watcher.unref(); watcher.ref();'])(
    'keeps Node.js from exiting otherwise (%s)',
    async (calls) => {
      const heard = await resultOf(`${load}
        const child = require('node:child_process').spawn('sleep', ['0.5'], { stdio: 'ignore' });
        child.unref();
        child.once('spawn', () => {
          const watcher = procseek.watch({ pids: [child.pid] });
          ${calls}
          watcher.on('exit', ({ code }) => { console.log(code); watcher.close(); });
        });`);
      expect(heard).toBe(0);
    },
  );
});
