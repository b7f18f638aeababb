/** What the kernel tells of processes, and what a watcher makes of it. */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { children, watch } from '../../../src/index.js';
import { exitedWith, killedBy } from '../../support/kernel.js';
import { settle, vanish } from '../../support/proc.js';
import { start, startPython } from '../../support/processes.js';
import {
  makeProgram,
  makeScript,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../../support/programs.js';
import { until } from '../../support/until.js';
import { events, observeReady, order, startActor, whyNoEvents } from '../../support/watching.js';

const scratch = scratchDirectory();
const reason = await whyNoEvents();
beforeEach(({ skip }) => {
  if (reason !== undefined) skip(reason);
});

/** Has something told, so that all that happened before has been told, too. */
async function catchUp(observer: Awaited<ReturnType<typeof observeReady>>, path: string) {
  const last = await startProgram(path);
  await until('the last one is told', () => observer.of(last).length > 0);
  return last;
}

describe('A fork', () => {
  test('that executes nothing is a start', async () => {
    const name = uniqueName(12);
    const actor = await startActor();
    await order(actor, `rename('${name}')`);
    const observer = await observeReady(watch(name, events));
    await order(actor, 'pid = os.fork() or signal.pause()');
    await until('it is told', () => observer.told.length === 2);
    expect(observer.told).toMatchObject([
      { type: 'start', existing: true, process: { pid: actor.pid } },
      { type: 'start', existing: false, process: { ppid: actor.pid, name } },
    ]);
    await order(actor, 'os.kill(pid, 9); os.waitpid(pid, 0)');
    await until('its end is told', () => observer.told.length === 3);
    expect(observer.told[2]).toMatchObject({ type: 'exit', signal: 'SIGKILL' });
  });

  test('that executes something else at once is not told', async () => {
    const path = makeScript(
      scratch,
      uniqueName(12),
      '/bin/sh',
      `
echo x
while read a; do i=0; while [ $i -lt 50 ]; do /bin/true; i=$((i+1)); done; echo y; done`,
    );
    const marker = makeProgram(scratch, uniqueName(12));
    const observer = await observeReady(watch([basename(path), basename(marker)], events));
    const shell = await start(path);
    // On a busy host, one or the other takes longer than 10 ms to execute its program.
    await until('most of fifty are not told', async () => {
      const before = observer.told.length;
      shell.say('go');
      await shell.line();
      const last = await catchUp(observer, marker);
      const others = observer.told
        .slice(before)
        .filter(({ process: { pid } }) => pid !== shell.pid && pid !== last.pid);
      // Whoever was told has left again.
      const known = [shell.pid, last.pid];
      expect(
        observer.pids.filter((pid) => !others.some((other) => other.process.pid === pid)),
      ).toEqual(expect.arrayContaining(known));
      last.signal('SIGKILL');
      await until('the end of the marker is told', () => !observer.pids.includes(last.pid));
      expect(observer.pids).toEqual([shell.pid]);
      return others.length < 10;
    });
    expect(observer.of(shell)).toEqual(['start']);
  });

  test('that executes programs one after the other is one start', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const observer = await observeReady(watch(basename(path), events));
    const line = `exec sh -c 'exec sh -c "exec ${path}"'`;
    const child = await start('sh', ['-c', line], { says: 'x' });
    await observer.hears(child, 'start');
    child.signal('SIGKILL');
    await observer.hears(child, 'start', 'exit');
  });
});

describe('Threads', () => {
  const begin = async (code: string) => {
    const name = uniqueName(12);
    const child = await startPython(
      `import ctypes, os, signal, sys, threading, time
libc = ctypes.CDLL(None)
libc.prctl(15, sys.argv[1].encode())
def exit_thread(): libc.syscall(60, 0)
${code}`,
      [name],
    );
    return { name, child };
  };

  test('that begin and end are not told', async () => {
    const { name, child } = await begin(`
print('ready', flush=True)
for line in sys.stdin:
    for i in range(50):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
    print('done', flush=True)`);
    const marker = makeProgram(scratch, uniqueName(12));
    const observer = await observeReady(watch([name, basename(marker)], events));
    child.say('go');
    await child.line();
    await catchUp(observer, marker);
    expect(observer.of(child)).toEqual(['existing']);
  });

  test('that have outlived the first one already when the watch begins end with the last', async () => {
    const { name, child } = await begin(`
def work():
    os.read(0, 3)
    os._exit(7)
threading.Thread(target=work).start()
print('ready', flush=True)
exit_thread()`);
    await settle(child.pid, 'Z');
    const marker = makeProgram(scratch, uniqueName(12));
    const observer = await observeReady(watch([name, basename(marker)], events));
    await catchUp(observer, marker);
    expect(observer.of(child)).toEqual(['existing']);
    child.say('go');
    await vanish(child.pid);
    await observer.hears(child, 'existing', 'exit');
    expect(observer.last(child)).toMatchObject(exitedWith(7));
  });

  test('that go on when the first one ends are no exit', async () => {
    const { name, child } = await begin(`
def work():
    while open('/proc/self/stat').read().rsplit(')', 1)[1].split()[0] != 'Z': time.sleep(0.001)
    print('alone', flush=True)
    os.read(0, 1)
    os.kill(os.getpid(), 9)
thread = threading.Thread(target=work)
print('ready', flush=True)
os.read(0, 3)
thread.start()
exit_thread()`);
    const marker = makeProgram(scratch, uniqueName(12));
    const observer = await observeReady(watch([name, basename(marker)], events));
    child.say('go');
    await child.line();
    await catchUp(observer, marker);
    expect(observer.of(child)).toEqual(['existing']);
    expect(observer.pids).toContain(child.pid);
    await sleep(20); // an end at once would seem to be one of all threads together
    child.say('on');
    await observer.hears(child, 'existing', 'exit');
    expect(observer.last(child)).toMatchObject(killedBy('SIGKILL'));
  });

  test('that execute a program in place of the first one are neither exit nor start', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const { name, child } = await begin(`
def work():
    os.read(0, 3)
    os.execv('${path}', ['${path}', '--', '-'])
threading.Thread(target=work).start()
print('ready', flush=True)
time.sleep(1000)`);
    const same = await observeReady(watch([name, basename(path)], events));
    const other = await observeReady(watch(name, events));
    child.say('go');
    await same.hears(child, 'existing', 'rename');
    await other.hears(child, 'existing', 'out');
    expect(same.last(child)).toMatchObject({
      previousName: name,
      process: { name: basename(path) },
    });
    child.signal('SIGKILL');
    await same.hears(child, 'existing', 'rename', 'exit');
    expect(other.of(child)).toEqual(['existing', 'out']);
  });
});

test('Children that are adopted match their new parent, and their old one no longer', async () => {
  const actor = await startActor();
  await order(actor, 'ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)'); // it adopts
  const fork =
    'middle = os.fork() or [os.fork() or (signal.alarm(120), signal.pause()) for i in range(2)] and signal.pause()';
  await order(actor, fork);
  const [middle] = await until('it has a child', async () => {
    const found = await children(actor.pid);
    return found.length === 1 && found;
  });
  if (middle === undefined) throw new Error('it has none');
  const orphans = await until('that has two', async () => {
    const found = (await children(middle.pid)).map(({ pid }) => pid);
    return found.length === 2 && found;
  });
  onTestFinished(() => {
    for (const pid of orphans) process.kill(pid, 'SIGKILL');
  });
  const ofMiddle = await observeReady(watch({ ppid: middle.pid }, events));
  const ofActor = await observeReady(watch({ ppid: actor.pid }, events));
  expect(ofMiddle.pids).toEqual(orphans.toSorted((a, b) => a - b));
  await order(actor, 'os.kill(middle, 9); os.waitpid(middle, 0)');
  await until('all is told', () => ofMiddle.pids.length === 0 && ofActor.pids.length === 2);
  expect(ofActor.pids).toEqual(orphans.toSorted((a, b) => a - b));
  for (const pid of orphans) {
    expect(ofMiddle.of({ pid })).toEqual(['existing', 'out']);
    expect(ofActor.of({ pid })).toHaveLength(1);
    expect(ofActor.last({ pid })?.process.ppid).toBe(actor.pid);
  }
  expect(ofActor.of(middle)).toEqual(['existing', 'exit']);
});

test('Records that fill all the room, one burst after the other, end in what is', async () => {
  const name = uniqueName(10);
  const actor = await startActor({ env: { BIG: 'x'.repeat(120_000) } });
  const query = { name: new RegExp(`^(python3|${name})`), pids: [actor.pid] };
  const { watcher } = await observeReady(watch(query, { ...events, fields: ['name', 'environ'] }));
  for (let burst = 0; burst < 100; burst++) {
    const changes = 20 + ((burst * 7) % 80);
    const rename = `rename('${name}%d' % (i % 50)), i % 3 or time.sleep(0.0003)`;
    await order(actor, `[(${rename}) for i in range(${changes})]; rename('${name}z${burst}')`);
    await until(
      `the name of burst ${burst} is told`,
      () => watcher.processes.get(actor.pid)?.name === `${name}z${burst}`,
    );
  }
});

test('An idle watcher takes next to no CPU time', async () => {
  const { watcher } = await observeReady(watch(uniqueName(12), events));
  const [before, after] = await until(
    'a second has passed in which no change was lost, and hardly any CPU time used',
    async () => {
      const before = watcher.stats;
      await sleep(1000);
      const after = watcher.stats;
      const isCalm = after.dropped === before.dropped && after.resyncs === before.resyncs;
      // Other tests may start processes meanwhile.
      const bound = 2 + (after.events - before.events) * 0.2;
      const isIdle = after.cpuTime - before.cpuTime < bound;
      return isCalm && isIdle ? ([before, after] as const) : undefined;
    },
  );
  expect(after.passes).toBe(before.passes);
  expect(after.passes - after.resyncs).toBe(1);
});
