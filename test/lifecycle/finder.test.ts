/** Finders in threads and processes that end at any moment, and finders that are used all the time. */
import { describe, expect, it } from 'vitest';
import { cleanExit, growthPerRound, load, resultOf, runScript } from '../fault/support.js';
import { optionsHere } from '../support/engines.js';
import { onlyIf } from '../support/requirements.js';

/** What a worker does over and over again, with `options` and a finder that is open. */
const loops: Record<string, string> = {
  openFinder: `const f = await procseek.openFinder(options); f.close();`,
  'openFinder, several at a time': `const all = await Promise.all([1, 2, 3].map(() => procseek.openFinder(options)));
    for (const f of all) f.close();`,
  'openFinder, left open': `const f = await procseek.openFinder(options); f.findByNameSync('absent');
    (globalThis.open ??= []).push(f); if (open.length > 5) open.shift();`,
  'openFinder, not waited for': `for (let i = 0; i < 3; i++) void procseek.openFinder(options); await null;
    if (turns % 3 === 0) await procseek.openFinder(options);`,
  'openFinder by the best engine': `const f = await procseek.openFinder(); await f.findByName('absent'); f.close();`,
  capabilities: `procseek.capabilities(); await null;`,
  findByName: `await finder.findByName('absent');`,
  'findByName, overlapping': `await Promise.all([/^sleep$/, 'a', 'b'].map((name) => finder.findByName(name, { fields: ['cmdline'] })));`,
  'findByName of a finder that is closed meanwhile': `const f = await procseek.openFinder(options);
    const found = f.findByName('absent').catch(() => {}); await null; f.close(); await found;`,
  scan: `for await (const _ of finder.scan({}, { fields: ['uid', 'cmdline'] }));`,
  'scan, abandoned': `await finder.scan().next();`,
  'scan of a finder that is closed meanwhile': `const f = await procseek.openFinder(options);
    const s = f.scan(); const n = s.next(); f.close(); await n.catch(() => {});`,
  'findByPid and children': `await Promise.all([finder.findByPid(process.pid), finder.children(process.pid, { recursive: true })]);`,
  'synchronous lookups': `finder.findByNameSync(['absent', 'node']); finder.findByPidSync(1); finder.exists(1);
    for (const _ of finder.scanSync()) break; for (const _ of finder.scanSync({}, { fields: ['cpuTime'] })); await null;`,
};

const workers = (options: string) => `
  const fs = require('node:fs');
  const { Worker } = require('node:worker_threads');
  const { setTimeout: sleep } = require('node:timers/promises');
  const count = () => fs.readdirSync('/proc/self/fd').length;
  const maps = () => fs.readFileSync('/proc/self/maps', 'utf8').split('bpf-map').length - 1;
  const loops = ${JSON.stringify(Object.values(loops))};
  let seed = 20261124;
  function random(limit) {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * limit);
  }
  function begin(loop) {
    const worker = new Worker(\`${load}
      const { parentPort } = require('node:worker_threads');
      const options = ${options};
      let turns = 0;
      (async () => {
        const finder = await procseek.openFinder(options);
        globalThis.kept = finder;
        for (;;) {
          \${loop}
          if (++turns === 1) parentPort.postMessage('begun');
          if (turns % 10 === 0) await new Promise(setImmediate);
        }
      })();\`, { eval: true });
    return new Promise((resolve, reject) => {
      worker.once('message', () => resolve(worker));
      worker.once('error', reject);
    });
  }
  /** What ended a moment ago may yet be at it. */
  async function left(before) {
    for (const deadline = Date.now() + 60000; Date.now() < deadline; await sleep(5)) {
      if (count() <= before.fds && maps() <= before.maps) break;
    }
    return { fds: count() - before.fds, maps: maps() - before.maps };
  }
  async function warmUp() {
    const worker = await begin('await null; await procseek.findByName("absent");');
    await worker.terminate();
    await sleep(10);
    return { fds: count(), maps: maps() };
  }`;

const nothing = { fds: 0, maps: 0 };
const engines = Object.entries(optionsHere).filter(([name]) => name !== 'bpf over processes');

/** One that keeps nothing is what test/lifecycle/terminate.test.ts is about. */
const keeping = engines.filter(([name]) => name !== 'procfs');

describe.each(keeping)(
  'with a finder by %s, a worker that is terminated ends well',
  (name, options) => {
    const terminated = (body: string) =>
      resultOf(`${workers(options)}
      (async () => {
        const before = await warmUp();
        ${body}
        console.log(JSON.stringify(await left(before)));
      })();`);

    // All of them are below.
    it.each(Object.entries(loops))(
      'during %s',
      onlyIf(
        name !== 'bpf over threads',
        'would take minutes, and shows no more than over processes',
      ),
      async (_, loop) => {
        const after = await terminated(`
      for (let i = 0; i < 4; i++) {
        const worker = await begin(${JSON.stringify(loop)});
        await sleep(random(11));
        await worker.terminate();
      }`);
        expect(after).toEqual(nothing);
      },
    );

    it('during any of them, several at once', async () => {
      const after = await terminated(`
      for (let i = 0; i < loops.length; i += 4) {
        const all = await Promise.all([0, 1, 2, 3].map((n) => begin(loops[(i + n) % loops.length])));
        await sleep(random(11));
        await Promise.all(all.map((worker) => worker.terminate()));
      }`);
      expect(after).toEqual(nothing);
    });

    it('before it got anywhere', async () => {
      const after = await terminated(`
      for (let i = 0; i < 6; i++) {
        const worker = new Worker(\`${load}
          for (let i = 0; i < 50; i++) procseek.openFinder(${options}).then((f) => f.findByNameSync('absent'));\`,
          { eval: true });
        await sleep(random(60));
        await worker.terminate();
      }`);
      expect(after).toEqual(nothing);
    });
  },
);

describe.each(engines)('with a finder by %s, a process exits well', (_, options) => {
  const finder = `${load} procseek.openFinder(${options}).then(async (finder) => {`;

  it.each([
    [
      'while it is being opened',
      `${load} procseek.openFinder(${options}); setImmediate(() => process.exit());`,
    ],
    ['when it has just been asked for', `${load} procseek.openFinder(${options}); process.exit();`],
    ['with it open', `${finder} process.exit(); });`],
    ['with it open, by itself', `${finder} finder.findByNameSync('absent'); });`],
    [
      'in the middle of a lookup',
      `${finder} finder.findByName(/x/); finder.findByPid(1); setImmediate(() => process.exit()); });`,
    ],
    [
      'in the middle of a stream',
      `${finder} for await (const _ of finder.scan()) process.exit(); });`,
    ],
    [
      'in the middle of an iteration',
      `${finder} for (const _ of finder.scanSync()) process.exit(); });`,
    ],
    [
      'with a lookup that is not waited for',
      `${finder} finder.findByName('absent'); finder.scan().next(); finder.close(); });`,
    ],
  ])('%s', async (_, script) => {
    const tolerant = `process.on('unhandledRejection', ({ code }) => {
      if (code !== 'ERR_FINDER_CLOSED') process.exitCode = 1;
    }); ${script}`;
    expect(await runScript(tolerant)).toEqual(cleanExit);
  });
});

describe.each(engines)('a finder by %s', (_, options) => {
  it('answers whoever asks, in any way, all at the same time', async () => {
    const outcome = await resultOf<{ errors: string[]; rounds: number[] }>(`${load}
      const { spawn } = require('node:child_process');
      const errors = [];
      const isSelf = ({ pid }) => pid === process.pid;
      const check = (what, isRight) => { if (!isRight) throw new Error(what); };
      (async () => {
        const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
        await new Promise((resolve) => child.once('spawn', resolve));
        const finder = await procseek.openFinder(${options});
        const name = finder.findByPidSync(process.pid).name;
        const end = performance.now() + 1000;
        const asks = [
          async () => check('byName', (await finder.findByName(name, { fields: ['uid'] })).some(isSelf)),
          async () => check('byPattern', (await finder.findByName(/./, { fields: ['exe'] })).some(isSelf)),
          async () => check('none', (await finder.findByName(['absent', 'as well'])).length === 0),
          async () => check('byPid', (await finder.findByPid(process.pid)).pid === process.pid),
          async () => check('children', (await finder.children(process.pid)).some(({ pid }) => pid === child.pid)),
          async () => { let seen = false; for await (const one of finder.scan()) seen ||= isSelf(one); check('scan', seen); },
          async () => { for await (const _ of finder.scan({}, { fields: ['cpuTime'] })) break; },
          async () => check('sync', finder.findByNameSync(name).some(isSelf)),
          async () => { let seen = false; for (const one of finder.scanSync({}, { fields: ['name'] })) seen ||= isSelf(one); check('scanSync', seen); },
          async () => check('exists', finder.exists(process.pid) && finder.isRunning(finder.findByPidSync(child.pid))),
          async () => check('memory', finder.memory >= 0),
        ];
        const rounds = await Promise.all([...asks, ...asks].map(async (ask, i) => {
          let round = 0;
          do {
            await ask().catch((error) => errors.push(i + ': ' + error.message));
            await new Promise(setImmediate);
            round++;
          } while (performance.now() < end && errors.length < 5);
          return round;
        }));
        child.kill('SIGKILL');
        finder.close();
        console.log(JSON.stringify({ errors, rounds }));
      })();`);
    expect(outcome.errors).toEqual([]);
    for (const rounds of outcome.rounds) expect(rounds).toBeGreaterThan(0);
  });

  it('leaves no memory behind, opened and closed fifty times', async () => {
    const { growth, fds } = await resultOf<{ growth: number; fds: number }>(
      `${load}
      const fs = require('node:fs');
      ${growthPerRound}
      const count = () => fs.readdirSync('/proc/self/fd').length;
      async function round(times) {
        for (let i = 0; i < times; i++) {
          const finder = await procseek.openFinder(${options});
          finder.findByNameSync(['absent', 'node']);
          await finder.findByName('absent');
          for (const _ of finder.scanSync());
          await finder.scan().next();
          finder.close();
        }
        gc();
        await new Promise(setImmediate);
      }
      (async () => {
        await round(20);
        const before = count();
        const growth = await growthPerRound(() => round(50));
        console.log(JSON.stringify({ growth, fds: count() - before }));
      })();`,
      { flags: ['--expose-gc'] },
    );
    expect(fds).toBe(0);
    expect(growth).toBeLessThan(4);
  });
});
