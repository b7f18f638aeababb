/** Being told of processes: the same, whether the system tells or passes find out. */
import { basename } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type NameQuery, type ProcessFilter, watch } from '../../src/index.js';
import { exitedWith, killedBy } from '../support/kernel.js';
import { settle } from '../support/proc.js';
import {
  type Child,
  start,
  startExiting,
  startNamed,
  startParent,
  startPython,
} from '../support/processes.js';
import {
  makeExiting,
  makeProgram,
  makeScript,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../support/programs.js';
import { findNode } from '../support/runtimes.js';
import { needing, needs, system } from '../support/system.js';
import { until } from '../support/until.js';
import {
  executeIn,
  grownActors,
  observe,
  observeReady,
  order,
  startActor,
  ways,
  whyNoEvents,
} from '../support/watching.js';

const scratch = scratchDirectory();
const reason = await whyNoEvents();
const grown = grownActors(10);

describe.each(ways)('By %s', (way, options) => {
  beforeEach(({ skip }) => {
    if (way === 'events' && reason !== undefined) skip(reason);
  });

  const observing = (query: NameQuery | ProcessFilter) => observeReady(watch(query, options));

  test('what `stats` tell fits', async () => {
    const { watcher } = observe(watch(uniqueName(12), options));
    expect(watcher.stats).toMatchObject({ backend: null, reason: null, interval: null });
    await watcher.ready;
    const { stats } = watcher;
    expect(stats).toMatchObject({ backend: way, reason: null, lastError: null, failedPasses: 0 });
    // A pass that is dear, on a busy machine, makes the interval longer.
    if (way === 'polling') expect(stats.interval).toBeGreaterThanOrEqual(20);
    else expect(stats.interval).toBeNull();
    expect(stats.passes).toBeGreaterThan(0);
    expect(system.isCpuTime(stats.cpuTime)).toBe(true);
    watcher.close();
    expect(watcher.stats).toMatchObject({ backend: way });
  });

  describe('a process that is there already', () => {
    test('is told as existing before `ready`, with the fields that were asked for', async () => {
      const name = uniqueName(12);
      const path = makeProgram(scratch, name);
      const children = [await startProgram(path), await startProgram(path)];
      const { watcher, told } = observe(watch(name, { ...options, fields: ['comm', 'ppid'] }));
      let toldBeforeReady = -1;
      await watcher.ready.then(() => {
        toldBeforeReady = told.length;
      });
      expect(toldBeforeReady).toBe(2);
      expect(told).toEqual(
        children
          .map(({ pid }) => pid)
          .sort((a, b) => a - b)
          .map((pid) => ({
            type: 'start',
            existing: true,
            process: { pid, comm: name, ppid: process.pid },
          })),
      );
    });

    test('is not told when it has ended, and awaits to be reaped', async (context) => {
      needs(context, 'zombies');
      const name = uniqueName(12);
      const parent = await startPython(
        `import os, sys
pid = os.fork()
if pid == 0:
    os.write(os.open('/proc/self/comm', os.O_WRONLY), sys.argv[1].encode())
    os._exit(0)
print(pid, flush=True)
sys.stdin.read()`,
        [name],
      );
      await settle(Number(parent.greeting), 'Z');
      const { told, pids } = await observing(name);
      expect(told).toEqual([]);
      expect(pids).toEqual([]);
    });
  });

  describe('a process that begins and ends', () => {
    test('is told with the code that it exits with', async () => {
      const [path, ...args] = makeExiting(scratch, uniqueName(12));
      const observer = await observing(basename(path));
      for (const code of [0, 1, 255]) {
        const child = await start(path, args);
        await observer.hears(child, 'start');
        expect(observer.last(child)).toMatchObject({
          existing: false,
          process: { ppid: process.pid },
        });
        expect(observer.pids).toEqual([child.pid]);
        child.say(String(code));
        await observer.hears(child, 'start', 'exit');
        expect(observer.last(child)).toMatchObject(exitedWith(code));
        expect(observer.pids).toEqual([]);
      }
      expect(observer.told).toHaveLength(6);
    });

    test('is told with the signal that ends it', async () => {
      const path = makeProgram(scratch, uniqueName(12));
      const observer = await observing(basename(path));
      for (const signal of system.endingSignals) {
        const child = await startProgram(path);
        await observer.hears(child, 'start');
        child.signal(signal);
        await observer.hears(child, 'start', 'exit');
        expect(observer.last(child)).toMatchObject(killedBy(signal));
      }
    });

    test('is an exit of one that existed, with the process as it was last seen', async () => {
      const name = uniqueName(12);
      const child = await startProgram(makeProgram(scratch, name));
      const observer = await observing(name);
      const [begin] = observer.told;
      child.signal('SIGKILL');
      await observer.hears(child, 'existing', 'exit');
      expect(observer.last(child)?.process).toBe(begin?.process);
    });

    test('is told when it is a zombie, without being reaped', async (context) => {
      needs(context, 'zombies');
      const name = uniqueName(12);
      const parent = await startPython(
        `import os, signal, sys
pid = os.fork()
if pid == 0:
    os.write(os.open('/proc/self/comm', os.O_WRONLY), sys.argv[1].encode())
    os.write(1, b'%d\\n' % os.getpid())
    signal.pause()
sys.stdin.readline()
os.kill(pid, 9)
sys.stdin.read()`,
        [name],
      );
      const child = { pid: Number(parent.greeting) };
      const observer = await observing(name);
      parent.say('kill');
      await observer.hears(child, 'existing', 'exit');
      await settle(child.pid, 'Z');
      expect(observer.last(child)).toMatchObject({ code: null, signal: 'SIGKILL' });
      expect(observer.pids).toEqual([]);
    });
  });

  test('`processes` is exact while many come and go', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const observer = await observing(basename(path));
    const children = await Promise.all(Array.from({ length: 20 }, () => startProgram(path)));
    const pids = children.map(({ pid }) => pid).sort((a, b) => a - b);
    await until('all are told', () => observer.told.length === 20);
    expect(observer.pids).toEqual(pids);
    for (const [pid, process] of observer.watcher.processes) expect(process.pid).toBe(pid);
    for (const child of children.slice(0, 10)) child.signal('SIGKILL');
    await until('ends are told', () => observer.told.length === 30);
    expect(observer.pids).toEqual(
      children
        .slice(10)
        .map(({ pid }) => pid)
        .sort((a, b) => a - b),
    );
    for (const child of children.slice(0, 10))
      expect(observer.of(child)).toEqual(['start', 'exit']);
  });

  describe('a name that changes', () => {
    beforeEach(needing('renames'));

    test('into the match and out of it is told as that', async () => {
      const name = uniqueName(12);
      const actor = await grown();
      const observer = await observing(name);
      await order(actor, `rename('${name}')`);
      await observer.hears(actor, 'in');
      expect(observer.last(actor)).toMatchObject({ previousName: null, process: { name } });
      expect(observer.pids).toEqual([actor.pid]);

      const other = uniqueName(13);
      await order(actor, `rename('${other}')`);
      await observer.hears(actor, 'in', 'out');
      expect(observer.last(actor)).toMatchObject({ previousName: name, process: { name: other } });
      expect(observer.pids).toEqual([]);

      await order(actor, `rename('${name}')`);
      await observer.hears(actor, 'in', 'out', 'in');
      actor.signal('SIGKILL');
      await observer.hears(actor, 'in', 'out', 'in', 'exit');
    });

    test('within the match is told with both names, and once for each change', async () => {
      const names = [uniqueName(12), uniqueName(12), uniqueName(13)] as const;
      const actor = await startNamedActor(names[0]);
      const observer = await observing([...names]);
      await order(actor, `rename('${names[1]}')`);
      await observer.hears(actor, 'existing', 'rename');
      expect(observer.last(actor)).toMatchObject({
        matches: true,
        previousName: names[0],
        process: { name: names[1] },
      });
      expect(observer.watcher.processes.get(actor.pid)?.name).toBe(names[1]);
      await order(actor, `rename('${names[1]}')`); // no change
      await order(actor, `rename('${names[2]}')`);
      await observer.hears(actor, 'existing', 'rename', 'rename');
      expect(observer.last(actor)).toMatchObject({ previousName: names[1] });
    });

    test('by executing a program is told the same way, and its end as that of one process', async () => {
      const into = makeProgram(scratch, uniqueName(12));
      const out = makeProgram(scratch, uniqueName(12));
      const actor = await grown();
      const observer = await observing(basename(into));
      await executeIn(actor, into);
      await observer.hears(actor, 'in');
      expect(observer.last(actor)).toMatchObject({ previousName: null });

      const leaver = await startNamedActor(basename(into));
      // It starts as another program; a watch that looks late sees it start with this name.
      await until('it is told', () => observer.of(leaver).length === 1);
      expect(['in', 'start']).toContain(observer.of(leaver)[0]);
      await executeIn(leaver, out);
      await until('it has left', () => observer.of(leaver).length === 2);
      expect(observer.last(leaver)).toMatchObject({
        type: 'rename',
        matches: false,
        previousName: basename(into),
        process: { name: basename(out) },
      });
      actor.signal('SIGTERM');
      leaver.signal('SIGTERM');
      await observer.hears(actor, 'in', 'exit');
      await until('both have ended', () => observer.pids.length === 0);
      expect(observer.of(leaver)).toHaveLength(2);
    });

    test('to the program that it was anyway is not told', async () => {
      const path = makeProgram(scratch, uniqueName(12));
      const marker = makeProgram(scratch, uniqueName(12));
      const actor = await startNamedActor(basename(path));
      const observer = await observing([basename(path), basename(marker)]);
      await executeIn(actor, path);
      const last = await startProgram(marker);
      await observer.hears(last, 'start');
      expect(observer.of(actor)).toEqual(['existing']);
    });
  });

  describe('what is looked for', () => {
    /** Begins watching, starts one that is wanted and one that is not, and ends both. */
    async function expectOnly(
      query: NameQuery | ProcessFilter,
      begin: () => Promise<Child>,
      beginOther?: () => Promise<Child>,
    ): Promise<void> {
      const observer = await observing(query);
      const other = await beginOther?.();
      const wanted = await begin();
      await observer.hears(wanted, 'start');
      expect(observer.pids).toEqual([wanted.pid]);
      other?.signal('SIGKILL');
      wanted.signal('SIGKILL');
      await observer.hears(wanted, 'start', 'exit');
      if (other) expect(observer.of(other)).toEqual([]);
    }

    const program = (name: string) => {
      const path = makeProgram(scratch, name);
      return () => startProgram(path);
    };

    test('may be a RegExp', async () => {
      const name = uniqueName(12);
      await expectOnly(new RegExp(`^${name}$`), program(name), program(`${name}x`));
    });

    test('may be a RegExp that a process comes to match', async (context) => {
      needs(context, 'renames');
      const name = uniqueName(11);
      const actor = await grown();
      const observer = await observing(new RegExp(`^${name}\\d$`));
      await order(actor, `rename('${name}x')`);
      await order(actor, `rename('${name}1')`);
      await observer.hears(actor, 'in');
      await order(actor, `rename('${name}2')`);
      await observer.hears(actor, 'in', 'rename');
      await order(actor, `rename('${name}x')`);
      await observer.hears(actor, 'in', 'rename', 'out');
      await order(actor, `rename('${name}3')`);
      await observer.hears(actor, 'in', 'rename', 'out', 'in');
      expect(observer.last(actor)).toMatchObject({ previousName: null });
      expect(observer.pids).toEqual([actor.pid]);
    });

    test('may be several names of several kinds', async () => {
      const names = [uniqueName(12), uniqueName(12), uniqueName(12)] as const;
      const query = [names[0], new RegExp(names[1]), Buffer.from(names[2])];
      for (const name of names) await expectOnly(query, program(name), program(uniqueName(12)));
    });

    test('may be in another case', async () => {
      const name = uniqueName(12);
      await expectOnly(
        { name: name.toUpperCase(), ignoreCase: true },
        program(name),
        program(uniqueName(12)),
      );
    });

    test('may be a name of more than 15 bytes', async () => {
      const name = uniqueName(40);
      await expectOnly(name, program(name), program(`${name.slice(0, 30)}x${system.suffix}`));
    });

    test('may be a script', async (context) => {
      needs(context, 'scripts');
      const name = uniqueName(30);
      const path = makeScript(scratch, name, '/bin/sh');
      await expectOnly(name, () => start(path));
    });

    test('may be an executable', async () => {
      const path = makeProgram(scratch, uniqueName(30));
      await expectOnly(
        { name: path, by: 'exe' },
        () => startProgram(path, [], { argv0: 'anything' }),
        program(uniqueName(30)),
      );
    });

    test('may be part of the arguments, of whatever program', async () => {
      const argument = uniqueName(20);
      const path = makeProgram(scratch, uniqueName(12));
      const observer = await observing({ name: argument.slice(1), by: 'cmdline' });
      const other = await startProgram(path, ['--name', argument.slice(0, -1)]);
      const wanted = await startProgram(path, ['--name', argument]);
      // At first, setpriv(1) has them.
      await until(
        'it is told',
        () => observer.watcher.processes.get(wanted.pid)?.name === basename(path),
      );
      wanted.signal('SIGKILL');
      await until('its end is told', () => observer.last(wanted)?.type === 'exit');
      expect(observer.of(wanted)[0]).toBe('start');
      expect(observer.of(other)).toEqual([]);
      expect(observer.pids).toEqual([]);
    });

    test('may be of one user', async (context) => {
      needs(context, 'users');
      const path = makeProgram(scratch, uniqueName(12));
      await expectOnly(
        { name: basename(path), uid: 65534 },
        () => startProgram(path, [], { uid: 65534 }),
        () => startProgram(path),
      );
    });

    test('may be any child of one parent', async () => {
      const parent = await startParent();
      const observer = await observing({ ppid: parent.pid });
      await startExiting();
      await parent.startChild();
      await until('it is told', () => observer.told.length === 1);
      const [event] = observer.told;
      expect(event).toMatchObject({ type: 'start', process: { ppid: parent.pid } });
      await parent.endChild();
      await until('its end is told', () => observer.told.length === 2);
      expect(observer.told[1]).toMatchObject({ type: 'exit' });
      expect(observer.told[1]).toMatchObject(killedBy('SIGKILL'));
    });

    test('may be some PIDs, and no others', async () => {
      const path = makeProgram(scratch, uniqueName(12));
      const [one, two] = [await startProgram(path), await startProgram(path)];
      const other = await startProgram(path);
      const observer = await observing({ pids: [one.pid, two.pid, 2 ** 31 - 1] });
      expect(observer.pids).toEqual([one.pid, two.pid].sort((a, b) => a - b));
      for (const child of [other, one, two]) child.signal('SIGKILL');
      await observer.hears(one, 'existing', 'exit');
      await observer.hears(two, 'existing', 'exit');
      expect(observer.of(other)).toEqual([]);
    });

    test('may be some PIDs, and what these do', async (context) => {
      needs(context, 'renames');
      const [one, two, other] = [await startActor(), await startActor(), await startActor()];
      const observer = await observing({ pids: [one.pid, two.pid, 2 ** 31 - 1] });
      expect(observer.pids).toEqual([one.pid, two.pid].sort((a, b) => a - b));
      const name = uniqueName(12);
      await order(other, `rename('${name}')`);
      await order(one, `rename('${name}')`);
      await observer.hears(one, 'existing', 'rename');
      for (const child of [other, one, two]) child.signal('SIGKILL');
      await observer.hears(one, 'existing', 'rename', 'exit');
      await observer.hears(two, 'existing', 'exit');
      expect(observer.of(other)).toEqual([]);
    });

    test('may change its owner, and so match or not', async (context) => {
      needs(context, 'users');
      const name = uniqueName(12);
      const actor = await grown();
      await order(actor, `rename('${name}')`);
      const observer = await observing({ name, uid: 65534 });
      const before = await observing({ name, uid: 0 });
      expect(observer.pids).toEqual([]);
      await order(actor, 'os.setresuid(65534, 65534, 65534)');
      await observer.hears(actor, 'in');
      await before.hears(actor, 'existing', 'out');
    });

    test.for([
      ['with a line break', Buffer.from('\n()x')],
      ['with parentheses and spaces', Buffer.from(') (R 1) 2')],
      ['that is no text', Buffer.from('fffe80', 'hex')],
    ] as const)('may be a name %s', async ([, tail], context) => {
      needs(context, 'renames');
      const name = Buffer.concat([Buffer.from(uniqueName(9).slice(0, 6)), tail]);
      const observer = await observing(name);
      const child = await startNamed(name);
      await until('it is told', () => observer.of(child).length === 1);
      expect(observer.last(child)).toMatchObject({
        process: { pid: child.pid, name: name.toString() },
      });
      child.signal('SIGKILL');
      await until('its end is told', () => observer.of(child).length === 2);
    });

    test.for([24, 26])(
      'may be Node.js %i, whose main thread has another name',
      async (major, context) => {
        needs(context, 'renames');
        const node = findNode(major);
        if (node === undefined) return context.skip('`node scripts/runtimes.mjs` has not been run');
        const observer = await observing({ name: 'node', ppid: process.pid });
        const child = await start(node, ['-e', 'console.log(1); process.stdin.resume()']);
        await until('it is told', () => observer.pids.includes(child.pid));
        expect(observer.watcher.processes.get(child.pid)?.name).toBe('node');
        child.signal('SIGKILL');
        await until('its end is told', () => !observer.pids.includes(child.pid));
        expect(observer.of(child).at(-1)).toBe('exit');
      },
    );
  });

  test('several watchers tell each what it is asked for, and close each for itself', async () => {
    const paths = [makeProgram(scratch, uniqueName(12)), makeProgram(scratch, uniqueName(12))];
    const [one = '', two = ''] = paths.map((path) => basename(path));
    const [first, second, both] = [
      await observing(one),
      await observing(two),
      await observing([one, two]),
    ];
    const children = await Promise.all(paths.map((path) => startProgram(path)));
    const [a, b] = children as [Child, Child];
    await first.hears(a, 'start');
    await second.hears(b, 'start');
    await both.hears(a, 'start');
    await both.hears(b, 'start');
    first.watcher.close();
    a.signal('SIGKILL');
    b.signal('SIGKILL');
    await both.hears(a, 'start', 'exit');
    await second.hears(b, 'start', 'exit');
    expect(first.of(a)).toEqual(['start']);
    expect(second.of(a)).toEqual([]);
    expect(first.pids).toEqual([a.pid]);
  });

  test('a watcher that is made later tells what is there as existing', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const early = await observing(basename(path));
    const child = await startProgram(path);
    await early.hears(child, 'start');
    const late = await observing(basename(path));
    expect(late.of(child)).toEqual(['existing']);
    expect(early.of(child)).toEqual(['start']);
  });
});

test('Watchers by events and by polling get on with each other', async () => {
  const path = makeProgram(scratch, uniqueName(12));
  const observers = await Promise.all(
    ways.map(([, options]) => observeReady(watch(basename(path), options))),
  );
  const child = await startProgram(path);
  for (const observer of observers) await observer.hears(child, 'start');
  child.signal('SIGKILL');
  for (const observer of observers) await observer.hears(child, 'start', 'exit');
});

async function startNamedActor(name: string): Promise<Child> {
  const actor = await startActor();
  await order(actor, `rename('${name}')`);
  return actor;
}
