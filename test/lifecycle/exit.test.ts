/** A process or a worker that ends at an unfortunate moment ends well all the same. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Crowd, cleanExit, gather, load, runScript } from '../fault/support.js';

/** Long enough a table for a step to be under way when the end comes. */
let crowd: Crowd;
beforeAll(async () => {
  crowd = await gather(300);
});
afterAll(() => crowd.disperse());

/** What happens before `end()`. */
const stages: Record<string, string> = {
  'before the library is loaded': `end();`,
  'after the library was loaded': `${load} end();`,
  'with a stream that was never read': `${load} const stream = procseek.scan(); end();`,
  'with a step that was just asked for': `${load} procseek.scan().next(); end();`,
  'with a step under way': `${load} const stream = procseek.scan({}, { fields: procseek.fieldNames });
     stream.next(); setImmediate(end);`,
  'with several steps under way': `${load} for (let i = 0; i < 10; i++) procseek.scan({}, { fields: ['uid', 'cmdline'] }).next();
     setImmediate(end);`,
  'between two steps': `${load} const stream = procseek.scan(); await stream.next(); end();`,
  'with steps queued behind each other': `${load} const stream = procseek.scan(); for (let i = 0; i < 100; i++) stream.next(); end();`,
  'after the last step': `${load} for await (const _ of procseek.scan()); end();`,
  'after a stream was closed': `${load} const stream = procseek.scan(); await stream.next(); stream.close(); end();`,
  'after a stream was closed in the middle of a step': `${load} const stream = procseek.scan(); stream.next().catch(() => {});
     setImmediate(() => { stream.close(); end(); });`,
  'after a stream was aborted in the middle of a step': `${load} const controller = new AbortController();
     procseek.scan({}, { signal: controller.signal }).next().catch(() => {});
     setImmediate(() => { controller.abort(); end(); });`,
  'with an iterator left in the middle': `${load} const rows = procseek.scanSync()[Symbol.iterator](); rows.next(); end();`,
  'with a lookup by PID under way': `${load} procseek.findByPid(process.pid); end();`,
  'with many lookups by PID under way': `${load} for (let i = 0; i < 500; i++) procseek.findByPid(i, { fields: ['user', 'cmdline'] });
     setImmediate(end);`,
  'with a lookup by name under way': `${load} procseek.findByName('absent'); setImmediate(end);`,
  'with lookups by name that wait for the next pass': `${load} procseek.findByName('absent');
     setImmediate(() => { procseek.findByName('sleep'); procseek.findByName(/./); end(); });`,
  'with children under way': `${load} procseek.children(1, { recursive: true }); setImmediate(end);`,
  'with everything queued behind other work': `${load} const { pbkdf2 } = require('node:crypto');
     for (let i = 0; i < 8; i++) pbkdf2('', '', 1e5, 64, 'sha512', () => {});
     procseek.findByPid(1); procseek.findByName('absent'); procseek.scan().next();
     procseek.children(1); end();`,
  'with waits that were aborted in the same moment': `${load} const controller = new AbortController();
     for (let i = 0; i < 10; i++) procseek.waitForExit(1, { signal: controller.signal }).catch(() => {});
     controller.abort(); end();`,
  'with waits that were aborted a moment ago': `${load} const controller = new AbortController();
     for (let i = 0; i < 10; i++) procseek.waitForExit(1, { signal: controller.signal }).catch(() => {});
     setImmediate(() => { controller.abort(); setImmediate(end); });`,
  'when a wait has just been over': `${load} const child = require('node:child_process').spawn('true');
     procseek.waitForExit(child.pid).then(end);`,
  'while processes end that are waited for': `${load} const { spawn } = require('node:child_process');
     for (let i = 0; i < 5; i++) procseek.waitForExit(spawn('true').pid);
     setTimeout(end, 3);`,
  'with a wait begun in its exit handlers': `${load} process.on('exit', () => {
       procseek.waitForExit(1); procseek.kill(process.pid, 0);
     });
     end();`,
  'while a result is being delivered': `${load} procseek.findByName('absent').then(end);`,
  'from within an iteration': `${load} for await (const _ of procseek.scan()) end();`,
  'from within a synchronous iteration': `${load} for (const _ of procseek.scanSync()) end();`,
  'when all handles were abandoned': `${load} for (let i = 0; i < 20; i++) await procseek.scan().next(); end();`,
  'with a watcher just made': `${load} const watcher = procseek.watch(/./); watcher.unref(); end();`,
  'with a watcher about to be ready': `${load} const watcher = procseek.watch(/./).unref();
     watcher.on('start', () => {}); setImmediate(end);`,
  'with watchers of both kinds': `${load} const watchers = ['auto', 'polling'].map((backend) =>
       procseek.watch(/./, { backend, interval: 10 }));
     await Promise.all(watchers.map(({ ready }) => ready)); for (const one of watchers) one.unref(); end();`,
  'from within a listener of a watcher': `${load} const watcher = procseek.watch(/./).unref();
     watcher.once('start', end); await watcher.ready;`,
  'from within an iteration over a watcher': `${load} for await (const _ of procseek.watch(/./)) { end(); break; }`,
  'after a watcher was closed': `${load} const watcher = procseek.watch(/./); watcher.close(); end();`,
  'while a watcher is being disposed of': `${load} const watcher = procseek.watch(/./); globalThis.held = watcher;
     await watcher.ready; watcher[Symbol.asyncDispose](); end();`,
  'with a watcher made in its exit handlers': `${load} process.on('exit', () => { procseek.watch(/./); procseek.watch('x').close(); }); end();`,
  'with lookups in its exit handlers': `${load} process.on('exit', () => {
       procseek.findByNameSync('absent'); for (const _ of procseek.scanSync()) break;
       procseek.findByPid(1); procseek.scan().next(); procseek.findByName('absent');
     });
     end();`,
};

/** The same, of what keeps a process from ending by itself. */
const endlessStages: Record<string, string> = {
  'with a wait for an exit under way': `${load} procseek.waitForExit(process.ppid); end();`,
  'with many waits for an exit under way': `${load} for (let i = 0; i < 500; i++) procseek.waitForExit(1);
     setImmediate(end);`,
  'with a wait for the end of itself': `${load} procseek.waitForExit(process.pid); setImmediate(end);`,
  'with waits of which some are over': `${load} procseek.waitForExit(1);
     const child = require('node:child_process').spawn('true');
     procseek.waitForExit(child.pid).then(end);`,
};

const exiting = (stage: string) =>
  `(async () => { const end = () => process.exit(); ${stage} })();`;

/** Ends by itself, when nothing is left to do. */
const finishing = (stage: string) => `(async () => { const end = () => {}; ${stage} })();`;

/** In a worker that ends itself; 3 when the worker fails. */
const inWorker = (stage: string) => `
  const { Worker } = require('node:worker_threads');
  const worker = new Worker(${JSON.stringify(exiting(stage))}, { eval: true });
  worker.on('error', (error) => { console.error(error); process.exitCode = 3; });
  worker.on('exit', (code) => { if (code !== 0) process.exitCode = 3; });`;

/** In a worker that is ended from outside as soon as it says so. */
const terminated = (stage: string) => `
  const { Worker } = require('node:worker_threads');
  const script = ${JSON.stringify(`(async () => {
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', () => {});
    const end = () => parentPort.postMessage('end');
    ${stage}
  })();`)};
  const worker = new Worker(script, { eval: true });
  worker.on('error', (error) => { console.error(error); process.exitCode = 3; });
  worker.once('message', () => worker.terminate());`;

/** In a worker, while the whole process exits. */
const withProcess = (stage: string) => `
  const { Worker } = require('node:worker_threads');
  const script = ${JSON.stringify(`(async () => {
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', () => {});
    const end = () => parentPort.postMessage('end');
    ${stage}
  })();`)};
  const worker = new Worker(script, { eval: true });
  worker.on('error', (error) => { console.error(error); process.exit(3); });
  worker.once('message', () => process.exit());`;

const endings = {
  'process.exit()': exiting,
  'the end of the script': finishing,
  'process.exit() in a worker': inWorker,
  'worker.terminate()': terminated,
  'process.exit() next to a worker': withProcess,
};

describe.each(Object.entries(endings))('%s', (_, ending) => {
  const possible = ending === finishing ? stages : { ...stages, ...endlessStages };
  it.each(Object.entries(possible))('is clean %s', async (_, stage) => {
    expect(await runScript(ending(stage))).toEqual(cleanExit);
  });
});
