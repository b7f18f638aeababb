/** One process by its PID: whether it is there, and whether it is still the same. */
import { beforeEach, describe, expect, test } from 'vitest';
import { exists, findByPid, findByPidSync, isRunning, type Process } from '../../src/index.js';
import { inPidNamespace, inProcess } from '../support/library.js';
import { whyNoSelf } from '../support/platform.js';
import { numberedEntries, settle, vanish } from '../support/proc.js';
import { type Child, start, startHeadless, startPython } from '../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { isRoot, ownUid } from '../support/requirements.js';
import { needing, needs, system } from '../support/system.js';

const scratch = scratchDirectory();

/** Both ways of asking. */
async function find(pid: number): Promise<Process<'name' | 'ppid' | 'state' | 'id'> | undefined> {
  const fields = ['name', 'ppid', 'state', 'id'] as const;
  const found = await findByPid(pid, { fields });
  const { state: _, ...atOnce } = findByPidSync(pid, { fields }) ?? { state: '' };
  const { state: __, ...later } = found ?? { state: '' };
  expect(atOnce).toEqual(later);
  return found;
}

async function expectNoProcess(pid: number): Promise<void> {
  expect(exists(pid)).toBe(false);
  expect(await find(pid)).toBeUndefined();
}

/** A record to hand to isRunning(). */
function identify(pid: number): Process<'id'> {
  const found = findByPidSync(pid, { fields: ['id'] });
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return found;
}

describe('A process that is there', () => {
  test('may be the one that asks', async ({ skip }) => {
    skip(whyNoSelf !== undefined, whyNoSelf);
    expect(exists(process.pid)).toBe(true);
    expect(await find(process.pid)).toMatchObject({ pid: process.pid, ppid: process.ppid });
    expect(isRunning(identify(process.pid))).toBe(true);
  });

  test('may be the first one of all', async (context) => {
    needs(context, 'first process');
    expect(exists(1)).toBe(true);
    expect(await find(1)).toMatchObject({ pid: 1, ppid: 0 });
  });

  test('may be a child', async () => {
    const name = uniqueName(20);
    const { pid } = await startProgram(makeProgram(scratch, name));
    await settle(pid);
    expect(exists(pid)).toBe(true);
    expect(await find(pid)).toMatchObject({ pid, name, ppid: process.pid, state: system.idle });
    expect(isRunning(identify(pid))).toBe(true);
  });

  test('is told by the default fields unless others are asked for', async () => {
    const keys = ['pid', 'name', 'ppid', 'state', 'startTime', 'id'];
    expect(Object.keys((await findByPid(process.pid)) ?? {})).toEqual(keys);
    expect(Object.keys(findByPidSync(process.pid) ?? {})).toEqual(keys);
    expect(findByPidSync(process.pid, { fields: [] })).toEqual({ pid: process.pid });
  });

  test('may be stopped', async (context) => {
    needs(context, 'states');
    const { pid, signal } = await startSignalled();
    signal('SIGSTOP');
    await settle(pid, 'T');
    expect(exists(pid)).toBe(true);
    expect(await find(pid)).toMatchObject({ pid, state: 'stopped' });
    signal('SIGCONT');
    await settle(pid);
    expect(await find(pid)).toMatchObject({ pid, state: 'sleeping' });
  });

  test('may be traced', async (context) => {
    needs(context, 'states');
    const { pid } = await startSignalled();
    await startPython(
      `import ctypes, os, sys
ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), None, None)
os.waitpid(int(sys.argv[1]), 0)
print('attached', flush=True)
sys.stdin.read()`,
      [String(pid)],
    );
    await settle(pid, 't');
    expect(await find(pid)).toMatchObject({ pid, state: 'tracing-stop' });
  });

  test('may be computing', async (context) => {
    needs(context, 'states');
    const { pid } = await startPython("print('ready', flush=True)\nwhile True: pass");
    await settle(pid, 'R');
    expect(await find(pid)).toMatchObject({ pid, state: 'running' });
  });
});

async function startSignalled(): Promise<{ pid: number; signal: Child['signal'] }> {
  const child = await startProgram(makeProgram(scratch, uniqueName(12)));
  await settle(child.pid);
  return { pid: child.pid, signal: (signal) => child.signal(signal) };
}

describe('A process that is not there', () => {
  test('has the PID 0, or one that nobody has', async () => {
    await expectNoProcess(0);
    await expectNoProcess(2 ** 31 - 1);
  });

  test('may have been there', async () => {
    const child = await startProgram(makeProgram(scratch, uniqueName(12)));
    const record = identify(child.pid);
    await child.stop();
    await vanish(child.pid);
    await expectNoProcess(child.pid);
    expect(isRunning(record)).toBe(false);
  });

  test('is what a thread id stands for', async (context) => {
    needs(context, 'thread ids');
    const { pid } = await startPython(`import sys, threading
thread = threading.Thread(target=sys.stdin.read)
thread.start()
print('ready', flush=True)
thread.join()`);
    const threads = numberedEntries(`/proc/${pid}/task`);
    expect(threads).toHaveLength(2);
    for (const thread of threads) {
      if (thread === pid) expect(exists(thread)).toBe(true);
      else await expectNoProcess(thread);
      expect(isRunning({ ...identify(pid), pid: thread })).toBe(thread === pid);
    }
  });

  test('is what the id of a thread of this process stands for', async (context) => {
    needs(context, 'thread ids');
    for (const thread of numberedEntries('/proc/self/task')) {
      if (thread !== process.pid) await expectNoProcess(thread);
    }
  });
});

describe('A zombie', () => {
  beforeEach(needing('zombies'));
  const fields = ['name', 'state', 'ppid', 'exe', 'cwd', 'root', 'cmdline', 'rss', 'uid'] as const;

  test('is there until its parent waits for it', async () => {
    const parent = await startPython(`import os, sys
pid = os.fork()
if pid == 0: os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(pid, flush=True)
sys.stdin.readline()
os.waitpid(pid, 0)
print('reaped', flush=True)
sys.stdin.read()`);
    const pid = Number(parent.greeting);
    const record = identify(pid);
    expect(exists(pid)).toBe(true);
    expect(isRunning(record)).toBe(false);
    const zombie = {
      pid,
      name: 'python3',
      state: 'zombie',
      ppid: parent.pid,
      exe: null,
      cwd: null,
      root: null,
      cmdline: [],
      rss: 0,
      uid: ownUid,
    };
    expect(findByPidSync(pid, { fields })).toEqual(zombie);
    expect(await findByPid(pid, { fields })).toEqual(zombie);

    parent.say('reap');
    await parent.line();
    await expectNoProcess(pid);
    expect(isRunning(record)).toBe(false);
  });

  test('may have threads that go on', async () => {
    const { pid } = await startHeadless();
    await settle(pid, 'Z');
    expect(numberedEntries(`/proc/${pid}/task`)).toHaveLength(2);
    expect(exists(pid)).toBe(true);
    expect(findByPidSync(pid, { fields })).toMatchObject({
      state: 'zombie',
      exe: expect.stringContaining('python3'),
      cmdline: expect.arrayContaining(['/usr/bin/python3']),
    });
    expect(isRunning(identify(pid))).toBe(true);
  });
});

describe('The identity of a process', () => {
  test('does not change when it executes another program', async (context) => {
    needs(context, 'shared PIDs');
    const [before, after] = [uniqueName(12), uniqueName(13)];
    const path = makeProgram(scratch, after);
    const child = await start('/bin/bash', [
      '-c',
      `printf ${before} > /proc/$$/comm; echo ready; read line; exec ${path}`,
    ]);
    const record = identify(child.pid);
    expect((await find(child.pid))?.name).toBe(before);
    child.say('go');
    child.say('ready');
    await child.line();
    expect((await find(child.pid))?.name).toBe(after);
    expect(identify(child.pid)).toEqual(record);
    expect(isRunning(record)).toBe(true);
  });

  test('is another one for each process, and says nothing of the moment', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const ids = new Set<string>();
    const { pid } = await startProgram(path);
    for (let i = 0; i < 4; i++) ids.add(identify((await startProgram(path)).pid).id);
    const { id } = identify(pid);
    expect(ids.add(id).size).toBe(5);
    expect((await findByPid(pid, { fields: ['id', 'rss'] }))?.id).toBe(id);
  });

  test('is not that of a process that was given its PID later', async (context) => {
    needs(context, 'namespaces');
    context.skip(!isRoot, 'needs root');
    const { tries, ...seen } = await inProcess(inPidNamespace, 0, async ({ procseek, require }) => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const { once } = require('node:events') as typeof import('node:events');
      const { writeFileSync } = require('node:fs') as typeof import('node:fs');
      const first = spawn('sleep', ['1000']);
      const pid = first.pid ?? 0;
      const record = procseek.findByPidSync(pid);
      if (record === undefined) throw new Error('it has ended');
      const before = procseek.isRunning(record);
      first.kill('SIGKILL');
      await once(first, 'exit');
      const gone = procseek.isRunning(record);
      for (let tries = 1; ; tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
        const second = spawn('sleep', ['1000']);
        if (second.pid !== pid && tries < 200) continue;
        const successor = procseek.findByPidSync(pid);
        return {
          tries,
          isSamePid: second.pid === pid,
          before,
          gone,
          after: procseek.isRunning(record),
          exists: procseek.exists(pid),
          isSameId: successor?.id === record.id,
          successor: successor !== undefined && procseek.isRunning(successor),
        };
      }
    });
    expect(tries).toBeLessThan(200);
    expect(seen).toEqual({
      isSamePid: true,
      before: true,
      gone: false,
      after: false,
      exists: true,
      isSameId: false,
      successor: true,
    });
  });
});
