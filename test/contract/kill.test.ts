/** Signals reach the process that was meant, and no other one. */
import { constants } from 'node:os';
import { beforeEach, describe, expect, test } from 'vitest';
import { findByPidSync, isRunning, kill, type Process } from '../../src/index.js';
import { hasHandles } from '../support/kernel.js';
import { asNobody, inProcess } from '../support/library.js';
import { emulator } from '../support/platform.js';
import { hasEnded, numberedEntries, settle, vanish } from '../support/proc.js';
import { start, startExiting, startParent, startPython } from '../support/processes.js';
import { needing, needs } from '../support/system.js';
import { until } from '../support/until.js';

/** Says the name of each signal that it gets, and stays; `SIGKILL` ends it. */
const listener = `import signal
awaited = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2]
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
print('ready', flush=True)
while True: print(signal.Signals(signal.sigwait(awaited)).name, flush=True)`;

function identify(pid: number): Process<'id'> {
  const found = findByPidSync(pid, { fields: ['id'] });
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return found;
}

describe('A signal', () => {
  test('is SIGTERM unless told otherwise', async (context) => {
    needs(context, 'signals');
    const child = await startPython(listener);
    expect(kill(child.pid)).toBe(true);
    expect(await child.line()).toBe('SIGTERM');
    expect(kill(identify(child.pid), undefined)).toBe(true);
    expect(await child.line()).toBe('SIGTERM');
  });

  test('is named, or has a number', async (context) => {
    needs(context, 'signals');
    const child = await startPython(listener);
    for (const name of ['SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGHUP'] as const) {
      expect(kill(child.pid, name)).toBe(true);
      expect(await child.line()).toBe(name);
      expect(kill(identify(child.pid), constants.signals[name])).toBe(true);
      expect(await child.line()).toBe(name);
    }
  });

  test('may be a real-time one, which has a number only', async (context) => {
    needs(context, 'signals');
    context.skip(emulator !== undefined, `${emulator} moves real-time signals`);
    const child = await startPython(`import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMAX])
print('ready', flush=True)
while True: print(int(signal.sigwait([signal.SIGRTMAX])), flush=True)`);
    expect(kill(child.pid, 64)).toBe(true);
    expect(await child.line()).toBe('64');
  });

  test('0 is not sent, but tests whether one could be', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    expect(kill(child.pid, 0)).toBe(true);
    expect(kill(record, 0)).toBe(true);
    expect(isRunning(record)).toBe(true);
    await child.stop();
    await vanish(child.pid);
    expect(kill(child.pid, 0)).toBe(false);
    expect(kill(record, 0)).toBe(false);
  });

  test('ends a process, by default, which then is not there any more', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    expect(kill(child.pid)).toBe(true);
    await vanish(child.pid);
    expect(kill(record)).toBe(false);
  });

  test('reaches a process that is no child, and one that is stopped', async () => {
    const parent = await startParent();
    const grandchild = await parent.startChild();
    expect(kill(grandchild, 'SIGSTOP')).toBe(true);
    await settle(grandchild, 'T');
    expect(kill(identify(grandchild), 'SIGKILL')).toBe(true);
    await until('it has ended', () => hasEnded(grandchild));
    await parent.endChild();
    expect(kill(grandchild, 'SIGKILL')).toBe(false);
  });

  test('may be for this very process', () => {
    expect(kill(process.pid, 0)).toBe(true);
    expect(kill(identify(process.pid), 0)).toBe(true);
  });

  test('to a zombie goes nowhere, and is no failure', async (context) => {
    needs(context, 'zombies');
    const parent = await startPython(`import os, sys
pid = os.fork()
if pid == 0: os._exit(7)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(pid, flush=True)
sys.stdin.readline()
print(os.WEXITSTATUS(os.waitpid(pid, 0)[1]), flush=True)
sys.stdin.read()`);
    const pid = Number(parent.greeting);
    const record = identify(pid);
    for (const signal of ['SIGTERM', 'SIGKILL', 0]) {
      expect(kill(pid, signal)).toBe(true);
      expect(kill(record, signal)).toBe(true);
    }
    parent.say('reap');
    expect(await parent.line()).toBe('7');
    expect(kill(pid)).toBe(false);
    expect(kill(record)).toBe(false);
  });

  test('is not for threads, whatever their id', async (context) => {
    needs(context, 'thread ids');
    const child = await startPython(`import sys, threading
threading.Thread(target=sys.stdin.read).start()
print('ready', flush=True)
threading.Event().wait()`);
    const threads = numberedEntries(`/proc/${child.pid}/task`).filter((id) => id !== child.pid);
    expect(threads).toHaveLength(1);
    const record = identify(child.pid);
    for (const thread of threads) {
      expect(kill(thread, 'SIGKILL')).toBe(false);
      expect(kill({ ...record, pid: thread }, 'SIGKILL')).toBe(false);
    }
    expect(isRunning(record)).toBe(true);
  });
});

describe('A process that is not there', () => {
  test('gets no signal, by its PID or by its record', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    expect(kill(record, 'SIGKILL')).toBe(true);
    await child.stop();
    await vanish(child.pid);
    expect(kill(record)).toBe(false);
    expect(kill(child.pid)).toBe(false);
    expect(kill(2 ** 31 - 1)).toBe(false);
    expect(kill({ pid: 2 ** 31 - 1, id: 'x' })).toBe(false);
  });

  test('is what an id that is not that of the process stands for', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    const { id } = record;
    const others = ['x', '0', ' ', `${id} `, ` ${id}`, `${id}0`, id.slice(0, -1)];
    const hostile = [`${id}\0`, '\0', `\0${id}`, '\ud800', `${id}\udfff`, '🙂', 'é'.repeat(15)];
    for (const other of [...others, ...hostile, identify(process.pid).id]) {
      expect(kill({ pid: child.pid, id: other }, 'SIGKILL')).toBe(false);
    }
    expect(isRunning(record)).toBe(true);
  });

  test('is what an empty id stands for', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    expect(kill({ pid: child.pid, id: '' }, 0)).toBe(false);
    expect(isRunning(record)).toBe(true);
  });

  test('is what an id longer than any stands for', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    for (const length of [31, 32, 33, 255, 256, 257, 1_000_000]) {
      const id = record.id.padEnd(length, '0');
      expect(kill({ pid: child.pid, id }, 'SIGKILL')).toBe(false);
    }
    expect(isRunning(record)).toBe(true);
  });
});

describe('What is no signal, or no process, is refused and nothing is sent', () => {
  /** As JavaScript may call it. */
  const send = kill as unknown as (...args: unknown[]) => unknown;
  const thrown = (...args: unknown[]): unknown => {
    try {
      send(...args);
    } catch (error) {
      return error;
    }
    return expect.fail('nothing was thrown');
  };

  test.each([
    -1,
    65,
    1.5,
    2 ** 32,
    2 ** 32 + 9,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'SIGNONE',
    'sigterm',
    'TERM',
    '15',
    'SIGTERM\0',
    'toString',
    '__proto__',
  ])('%o is an unknown signal', (signal) => {
    const error = thrown(process.pid, signal);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'ERR_UNKNOWN_SIGNAL' });
  });

  test.each([null, true, {}, [], ['SIGTERM'], 15n, Symbol('SIGTERM'), () => 15])(
    '%o has the wrong type for a signal',
    (signal) => {
      const error = thrown(process.pid, signal);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    },
  );

  test.each([0, -0, -1, -2, 1.5, 2 ** 31, 2 ** 32 + 1, Number.NaN, Number.NEGATIVE_INFINITY])(
    '%d is out of the range of PIDs, alone or in a record',
    (pid) => {
      for (const target of [pid, { pid, id: 'x' }]) {
        const error = thrown(target, 0);
        expect(error).toBeInstanceOf(RangeError);
        expect(error).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      }
    },
  );

  test.each([undefined, null, '1', 1n, true, Symbol('1'), () => 1])(
    '%o has the wrong type for a process',
    (target) => {
      const error = thrown(target, 0);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    },
  );

  test('a PID in a record has to be a number', () => {
    for (const pid of ['1', undefined, null, 1n, {}]) {
      expect(thrown({ pid, id: 'x' }, 0)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  test('a record has to tell its id', () => {
    const { pid } = process;
    for (const record of [{ pid }, { pid, id: undefined }, { pid, id: null }, { pid, id: 1 }]) {
      const error = thrown(record, 0);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
    }
    expect(thrown([], 0)).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe("Another user's process", () => {
  beforeEach(needing('users'));

  test('is refused with EPERM, and what is not there is no failure', async () => {
    const child = await startExiting();
    const record = identify(child.pid);
    const outcome = await inProcess(asNobody, record, ({ procseek }, record) => {
      return [record.pid, record].flatMap((target) =>
        [0, 'SIGTERM'].map((signal) => {
          try {
            return procseek.kill(target, signal);
          } catch (error) {
            if (!(error instanceof procseek.ProcessError)) throw error;
            const { name, message, code, errno, syscall, pid } = error;
            return { name, message, code, errno, syscall, pid };
          }
        }),
      );
    });
    const syscall = hasHandles ? 'pidfd_send_signal' : 'kill';
    const refused = {
      name: 'ProcessError',
      message: `EPERM: operation not permitted, ${syscall} of process ${child.pid}`,
      code: 'EPERM',
      errno: -1,
      syscall,
      pid: child.pid,
    };
    expect(outcome).toEqual([refused, refused, refused, refused]);
    expect(isRunning(record)).toBe(true);
  });

  test('of another identity is gone rather than refused', async () => {
    const child = await startExiting();
    const answer = await inProcess(asNobody, child.pid, ({ procseek }, pid) => {
      return procseek.kill({ pid, id: 'x' });
    });
    expect(answer).toBe(false);
  });

  test('and its own user may signal it', async () => {
    const child = await start('/bin/sh', ['-c', 'echo ready; exec sleep 1000000'], { uid: 65534 });
    const answer = await inProcess(asNobody, identify(child.pid), ({ procseek }, record) => {
      return [procseek.kill(record.pid, 0), procseek.kill(record, 'SIGKILL')];
    });
    expect(answer).toEqual([true, true]);
    await vanish(child.pid);
  });
});
