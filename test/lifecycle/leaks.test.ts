/** Nothing is left open, and nothing piles up. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Crowd, gather, growthPerRound, load, resultOf } from '../fault/support.js';

/** More than a first batch, so that a stream holds its handle after the first row. */
let crowd: Crowd;
beforeAll(async () => {
  crowd = await gather(100);
});
afterAll(() => crowd.disperse());

/** `open()` counts descriptors; `settle(count)` collects garbage until there are no more than that. */
const counting = `
  const fs = require('node:fs');
  const open = () => fs.readdirSync('/proc/self/fd').length;
  async function settle(count) {
    for (const deadline = Date.now() + 60000; open() > count && Date.now() < deadline; ) {
      gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return open();
  }`;

async function run<T>(body: string): Promise<T> {
  const warmUp = `await procseek.findByPid(1); await procseek.findByName('absent');
    for await (const _ of procseek.scan({}, { fields: ['user'] }));`;
  return resultOf<T>(
    `${load} ${counting} (async () => {
      ${warmUp}
      const before = open();
      ${body}
    })();`,
    { flags: ['--expose-gc'], timeout: 300_000 },
  );
}

interface Held {
  during: number;
  after: number;
}

describe('a handle on /proc is released at once', () => {
  const held = (begin: string, leave: string) =>
    run<Held>(`${begin}
      const during = open() - before;
      ${leave}
      console.log(JSON.stringify({ during, after: open() - before }));`);
  const stream = 'const stream = procseek.scan(); await stream.next();';

  it.each([
    ['close()', stream, 'stream.close();'],
    ['return()', stream, 'await stream.return();'],
    ['await using', stream, 'await stream[Symbol.asyncDispose]();'],
    ['return() of its batches', stream, 'await stream.batches().return();'],
    ['reading to the end', stream, 'while (!(await stream.next()).done);'],
    [
      'aborting',
      `const controller = new AbortController(); const { signal } = controller;
       const stream = procseek.scan({}, { signal }); await stream.next();`,
      'controller.abort();',
    ],
    [
      'return() of a synchronous iterator',
      'const rows = procseek.scanSync()[Symbol.iterator](); rows.next();',
      'rows.return();',
    ],
    [
      'reading a synchronous iterator to the end',
      'const rows = procseek.scanSync()[Symbol.iterator](); rows.next();',
      'while (!rows.next().done);',
    ],
  ])('by %s', async (_, begin, leave) => {
    expect(await held(begin, leave)).toEqual({ during: 1, after: 0 });
  });

  it('by leaving a loop, however that is done', async () => {
    const counts = await run<number[]>(`
      const counts = [];
      const leave = {
        async break() { for await (const _ of procseek.scan()) break; },
        async return() { for await (const _ of procseek.scan()) return; },
        async throw() { for await (const _ of procseek.scan()) throw new Error('left'); },
        async batches() { for await (const _ of procseek.scan().batches()) break; },
        async breakSync() { for (const _ of procseek.scanSync()) break; },
        async throwSync() { for (const _ of procseek.scanSync()) throw new Error('left'); },
        async destructuring() { const [_] = procseek.scanSync(); },
      };
      for (const way of Object.values(leave)) {
        await way().catch(({ message }) => { if (message !== 'left') throw new Error(message); });
        counts.push(open() - before);
      }
      console.log(JSON.stringify(counts));`);
    expect(counts).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('or as soon as a step that is under way has ended', async () => {
    const left = await run<number>(`
      for (let i = 0; i < 50; i++) {
        const controller = new AbortController();
        const stream = procseek.scan({}, { signal: controller.signal });
        await stream.next();
        const step = (async () => { for await (const _ of stream); })();
        await new Promise(setImmediate);
        if (i % 2) stream.close(); else controller.abort();
        await step.catch(() => {});
      }
      await procseek.findByPid(1);
      console.log((await settle(before)) - before);`);
    expect(left).toBe(0);
  });
});

describe('what is abandoned is collected with its handle', () => {
  const abandon = (make: string) =>
    run<Held>(`
      const controller = new AbortController();
      const { signal } = controller;
      require('node:events').setMaxListeners(0, signal);
      async function make() { ${make} }
      let kept = [];
      for (let i = 0; i < 100; i++) kept.push(await make());
      const during = open() - before;
      kept = undefined;
      const after = (await settle(before)) - before;
      controller.abort();
      console.log(JSON.stringify({ during, after }));`);

  it.each([
    ['a stream', 'const it = procseek.scan(); await it.next(); return it;'],
    [
      'a stream with a signal that lives on',
      'const it = procseek.scan({}, { signal }); await it.next(); return it;',
    ],
    ['an iterator', 'const it = procseek.scanSync()[Symbol.iterator](); it.next(); return it;'],
    ['a stream of batches', 'const it = procseek.scan().batches(); await it.next(); return it;'],
  ])('%s', async (_, make) => {
    expect(await abandon(make)).toEqual({ during: 100, after: 0 });
  });

  it('and a signal that lives on forgets the streams it was for', async () => {
    const listeners = await run<{ most: number; left: number }>(`
      const { getEventListeners } = require('node:events');
      const { signal } = new AbortController();
      const count = () => getEventListeners(signal, 'abort').length;
      for (let i = 0; i < 100; i++) await procseek.scan({}, { signal }).next();
      const most = count();
      await settle(before);
      for (const deadline = Date.now() + 60000; count() > 0 && Date.now() < deadline; ) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for (let i = 0; i < 20; i++) {
        await procseek.findByName('absent', { signal });
        await procseek.findByPid(1, { signal });
        await procseek.children(1, { signal });
        for await (const _ of procseek.scan({}, { signal })) if (i % 2) break;
      }
      console.log(JSON.stringify({ most, left: count() }));`);
    expect(listeners.most).toBe(1);
    expect(listeners.left).toBe(0);
  });
});

describe('after 100,000 lookups', () => {
  const mixture = `
    const controller = new AbortController();
    async function round() {
      for (let i = 0; i < 900; i++) procseek.findByPidSync(i % 3 ? process.pid : 2 ** 31 - 1);
      for (let i = 0; i < 20; i++) procseek.exists(i);
      procseek.findByPidSync(process.pid, { fields: procseek.fieldNames });
      procseek.findByNameSync('absent');
      procseek.findByNameSync(/^sleep$/, { limit: 2 });
      for (const _ of procseek.scanSync()) break;
      await Promise.all(Array.from({ length: 20 }, () => procseek.findByPid(process.pid)));
      await Promise.all(Array.from({ length: 20 }, (_, i) => procseek.findByName('absent' + i)));
      for (let i = 0; i < 10; i++) for await (const _ of procseek.scan()) break;
      for await (const _ of procseek.scan({}, { fields: ['uid'], signal: controller.signal }));
      await procseek.scan().next();
      procseek.scanSync()[Symbol.iterator]().next();
      await procseek.children(process.pid);
      const aborted = new AbortController();
      const lookups = [
        procseek.findByName('absent', { signal: aborted.signal }),
        procseek.findByPid(1, { signal: aborted.signal }),
        procseek.scan({}, { signal: aborted.signal }).next(),
      ];
      aborted.abort();
      await Promise.allSettled(lookups);
    }`;

  it('there are no more descriptors and hardly more memory than before', async () => {
    const { descriptors, growth } = await run<{ descriptors: number; growth: number }>(`
      ${mixture}
      ${growthPerRound}
      const growth = await growthPerRound(async () => {
        for (let i = 0; i < 30; i++) await round();
        await settle(before);
      });
      console.log(JSON.stringify({ descriptors: open() - before, growth }));`);
    expect(descriptors).toBe(0);
    expect(growth).toBeLessThan(4);
  });

  it('a single call repeated leaves nothing behind', async () => {
    const { descriptors, growth } = await run<{ descriptors: number; growth: number }>(`
      ${growthPerRound}
      const fields = ['cmdline', 'uid'];
      const growth = await growthPerRound(() => {
        for (let i = 0; i < 40000; i++) procseek.findByPidSync(process.pid, { fields });
      });
      console.log(JSON.stringify({ descriptors: open() - before, growth }));`);
    expect(descriptors).toBe(0);
    expect(growth).toBeLessThan(4);
  });
});
