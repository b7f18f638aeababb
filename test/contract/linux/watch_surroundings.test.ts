/** The same processes, watched by other users and in other surroundings. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { asTold } from '../../support/kernel.js';
import {
  asNobody,
  inPidNamespace,
  inProcess,
  type Surroundings,
  type Tools,
} from '../../support/library.js';
import { slowness } from '../../support/platform.js';
import { isRoot } from '../../support/requirements.js';
import { needs } from '../../support/system.js';
import { events, whyNoEvents } from '../../support/watching.js';

interface Played {
  told: {
    type: string;
    name: string;
    existing?: boolean;
    previousName?: string | null;
    code?: number | null;
    signal?: string | null;
  }[];
  isExact: boolean;
  backend: string | null;
  reason: string | null;
  demanded: { code: string; message: string };
}

/** One existing, one that begins and exits, one that is renamed and killed. */
async function play(
  { procseek, require }: Tools,
  { options, patience }: { options: object; patience: number },
): Promise<Played> {
  const { spawn } = require('node:child_process') as typeof import('node:child_process');
  const prefix = `w${process.pid.toString(36)}`;
  const code = `import ctypes, os, sys
print('ready', flush=True)
for line in iter(sys.stdin.readline, ''):
    word, _, rest = line.strip().partition(' ')
    if word == 'rename': ctypes.CDLL(None).prctl(15, rest.encode())
    if word == 'exit': os._exit(int(rest))
    print('done', flush=True)`;
  const begin = async () => {
    const child = spawn('/usr/bin/python3', ['-I', '-S', '-c', code]);
    const line = () => new Promise((resolve) => child.stdout.once('data', resolve));
    await line();
    return {
      kill: () => process.kill(child.pid ?? 0, 'SIGKILL'),
      async say(words: string) {
        child.stdin.write(`${words}\n`);
        if (!words.startsWith('exit')) await line();
      },
    };
  };
  const until = async (condition: () => boolean) => {
    const deadline = Date.now() + patience;
    while (!condition() && Date.now() < deadline) await new Promise((r) => setTimeout(r, 5));
  };
  const told: Played['told'] = [];
  const [existing, grown] = [await begin(), await begin()];
  await existing.say(`rename ${prefix}a`);
  await new Promise((resolve) => setTimeout(resolve, 1250));
  const watcher = procseek.watch(new RegExp(`^${prefix}`), options);
  for (const type of ['start', 'exit', 'rename'] as const) {
    watcher.on(type, ({ process, ...rest }: { process: { name: string } }) => {
      told.push({ type, name: process.name.slice(prefix.length), ...rest });
    });
  }
  await watcher.ready;
  await grown.say(`rename ${prefix}b`);
  await until(() => told.length === 2);
  await grown.say(`rename ${prefix}c`);
  await until(() => told.length === 3);
  await grown.say('rename other');
  await until(() => told.length === 4);
  await grown.say(`rename ${prefix}d`);
  await until(() => told.length === 5);
  const during = watcher.processes.size;
  await existing.say('exit 7');
  await until(() => told.length === 6);
  grown.kill();
  await until(() => told.length === 7);
  const { backend, reason } = watcher.stats;
  const isExact = during === 2 && watcher.processes.size === 0;
  watcher.close();
  const demanding = procseek.watch({ pids: [1] }, { backend: 'events' });
  const demanded = await demanding.ready.then(
    () => ({ code: '', message: '' }),
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  );
  demanding.close();
  return { told, isExact, backend, reason, demanded };
}

const polling = { backend: 'polling', interval: 50, cpuBudget: 1 };
const surroundings: [string, Surroundings, object, string | null][] = [
  ['as root', {}, events, null],
  ['as another user', asNobody, events, null],
  ['by polling', {}, polling, null],
  ['by polling as another user', asNobody, polling, null],
  [
    'in a PID namespace',
    inPidNamespace,
    { ...polling, backend: 'auto' },
    'not in the initial PID namespace',
  ],
  [
    'in a user namespace',
    { launcher: ['/usr/bin/unshare', '--user', '--map-root-user'] },
    { ...polling, backend: 'auto' },
    'not in the initial user namespace',
  ],
  [
    'in a network namespace',
    { launcher: ['/usr/bin/unshare', '--net'] },
    { ...polling, backend: 'auto' },
    'network namespace',
  ],
];

const whyNot = await whyNoEvents();

describe.each(surroundings)('A watch %s', (_, where, options, reason) => {
  const wantsEvents = !('backend' in options);
  const isOfNetwork = reason === 'network namespace'; // which is found out last
  let played: Played;
  const isOfRoot = where.launcher !== undefined && !where.launcher.includes('--user');
  const whyNoRoot = isOfRoot && !isRoot ? 'needs root' : undefined;
  // Without events, what follows does the same.
  const why = whyNoRoot ?? (wantsEvents ? whyNot : undefined);
  beforeAll(async () => {
    const patience = 30_000 * slowness;
    if (why === undefined) played = await inProcess(where, { options, patience }, play);
  });
  beforeEach(({ skip }) => skip(why !== undefined, why));

  test('tells all that happens', () => {
    expect(played.told).toEqual([
      { type: 'start', existing: true, name: 'a' },
      { type: 'rename', matches: true, previousName: null, name: 'b' },
      { type: 'rename', matches: true, previousName: expect.stringMatching(/b$/), name: 'c' },
      {
        type: 'rename',
        matches: false,
        previousName: expect.stringMatching(/c$/),
        name: expect.anything(),
      },
      { type: 'rename', matches: true, previousName: null, name: 'd' },
      asTold({ type: 'exit', code: 7, signal: null, name: 'a' }),
      asTold({ type: 'exit', code: null, signal: 'SIGKILL', name: 'd' }),
    ]);
    expect(played.isExact).toBe(true);
  });

  test('tells how it learns of it, and why not from the kernel', ({ skip }) => {
    if (isOfNetwork) skip(whyNot !== undefined, whyNot);
    expect(played.backend).toBe(wantsEvents ? 'events' : 'polling');
    if (reason === null) expect(played.reason).toBeNull();
    else expect(played.reason).toContain(reason);
  });

  test('fails when events are demanded, and says why', ({ skip }) => {
    if (reason === null) return skip('nothing stands in the way of events here');
    if (isOfNetwork) skip(whyNot !== undefined, whyNot);
    expect(played.demanded.code).toBe('ENOTSUP');
    expect(played.demanded.message).toContain(reason);
  });
});

test('Of a PID that was given to another process, one end and one start are told', async (context) => {
  needs(context, 'namespaces');
  const result = await inProcess(inPidNamespace, 0, async ({ procseek, require }) => {
    const { spawn } = require('node:child_process') as typeof import('node:child_process');
    const { writeFileSync } = require('node:fs') as typeof import('node:fs');
    const { once } = require('node:events') as typeof import('node:events');
    const watcher = procseek.watch('sleep', { interval: 20, cpuBudget: 1, fields: ['id'] });
    const told: { type: string; pid: number; id: string }[] = [];
    for (const type of ['start', 'exit', 'rename'] as const) {
      watcher.on(type, ({ process }: { process: { pid: number; id: string } }) => {
        told.push({ type, ...process });
      });
    }
    await watcher.ready;
    const until = async (condition: () => boolean) => {
      const deadline = Date.now() + 30_000;
      while (!condition() && Date.now() < deadline) await new Promise((r) => setTimeout(r, 5));
    };
    let lastTime = 0;
    const beginAt = async (pid: number) => {
      for (;;) {
        // Identities tell processes of different clock ticks apart, of 10 ms.
        await until(() => performance.now() > lastTime + 20);
        lastTime = performance.now();
        writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
        const child = spawn('sleep', ['1000']);
        await once(child, 'spawn');
        if (child.pid === pid) return child;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    };
    const isLast = (id: string | undefined, type: string) =>
      told.at(-1)?.id === id && told.at(-1)?.type === type;
    const ids: (string | undefined)[] = [];
    for (let round = 0; round < 10; round++) {
      const child = await beginAt(20_000);
      const id = procseek.findByPidSync(20_000, { fields: ['id'] })?.id;
      ids.push(id);
      if (round % 2 === 0) await until(() => isLast(id, 'start'));
      child.kill('SIGKILL');
      await once(child, 'exit');
      // Its successor follows before anybody can have looked, or after its end has been told.
      if (round % 4 === 0) await until(() => isLast(id, 'exit'));
    }
    const last = await beginAt(20_000);
    const id = procseek.findByPidSync(20_000, { fields: ['id'] })?.id;
    await until(() => isLast(id, 'start'));
    const processes = [...watcher.processes.values()];
    last.kill('SIGKILL');
    await until(() => watcher.processes.size === 0);
    return { told: told.filter(({ pid }) => pid === 20_000), ids, processes, id };
  });
  const { told, ids, processes, id } = result;
  expect(new Set([...ids, id]).size).toBe(11);
  expect(processes).toEqual([{ pid: 20_000, id }]);
  for (const [i, event] of told.entries()) {
    expect(event.type).toBe(i % 2 === 0 ? 'start' : 'exit');
    if (i % 2 === 1) expect(event.id).toBe(told[i - 1]?.id);
  }
  // Those that were waited for.
  const started = told.filter(({ type }) => type === 'start').map((event) => event.id);
  expect(started).toEqual(expect.arrayContaining(ids.filter((_, round) => round % 2 === 0)));
  expect(new Set(started).size).toBe(started.length);
});
