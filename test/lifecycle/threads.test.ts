/** Threads: other workers with the same questions, and a thread pool that others keep busy. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Crowd, gather, load, resultOf } from '../fault/support.js';

let crowd: Crowd;
beforeAll(async () => {
  crowd = await gather(100);
});
afterAll(() => crowd.disperse());

/** Asks everything there is to ask about the crowd, and throws when an answer is wrong. */
const inquiry = () => `
  const pids = ${JSON.stringify(crowd.pids)};
  const wanted = new Set(pids);
  const expected = JSON.stringify([...pids].sort((a, b) => a - b));
  function check(question, found) {
    const seen = found.map(({ pid }) => pid).filter((pid) => wanted.has(pid));
    if (JSON.stringify(seen) !== expected) throw new Error(question + ' told ' + seen);
    for (const { pid, name } of found) {
      if (wanted.has(pid) && name !== 'sleep') throw new Error(pid + ' is called ' + name);
    }
  }
  async function collect(rows) {
    const found = [];
    for await (const row of rows) found.push(row);
    return found;
  }
  async function inquire() {
    const fields = ['name', 'cmdline'];
    const [byName, byPattern, streamed, batched, listed] = await Promise.all([
      procseek.findByName('sleep', { fields }),
      procseek.findByName(/^sleep$/),
      collect(procseek.scan({}, { fields })),
      collect(procseek.scan().batches()),
      collect(procseek.scan({ pids })),
    ]);
    check('findByName', byName);
    check('findByName of a RegExp', byPattern);
    check('scan', streamed);
    check('scan in batches', batched.flat());
    check('scan of PIDs', listed);
    check('findByNameSync', procseek.findByNameSync('sleep'));
    check('scanSync', [...procseek.scanSync({}, { fields })]);
    const each = await Promise.all(pids.map((pid) => procseek.findByPid(pid, { fields })));
    each.forEach(({ pid, name, cmdline }, i) => {
      if (pid !== pids[i] || name !== 'sleep' || cmdline[0] !== 'sleep') throw new Error('findByPid ' + pid);
    });
  }
  async function inquireTimes(times) { for (let i = 0; i < times; i++) await inquire(); }`;

describe('lookups', () => {
  it('are answered in workers and in the main thread at the same time', async () => {
    const answered = await resultOf<string[]>(
      `${load} ${inquiry()}
      const { Worker } = require('node:worker_threads');
      const script = ${JSON.stringify(`${load} ${inquiry()}
        inquireTimes(20).then(() => require('node:worker_threads').parentPort.postMessage('worker'));`)};
      const worker = () => new Promise((resolve, reject) => {
        new Worker(script, { eval: true }).once('message', resolve).once('error', reject);
      });
      Promise.all([worker(), worker(), worker(), inquireTimes(20).then(() => 'main')])
        .then((answered) => console.log(JSON.stringify(answered)));`,
    );
    expect(answered).toEqual(['worker', 'worker', 'worker', 'main']);
  });

  it('are answered when the thread pool has much else to do', async () => {
    const order = await resultOf<string[]>(
      `${load} ${inquiry()}
      const { pbkdf2 } = require('node:crypto');
      const order = [];
      const work = (i) => new Promise((resolve) =>
        pbkdf2('', '', 300000, 64, 'sha512', () => { order.push('work'); resolve(); }));
      const jobs = Array.from({ length: 8 }, (_, i) => work(i));
      const asked = [inquire().then(() => order.push('answer'))];
      if (procseek.findByPidSync(process.pid).pid === process.pid) order.push('sync');
      Promise.all([...jobs, ...asked]).then(() => console.log(JSON.stringify(order)));`,
    );
    expect(order[0]).toBe('sync');
    expect(order.toSorted()).toEqual(['answer', 'sync', ...Array<string>(8).fill('work')]);
  });

  it('are answered by a pool of one thread', async () => {
    const answered = await resultOf(
      `${load} ${inquiry()}
      Promise.all([inquireTimes(5), inquireTimes(5), inquireTimes(5)]).then(() => console.log(true));`,
      { env: { UV_THREADPOOL_SIZE: '1' } },
    );
    expect(answered).toBe(true);
  });
});

describe('a stream', () => {
  const told = (body: string) =>
    resultOf<number[]>(
      `${load} const pids = ${JSON.stringify(crowd.pids)};
      (async () => {
        const seen = [];
        ${body}
        const wanted = new Set(pids);
        console.log(JSON.stringify(seen.filter((pid) => wanted.has(pid))));
      })();`,
    );
  const ascending = () => crowd.pids.toSorted((a, b) => a - b);

  it('answers overlapping next() in turn, each process once', async () => {
    const seen = await told(`
      const stream = procseek.scan();
      for (let done = false; !done; ) {
        const results = await Promise.all(Array.from({ length: 13 }, () => stream.next().catch(() => ({ done: true }))));
        for (const result of results) if (result.value) seen.push(result.value.pid);
        done = results.some((result) => result.done);
      }`);
    expect(seen).toEqual(ascending());
  });

  it('is shared by several readers without a process told twice or to nobody', async () => {
    const seen = await told(`
      const stream = procseek.scan({}, { fields: ['uid', 'name'] });
      const reader = async () => {
        for (;;) {
          const { done, value } = await stream.next().catch(() => ({ done: true }));
          if (done) return;
          seen.push(value.pid);
          if (value.pid % 3 === 0) await new Promise(setImmediate);
        }
      };
      await Promise.all([reader(), reader(), reader()]);
      seen.sort((a, b) => a - b);`);
    expect(seen).toEqual(ascending());
  });

  it('goes on while other streams, lookups and synchronous passes come and go', async () => {
    const seen = await told(`
      for await (const { pid } of procseek.scan()) {
        seen.push(pid);
        const other = procseek.scan();
        if (pid % 2) await other.next();
        if (pid % 5 === 0) await procseek.findByName('absent');
        if (pid % 7 === 0) procseek.findByNameSync(/absent/);
        other.close();
      }`);
    expect(seen).toEqual(ascending());
  });

  it('that is closed in the middle of a step does not confuse the next one', async () => {
    const seen = await told(`
      for (let i = 0; i < 100; i++) {
        const stream = procseek.scan();
        const step = stream.next();
        if (i % 2) await new Promise(setImmediate);
        stream.close();
        await step.catch(() => {});
      }
      for await (const { pid } of procseek.scan()) seen.push(pid);`);
    expect(seen).toEqual(ascending());
  });
});
