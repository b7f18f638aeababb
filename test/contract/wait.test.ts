/** Waiting for the end of a process: whose, until when, and how it ended. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  type ExitEvent,
  findByPidSync,
  kill,
  type Process,
  waitForExit,
  waitStats,
  watch,
} from '../../src/index.js';
import { exitedWith, hasHandles, killedBy, tellsExits } from '../support/kernel.js';
import { isDeno } from '../support/platform.js';
import { numberedEntries, settle, vanish } from '../support/proc.js';
import { type Child, startExiting, startFamily, startPython } from '../support/processes.js';
import { needing, needs, system } from '../support/system.js';
import { until } from '../support/until.js';

const notKnown = { code: null, signal: null };

function identify(pid: number): Process<'id'> {
  const found = findByPidSync(pid, { fields: ['id'] });
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return found;
}

/** A child of another process, which reaps it when it is told to. */
class Grandchild {
  readonly pid: number;
  readonly #parent: Child;

  private constructor(parent: Child) {
    this.pid = Number(parent.greeting);
    this.#parent = parent;
  }

  static async start(): Promise<Grandchild> {
    return new Grandchild(
      await startPython(`import os, sys
ours, theirs = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(theirs)
    os._exit((os.read(ours, 1) or b'\\0')[0])
print(pid, flush=True)
for line in sys.stdin:
    word, *code = line.split()
    if word == 'end':
        os.write(theirs, bytes([int(code[0])]))
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    else:
        os.waitpid(pid, 0)
    print(word, flush=True)`),
    );
  }

  /** It exits, and is a zombie when this resolves. */
  async end(code: number): Promise<void> {
    this.#parent.say(`end ${code}`);
    await this.#parent.line();
  }

  async reap(): Promise<void> {
    this.#parent.say('reap');
    await this.#parent.line();
  }
}

/** Whether it is pending when another process, which ends only now, has been heard of. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isPending = true;
  const over = () => {
    isPending = false;
  };
  promise.then(over, over);
  const other = await startExiting();
  const end = waitForExit(other.pid);
  other.say('0');
  await end;
  return isPending;
}

/** A wait that the test ends, if it does not end itself. */
function waitUntilAborted(target: number | Process<'id'>) {
  const controller = new AbortController();
  const exit = waitForExit(target, { signal: controller.signal });
  exit.catch(() => {});
  onTestFinished(() => controller.abort());
  return { exit, abort: (reason?: unknown) => controller.abort(reason) };
}

describe('The end of a child', () => {
  test.each([0, 1, 7, 255])('that exits is told with its code %i', async (code) => {
    const child = await startExiting();
    const ends = [waitForExit(child.pid), waitForExit(identify(child.pid))];
    child.say(String(code));
    expect(await Promise.all(ends)).toEqual([exitedWith(code), exitedWith(code)]);
  });

  test.each(system.endingSignals)('that a signal ends is told with its name %s', async (signal) => {
    const child = await startExiting();
    const record = identify(child.pid);
    const ends = [waitForExit(child.pid), waitForExit(record)];
    expect(kill(record, signal)).toBe(true);
    expect(await Promise.all(ends)).toEqual([killedBy(signal), killedBy(signal)]);
  });

  test('that a real-time signal ends is told with its number', async (context) => {
    needs(context, 'signals');
    context.skip(isDeno, 'Deno fails when its child is ended by a signal without a name');
    const child = await startExiting();
    const end = waitForExit(child.pid);
    kill(child.pid, 40);
    expect(await end).toEqual(killedBy('SIG40'));
  });

  test('is not told before it has come, be it stopped meanwhile', async () => {
    const child = await startExiting();
    const { exit } = waitUntilAborted(child.pid);
    expect(kill(child.pid, 'SIGSTOP')).toBe(true);
    await settle(child.pid, 'T');
    child.say('3');
    expect(await isPending(exit)).toBe(true);
    expect(kill(child.pid, 'SIGCONT')).toBe(true);
    expect(await exit).toEqual(exitedWith(3));
  });

  test('is told to all who wait for it', async () => {
    const child = await startExiting();
    const ends = Array.from({ length: 200 }, () => waitForExit(child.pid));
    expect(waitStats()).toMatchObject({ waiting: 200, polled: hasHandles ? 0 : 200 });
    child.say('5');
    for (const exit of await Promise.all(ends)) expect(exit).toEqual(exitedWith(5));
    expect(waitStats()).toMatchObject({ waiting: 0, polled: 0 });
  });

  test('is told of many children, of each its own', async () => {
    const children = await Promise.all(Array.from({ length: 20 }, startExiting));
    const ends = children.map(({ pid }) => waitForExit(pid));
    for (const [i, child] of children.entries()) child.say(String(i));
    const expected = children.map((_, i) => exitedWith(i));
    expect(await Promise.all(ends)).toEqual(expected);
  });
});

describe('The end of a process that is no child', () => {
  test('is told', async () => {
    const { generations } = await startFamily(1);
    const [[pid = 0] = []] = generations;
    const ends = [waitForExit(pid), waitForExit(identify(pid))];
    expect(kill(pid, 'SIGKILL')).toBe(true);
    expect(await Promise.all(ends)).toEqual([killedBy('SIGKILL'), killedBy('SIGKILL')]);
  });
});

describe('The end of a process that another one reaps', () => {
  beforeEach(needing('zombies'));

  test('is told when it is a zombie, with the code, though nobody reaps it', async () => {
    const other = await Grandchild.start();
    const ends = [waitForExit(other.pid), waitForExit(identify(other.pid))];
    await other.end(7);
    expect(await Promise.all(ends)).toEqual([
      { code: 7, signal: null },
      { code: 7, signal: null },
    ]);
  });

  test('is told with the code when it is reaped at once (Linux 6.15)', async ({ skip }) => {
    skip(!tellsExits, 'the kernel does not tell, or nobody passes it on');
    const parent = await startPython(`import os, sys
ours, theirs = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(theirs)
    os._exit((os.read(ours, 1) or b'\\0')[0])
print(pid, flush=True)
os.write(theirs, bytes([int(sys.stdin.readline())]))
os.waitpid(pid, 0)
print('reaped', flush=True)
sys.stdin.read()`);
    const end = waitForExit(Number(parent.greeting));
    parent.say('42');
    await parent.line();
    expect(await end).toEqual({ code: 42, signal: null });
  });

  test('is told with the signal', async () => {
    const other = await Grandchild.start();
    const end = waitForExit(identify(other.pid));
    expect(kill(other.pid, 'SIGKILL')).toBe(true);
    expect(await end).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('has come for one that has been a zombie all along', async () => {
    const other = await Grandchild.start();
    const record = identify(other.pid);
    await other.end(9);
    expect(await waitForExit(other.pid)).toEqual({ code: 9, signal: null });
    expect(await waitForExit(record)).toEqual({ code: 9, signal: null });
    await other.reap();
    expect(await waitForExit(other.pid)).toEqual(notKnown);
    expect(await waitForExit(record)).toEqual({ code: 9, signal: null });
  });
});

describe('The end of a process that is gone is told again', () => {
  test('to whoever asks with its record, and not for its PID alone', async (context) => {
    const child = await startExiting();
    const record = identify(child.pid);
    const end = waitForExit(child.pid);
    await until('it is waited for', () => waitStats().waiting > 0);
    child.say('7');
    const exit = await end;
    expect(exit).toEqual(exitedWith(7));
    await vanish(child.pid);
    expect(await waitForExit(record)).toEqual(exit);
    expect(await waitForExit(record)).toEqual(exit);
    expect(await waitForExit({ ...record, id: `${record.id}0` })).toEqual(notKnown);
    needs(context, 'zombies'); // a PID that is gone may be another process's at once elsewhere
    expect(await waitForExit(child.pid)).toEqual(notKnown);
  });

  test('to whoever polls with a signal that is aborted at once', async () => {
    for (let i = 0; i < 20; i++) {
      const child = await startExiting();
      const record = identify(child.pid);
      const poll = () =>
        waitForExit(record, { signal: AbortSignal.timeout(0) }).catch(() => undefined);
      await poll();
      child.say(String(i));
      if (i % 2 === 0) await vanish(child.pid);
      expect(await until('the end is told', poll)).toEqual(exitedWith(i));
    }
    expect(waitStats().waiting).toBe(0);
  });

  test('after a watch has told it', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    const watcher = watch({ pids: [child.pid] });
    onTestFinished(() => watcher.close());
    const told = once(watcher, 'exit');
    await watcher.ready;
    child.say('7');
    const [{ code, signal }] = (await told) as [ExitEvent<unknown>];
    expect({ code, signal }).toEqual(exitedWith(7));
    await vanish(child.pid);
    expect(await waitForExit(record)).toEqual({ code, signal });
  });
});

describe('A process that there is not', () => {
  test('resolves at once to neither code nor signal', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    await child.stop();
    await vanish(child.pid);
    expect(await waitForExit(child.pid)).toEqual(notKnown);
    expect(await waitForExit(record)).toEqual(notKnown);
    expect(await waitForExit(2 ** 31 - 1)).toEqual(notKnown);
    expect(waitStats().waiting).toBe(0);
  });

  test('is what an id stands for that is not that of the process', async () => {
    const { pid } = process;
    const { id } = identify(pid);
    for (const other of ['x', `${id}0`, `${id}\0`, '\0', '\ud800', 'é'.repeat(15)]) {
      expect(await waitForExit({ pid, id: other })).toEqual(notKnown);
    }
    expect(waitStats().waiting).toBe(0);
  });

  test('is what an empty id stands for', async () => {
    const { exit } = waitUntilAborted({ pid: process.pid, id: '' });
    expect(await isPending(exit)).toBe(false);
    expect(await exit).toEqual(notKnown);
  });

  test('is what an id longer than any stands for', async () => {
    const { pid } = process;
    const { id } = identify(pid);
    for (const length of [31, 32, 33, 255, 256, 257, 1_000_000]) {
      expect(await waitForExit({ pid, id: id.padEnd(length, '0') })).toEqual(notKnown);
    }
  });

  test('is what the id of a thread stands for', async (context) => {
    needs(context, 'thread ids');
    const child = await startPython(`import sys, threading
threading.Thread(target=sys.stdin.read).start()
print('ready', flush=True)
threading.Event().wait()`);
    const threads = numberedEntries(`/proc/${child.pid}/task`).filter((id) => id !== child.pid);
    expect(threads).toHaveLength(1);
    for (const thread of threads) {
      expect(await waitForExit(thread)).toEqual(notKnown);
      expect(await waitForExit({ ...identify(child.pid), pid: thread })).toEqual(notKnown);
    }
  });
});

describe('A process has not ended', () => {
  test('because its first thread has', async (context) => {
    needs(context, 'zombies');
    const child = await startPython(`import ctypes, os, platform, sys, threading
exit_thread = {'x86_64': 60, 'aarch64': 93}[platform.machine()]
def go_on():
    print('ready', flush=True)
    sys.stdin.readline()
    os._exit(6)
threading.Thread(target=go_on).start()
ctypes.CDLL(None).syscall(exit_thread, 0)`);
    const before = waitUntilAborted(child.pid);
    await settle(child.pid, 'Z');
    const after = waitUntilAborted(identify(child.pid));
    expect(await isPending(before.exit)).toBe(true);
    expect(await isPending(after.exit)).toBe(true);
    child.say('end');
    expect(await before.exit).toEqual(exitedWith(6));
    expect(await after.exit).toEqual(exitedWith(6));
  });

  test('because one of its threads took the place of the first one by executing a program', async (context) => {
    needs(context, 'shared PIDs');
    const child = await startPython(`import os, sys, threading
def execute():
    os.read(0, 1)
    os.execv('/bin/sh', ['sh', '-c', 'echo executed; read line; read code; exit "$code"'])
threading.Thread(target=execute).start()
print('ready', flush=True)
threading.Event().wait()`);
    const before = waitUntilAborted(identify(child.pid));
    child.say(' ');
    expect(await child.line()).toBe('executed');
    expect(await isPending(before.exit)).toBe(true);
    const after = waitForExit(child.pid);
    child.say('4');
    expect(await before.exit).toEqual(exitedWith(4));
    expect(await after).toEqual(exitedWith(4));
  });

  test('when it is the one that asks', async () => {
    const { exit, abort } = waitUntilAborted(process.pid);
    expect(await isPending(exit)).toBe(true);
    abort('enough');
    await expect(exit).rejects.toBe('enough');
  });
});

describe('Aborting', () => {
  test('beforehand rejects with the reason, whether or not there is such a process', async () => {
    const reason = new Error('no');
    const signal = AbortSignal.abort(reason);
    await expect(waitForExit(process.pid, { signal })).rejects.toBe(reason);
    await expect(waitForExit(2 ** 31 - 1, { signal })).rejects.toBe(reason);
    expect(waitStats().waiting).toBe(0);
  });

  test('a wait rejects with the reason, and leaves the other ones alone', async () => {
    const child = await startExiting();
    const [first, second] = [waitUntilAborted(child.pid), waitUntilAborted(child.pid)];
    expect(waitStats().waiting).toBe(2);
    const reason = { any: 'value' };
    first.abort(reason);
    await expect(first.exit).rejects.toBe(reason);
    expect(waitStats().waiting).toBe(1);
    child.say('2');
    expect(await second.exit).toEqual(exitedWith(2));
    expect(waitStats().waiting).toBe(0);
  });

  test('may come just when the process ends', async () => {
    for (let i = 0; i < 20; i++) {
      const child = await startExiting();
      const { exit, abort } = waitUntilAborted(child.pid);
      const other = waitForExit(child.pid);
      child.say('6');
      if (i % 2 === 0) await sleep(i / 4);
      abort('given up');
      const outcome = await exit.catch((reason: unknown) => reason);
      if (outcome !== 'given up') expect(outcome).toEqual(exitedWith(6));
      expect(await other).toEqual(exitedWith(6));
    }
    expect(waitStats().waiting).toBe(0);
  });

  test('rejects with an AbortError unless a reason is given', async () => {
    const { exit, abort } = waitUntilAborted(process.pid);
    abort();
    await expect(exit).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('ends all waits of the signal, and comes too late for one that is over', async () => {
    const [child, other] = [await startExiting(), await startExiting()];
    const controller = new AbortController();
    const { signal } = controller;
    const over = waitForExit(child.pid, { signal });
    const waits = Array.from({ length: 50 }, () => waitForExit(other.pid, { signal }));
    child.say('1');
    expect(await over).toEqual(exitedWith(1));
    controller.abort('all');
    const rejected = { status: 'rejected', reason: 'all' };
    expect(await Promise.allSettled(waits)).toEqual(waits.map(() => rejected));
    expect(await over).toEqual(exitedWith(1));
    expect(waitStats().waiting).toBe(0);
  });
});

describe('What is no process, no signal or no option is refused by rejecting', () => {
  const wait = waitForExit as unknown as (...args: unknown[]) => Promise<unknown>;

  test.each([0, -1, 1.5, 2 ** 31, Number.NaN])('the PID %d', async (pid) => {
    for (const target of [pid, { pid, id: 'x' }]) {
      await expect(wait(target)).rejects.toMatchObject({
        constructor: RangeError,
        code: 'ERR_OUT_OF_RANGE',
      });
    }
  });

  test.each([undefined, null, '1', 1n, true, Symbol('1'), () => 1])('%o', async (target) => {
    const refused = { constructor: TypeError, code: 'ERR_INVALID_ARG_TYPE' };
    await expect(wait(target)).rejects.toMatchObject(refused);
  });

  test('a record without an id', async () => {
    for (const record of [{ pid: 1 }, { pid: 1, id: null }, { pid: 1, id: 1 }]) {
      const refused = { constructor: TypeError, code: 'ERR_INVALID_ARG_VALUE' };
      await expect(wait(record)).rejects.toMatchObject(refused);
    }
    const refused = { constructor: TypeError, code: 'ERR_INVALID_ARG_TYPE' };
    await expect(wait([])).rejects.toMatchObject(refused);
  });

  test('options and a signal that are none', async () => {
    const refused = { constructor: TypeError, code: 'ERR_INVALID_ARG_TYPE' };
    for (const options of [null, [], 'x', 1, () => ({})]) {
      await expect(wait(process.pid, options)).rejects.toMatchObject(refused);
    }
    for (const signal of [null, 'SIGTERM', {}, new EventTarget()]) {
      await expect(wait(process.pid, { signal })).rejects.toMatchObject(refused);
    }
    expect(waitStats().waiting).toBe(0);
  });
});
