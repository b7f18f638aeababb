/** Workers that are terminated at random moments, and the addon in many workers. */
import { describe, expect, it } from 'vitest';
import { cleanExit, load, runScript } from '../fault/support.js';

/** What a worker does over and over again until it is ended. */
const loops: Record<string, string> = {
  findByName: `await procseek.findByName('absent');`,
  'findByName of a RegExp': `await procseek.findByName(/^(node|sh)$/, { fields: ['cmdline', 'uid'] });`,
  'findByName, overlapping': `await Promise.all([1, 2, 3].map((n) => procseek.findByName('no' + n)));`,
  scan: `for await (const _ of procseek.scan({}, { fields: ['uid', 'cmdline'] }));`,
  'scan, left early': `for await (const _ of procseek.scan()) break;`,
  'scan, abandoned': `await procseek.scan().next();`,
  'scan, closed during a step': `const s = procseek.scan(); const n = s.next(); s.close(); await n.catch(() => {});`,
  findByPid: `await procseek.findByPid(process.pid, { fields: procseek.fieldNames });`,
  'findByPid, many': `await Promise.all(Array.from({ length: 50 }, (_, i) => procseek.findByPid(i)));`,
  children: `await procseek.children(process.pid, { recursive: true });`,
  'waitForExit, begun and aborted': `const c = new AbortController();
    const waits = [1, 2, 3].map(() => procseek.waitForExit(process.pid, { signal: c.signal }));
    await null; c.abort(); await Promise.allSettled(waits);`,
  'waitForExit, piling up': `for (let i = 0; i < 5; i++) procseek.waitForExit(process.pid); await null;
    if (procseek.waitStats().waiting > 200) await new Promise(() => {});`,
  'waitForExit of processes that end': `const child = require('node:child_process').spawn('true', { stdio: 'ignore' });
    await procseek.waitForExit(child.pid);`,
  kill: `procseek.kill(process.pid, 0); procseek.kill(procseek.findByPidSync(process.pid), 0); await null;`,
  'watch, closed': `const w = procseek.watch(/./); await w.ready; w.close();`,
  'watch, disposed': `const w = procseek.watch('x', { backend: 'polling' }); await w[Symbol.asyncDispose]();`,
  'watch, left': `for await (const _ of procseek.watch(/./)) break;`,
  'watch, kept open': `(globalThis.open ??= []).push(procseek.watch(/./, { interval: 10, backend: turns % 2 ? 'auto' : 'polling' }));
    if (open.length > 5) open.shift().close(); await new Promise(setImmediate);`,
  'synchronous lookups': `procseek.findByNameSync('absent'); procseek.findByPidSync(1); await null;
    for (const _ of procseek.scanSync()) break;`,
};

/** `begin` resolves once the worker is in its loop. The random numbers are the same each time. */
const workers = `
  const { Worker } = require('node:worker_threads');
  const { setTimeout: sleep } = require('node:timers/promises');
  const loops = ${JSON.stringify(Object.values(loops))};
  let seed = 20261123;
  function random(limit) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  }
  function begin(loop) {
    const worker = new Worker(\`${load}
      const { parentPort } = require('node:worker_threads');
      let turns = 0;
      (async () => {
        for (;;) {
          \${loop}
          if (++turns === 1) parentPort.postMessage('begun');
          if (globalThis.gc && turns % 7 === 0) globalThis.gc({ execution: 'sync', type: 'minor' });
          if (turns % 10 === 0) await new Promise(setImmediate);
        }
      })();\`, { eval: true });
    return new Promise((resolve, reject) => {
      worker.once('message', () => resolve(worker));
      worker.once('error', reject);
    });
  }`;

const oneByOne = (loop: string, count: number) => `${workers}
  (async () => {
    for (let i = 0; i < ${count}; i++) {
      const worker = await begin(${JSON.stringify(loop)});
      await sleep(random(11));
      await worker.terminate();
    }
  })();`;

describe('a worker that is terminated at a random moment ends well', () => {
  it.each(Object.entries(loops))('during %s', async (_, loop) => {
    expect(await runScript(oneByOne(loop, 25))).toEqual(cleanExit);
  });

  it('during any of them, fifty times, with garbage collected all the time', async () => {
    const script = `${workers}
      (async () => {
        for (let i = 0; i < 50; i++) {
          const worker = await begin(loops[i % loops.length]);
          gc();
          await sleep(random(11));
          await worker.terminate();
          gc();
        }
      })();`;
    expect(await runScript(script, { flags: ['--expose-gc'] })).toEqual(cleanExit);
  });

  it('before it got anywhere', async () => {
    const script = `${workers}
      (async () => {
        for (let i = 0; i < 30; i++) {
          const worker = new Worker(\`${load} for (;;) procseek.findByPid(1).catch(() => {}),
            procseek.findByNameSync('absent');\`, { eval: true });
          await sleep(random(60));
          await worker.terminate();
        }
      })();`;
    expect(await runScript(script)).toEqual(cleanExit);
  });

  it('with a single pool thread that is behind with its work', async () => {
    const script = `${workers}
      (async () => {
        for (let i = 0; i < 10; i++) {
          const busy = await begin('await procseek.findByName("absent");');
          const flood = await begin('for (let i = 0; i < 200; i++) procseek.findByPid(1); await null;');
          await sleep(random(11));
          await Promise.all([busy.terminate(), flood.terminate()]);
        }
      })();`;
    expect(await runScript(script, { env: { UV_THREADPOOL_SIZE: '1' } })).toEqual(cleanExit);
  });
});

describe('several workers', () => {
  it('that run at once are terminated at once', async () => {
    const script = `${workers}
      (async () => {
        for (let i = 0; i < 5; i++) {
          const all = await Promise.all([0, 1, 2, 3].map((n) => begin(loops[(i + n) % loops.length])));
          await sleep(random(11));
          await Promise.all(all.map((worker) => worker.terminate()));
        }
      })();`;
    expect(await runScript(script)).toEqual(cleanExit);
  });

  it('do not keep the process from exiting in the middle of their work', async () => {
    const script = `${workers}
      (async () => {
        await Promise.all(loops.slice(0, 4).map(begin));
        await sleep(random(11));
        process.exit();
      })();`;
    for (let i = 0; i < 10; i++) {
      expect(await runScript(script.replace('20261123', String(i)))).toEqual(cleanExit);
    }
  });

  it('load the addon one after the other, and the main thread before or after them', async () => {
    const load20 = (before: string, after: string) => `
      const { Worker } = require('node:worker_threads');
      ${before}
      const task = ${JSON.stringify(`${load}
        (async () => {
          const found = await procseek.findByPid(process.pid);
          if (found.pid !== process.pid) process.exit(4);
        })();`)};
      (async () => {
        for (let i = 0; i < 20; i++) {
          const worker = new Worker(task, { eval: true });
          const code = await new Promise((resolve) => worker.once('exit', resolve));
          if (code !== 0) process.exit(code);
        }
        ${after}
        if (procseek.findByPidSync(process.pid).pid !== process.pid) process.exit(5);
      })();`;
    expect(await runScript(load20(load, ''))).toEqual(cleanExit);
    expect(await runScript(load20('', load))).toEqual(cleanExit);
  });
});
