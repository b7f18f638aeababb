/** Ending a process with all of its descendants. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  children,
  exists,
  findByName,
  findByPidSync,
  kill,
  killGroup,
  killTree,
  signalTree,
  waitForExit,
} from '../../src/index.js';
import { exitedWith, killedBy } from '../support/kernel.js';
import { asNobody, inProcess } from '../support/library.js';
import { slowness, whyNoSelf } from '../support/platform.js';
import { hasEnded, settle, stateLetter } from '../support/proc.js';
import { type Child, start, startExiting, startFamily, startPython } from '../support/processes.js';
import { makeProgram, scratchDirectory, uniqueName } from '../support/programs.js';
import { needs, system } from '../support/system.js';
import { until } from '../support/until.js';

const directory = scratchDirectory();

/** A shell that runs this body, says that it is ready, and waits for what it has started. */
function startShell(body: string): Promise<Child> {
  return start('/bin/sh', ['-c', `${body}\necho ready; wait`]);
}

function pidsOf(processes: readonly { pid: number }[]): number[] {
  return processes.map(({ pid }) => pid).sort((a, b) => a - b);
}

async function descendants(root: Child, count: number): Promise<number[]> {
  return until(`there are ${count} descendants`, async () => {
    const found = await children(root.pid, { recursive: true });
    return found.length >= count && pidsOf(found);
  });
}

describe('killTree()', () => {
  it('asks a process and all of its descendants to end', async () => {
    const root = await startFamily(2, 2);
    const found = root.generations.flat();
    expect(found).toHaveLength(6);
    const { ended, ...others } = await killTree(root.pid);
    expect(pidsOf(ended)).toEqual([root.pid, ...found].sort((a, b) => a - b));
    expect(others).toEqual({ killed: [], remaining: [], denied: [] });
    expect([root.pid, ...found].filter((pid) => !hasEnded(pid))).toEqual([]);
  });

  it('kills those that do not end in time, and no others', async (context) => {
    needs(context, 'signals');
    const name = uniqueName(12);
    const obstinate = makeProgram(directory, name);
    // What a shell ignores, its children ignore too.
    const root = await startShell(
      `(trap "" TERM; exec ${obstinate} /dev/zero >/dev/null) & sleep 1000 &`,
    );
    await until('it runs', async () => (await findByName(name)).length === 1);
    const { ended, killed, remaining } = await killTree(root.pid, { grace: 200 });
    expect(killed.map((process) => process.name)).toEqual([name]);
    expect(killed.map(({ exit }) => exit)).toEqual([killedBy('SIGKILL')]);
    expect(remaining).toEqual([]);
    expect(pidsOf(ended)).toContain(root.pid);
    expect(await findByName(name, { fields: ['state'] })).not.toContainEqual(
      expect.objectContaining({ state: 'running' }),
    );
  });

  it('lets none slip away that is forked meanwhile', async (context) => {
    needs(context, 'atomic starts');
    const name = uniqueName(12);
    const forker = await startPython(
      // Each fork takes a byte, and each process ends by itself: whatever becomes of the test.
      `import os, signal, sys, time
open('/proc/self/comm', 'w').write(sys.argv[1])
allowed, given = os.pipe()
os.write(given, bytes(600))
os.close(given)
def breed(depth):
    signal.alarm(30)
    while depth < 3 and os.read(allowed, 1):
        if os.fork() == 0: breed(depth + 1)
        time.sleep(${0.01 * slowness})
    signal.pause()
if os.fork() == 0: breed(0)
print('ready', flush=True)
time.sleep(1000)`,
      [name],
    );
    await until('there are many', async () => (await findByName(name)).length > 30);
    const { ended, remaining } = await killTree(forker.pid, { killSignal: 'SIGKILL' });
    expect(remaining).toEqual([]);
    expect(ended.length).toBeGreaterThan(30);
    const left = await findByName(name, { fields: ['state'] });
    expect(left.filter(({ state }) => state !== 'zombie')).toEqual([]);
  });

  it('tells how each of them ended', async (context) => {
    needs(context, 'signals');
    const root = await startPython(`import os, signal, sys, time
def end(code): return lambda *_: os._exit(code)
if os.fork() == 0:
    signal.signal(signal.SIGTERM, end(7))
    print('ready', flush=True)
    while True: time.sleep(1)
signal.signal(signal.SIGTERM, end(0))
while True: time.sleep(1)`);
    const child = await descendants(root, 1);
    const { ended } = await killTree(root.pid);
    const exits = new Map(ended.map(({ pid, exit }) => [pid, exit]));
    expect(exits.get(root.pid)).toEqual(exitedWith(0));
    expect(exits.get(child[0] ?? 0)).toEqual(exitedWith(7));
  });

  it('kills what was stopped before, and does not continue it', async (context) => {
    needs(context, 'signals');
    const heard = join(directory, uniqueName(12));
    const root = await startPython(
      `import os, signal, sys, time
signal.signal(signal.SIGCONT, lambda *_: open(sys.argv[1], 'w').close())
if os.fork() == 0: time.sleep(1000)
print('ready', flush=True)
time.sleep(1000)`,
      [heard],
    );
    const found = await descendants(root, 1);
    expect(kill(root.pid, 'SIGSTOP')).toBe(true);
    await settle(root.pid, 'T');
    const { ended, killed } = await killTree(root.pid, { grace: 200 });
    expect([pidsOf(ended), pidsOf(killed)]).toEqual([found, [root.pid]]);
    expect(hasEnded(root.pid)).toBe(true);
    expect(existsSync(heard)).toBe(false);
  });

  it('ends a chain of processes however long it is', async (context) => {
    needs(context, 'signals');
    const length = 150;
    const root = await startPython(
      `import os, sys, time
depth = 0
while depth < int(sys.argv[1]) and os.fork() == 0: depth += 1
if depth == int(sys.argv[1]): print('ready', flush=True)
time.sleep(1000)`,
      [String(length)],
    );
    const { ended, killed, remaining } = await killTree(root.pid);
    expect(ended.length + killed.length).toBe(length + 1);
    expect(remaining).toEqual([]);
    expect([...ended, ...killed].filter(({ pid }) => !hasEnded(pid))).toEqual([]);
  });

  it('ends several trees, one within another once', async () => {
    const [one, other] = [await startFamily(2, 1), await startFamily(1)];
    const inner = one.generations[0]?.[0] ?? 0;
    const record = findByPidSync(other.pid);
    if (record === undefined) throw new Error('it has ended');
    const { ended, ...others } = await killTree([inner, one.pid, record, 2 ** 31 - 1]);
    const all = [one.pid, other.pid, ...one.generations.flat(), ...other.generations.flat()];
    expect(pidsOf(ended)).toEqual(all.sort((a, b) => a - b));
    expect(others).toEqual({ killed: [], remaining: [], denied: [] });
    expect(await killTree([])).toEqual({ ended: [], killed: [], remaining: [], denied: [] });
  });

  it('leaves those be that help a process to end', async (context) => {
    needs(context, 'signals');
    const helped = join(directory, uniqueName(12));
    const root = await start('/bin/sh', [
      '-c',
      `trap 'sleep 0.5 && echo done > ${helped}; exit 3' TERM
echo ready
while :; do sleep 0.1; done`,
    ]);
    const { ended } = await killTree(root.pid, { grace: 20_000 });
    expect(existsSync(helped)).toBe(true);
    expect(ended.find(({ pid }) => pid === root.pid)?.exit).toEqual(exitedWith(3));
  });

  it('asks those that a process leaves behind when it ends', async (context) => {
    needs(context, 'signals');
    const root = await startPython(`import os, signal, time
def end(*_):
    if os.fork() != 0:
        time.sleep(0.5)
        os._exit(0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(1000)
signal.signal(signal.SIGTERM, end)
print('ready', flush=True)
while True: time.sleep(1)`);
    const { ended, ...others } = await killTree(root.pid, { grace: 20_000 });
    expect(ended).toHaveLength(2);
    expect(others).toEqual({ killed: [], remaining: [], denied: [] });
  });

  it('refuses PID 1 and the ancestors of who asks, before anybody is signalled', async (context) => {
    needs(context, 'signals');
    const victim = await startFamily(1);
    const refusal = (pid: number) => ({ name: 'ProcessError', code: 'ERR_PROTECTED_PROCESS', pid });
    await expect(killTree(1)).rejects.toMatchObject(refusal(1));
    await expect(killTree([victim.pid, process.ppid])).rejects.toMatchObject(refusal(process.ppid));
    const parent = findByPidSync(process.ppid);
    if (parent === undefined) throw new Error('there is no parent');
    await expect(killTree(parent)).rejects.toMatchObject(refusal(parent.pid));
    expect(() => signalTree([victim.pid, 1], 0)).toThrow(
      expect.objectContaining({ code: 'ERR_PROTECTED_PROCESS' }),
    );
    expect(hasEnded(victim.pid)).toBe(false);
    const { signalled } = signalTree(process.ppid, 0, { force: true });
    expect(pidsOf(signalled)).toEqual(expect.arrayContaining([process.ppid, victim.pid]));
    expect(pidsOf(signalled)).not.toContain(process.pid);
    // Another one that has had its PID is no ancestor.
    await expect(killTree({ pid: process.ppid, id: 'x' })).resolves.toMatchObject({ ended: [] });
  });

  it('does nothing when the process is gone, or another one has its PID', async () => {
    const nothing = { ended: [], killed: [], remaining: [], denied: [] };
    const other = await startExiting();
    expect(await killTree(2 ** 22 + 1)).toEqual(nothing);
    expect(await killTree({ pid: other.pid, id: `${other.pid}-1` })).toEqual(nothing);
    expect(exists(other.pid) && !hasEnded(other.pid)).toBe(true);
  });

  it('leaves out the process that asks', async ({ skip }) => {
    skip(whyNoSelf !== undefined, whyNoSelf);
    const result = await inProcess({}, system.exiting, async ({ procseek, require }, waiting) => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const [program = '', ...args] = waiting;
      const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
      await new Promise((resolve) => child.once('spawn', resolve));
      const { ended, killed, denied } = await procseek.killTree(process.pid, { grace: 3000 });
      return { pid: child.pid, ended: ended.map(({ pid }) => pid), killed, denied };
    });
    expect(result).toEqual({ pid: result.pid, ended: [result.pid], killed: [], denied: [] });
  });

  it('tells whom it may not signal, and leaves them as they are', async (context) => {
    needs(context, 'users');
    const other = await startFamily(1);
    const result = await inProcess(asNobody, other.pid, ({ procseek }, pid) =>
      procseek.killTree(pid),
    );
    expect(pidsOf(result.denied)).toEqual([other.pid, ...other.generations.flat()]);
    expect(result.remaining).toEqual(result.denied);
    expect(result.denied.map(({ reason }) => reason)).toEqual(result.denied.map(() => 'denied'));
    expect({ ended: result.ended, killed: result.killed }).toEqual({ ended: [], killed: [] });
    expect(stateLetter(other.pid)).not.toBe('T');
    expect(hasEnded(other.pid)).toBe(false);
  });

  it('changes nothing else when it is aborted, and rejects with the reason', async (context) => {
    needs(context, 'signals');
    const name = uniqueName(12);
    const root = await startShell(
      `trap "" TERM; ${makeProgram(directory, name)} /dev/zero >/dev/null & sleep 1000 &`,
    );
    const found = await descendants(root, 2);
    const stopped = found[0] ?? 0;
    kill(stopped, 'SIGSTOP');
    await settle(stopped, 'T');
    const controller = new AbortController();
    const reason = new Error('enough');
    const ending = killTree(root.pid, { signal: controller.signal, grace: 20_000 });
    setTimeout(() => controller.abort(reason), 100);
    await expect(ending).rejects.toBe(reason);
    for (const pid of [root.pid, ...found]) {
      expect(hasEnded(pid)).toBe(false);
      expect(stateLetter(pid) === 'T').toBe(pid === stopped);
    }
    await killTree(root.pid, { killSignal: 'SIGKILL' });
  });

  it('refuses what is no process, no signal, or no time', async () => {
    await expect(killTree(0)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(killTree(-1)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    const { pid } = process;
    await expect(killTree(pid, { killSignal: 'SIGFOO' })).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_SIGNAL',
    });
    await expect(killTree(pid, { killSignal: 0 })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(killTree(pid, { grace: -1 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(killTree('1' as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    await expect(killTree(pid, { patience: -1 })).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    await expect(killTree(pid, { force: 1 as never })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_TYPE',
    });
    await expect(killTree([pid, 0])).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
  });
});

describe('signalTree()', () => {
  it('signals a process and all of its descendants, and leaves it at that', async () => {
    const root = await startFamily(2, 1);
    const all = [root.pid, ...root.generations.flat()].sort((a, b) => a - b);
    const asked = signalTree(root.pid, 0);
    expect(pidsOf(asked.signalled)).toEqual(all);
    expect(asked.denied).toEqual([]);
    expect(all.filter((pid) => hasEnded(pid))).toEqual([]);
    const ends = all.map((pid) => waitForExit(pid));
    expect(pidsOf(signalTree(root.pid).signalled)).toEqual(all);
    await Promise.all(ends);
    expect(all.filter((pid) => !hasEnded(pid))).toEqual([]);
    expect(signalTree(2 ** 31 - 1)).toEqual({ signalled: [], denied: [] });
  });

  it('sends the signal that it is given', async (context) => {
    needs(context, 'signals', 'states');
    const root = await startFamily(2);
    const all = [root.pid, ...root.generations.flat()];
    signalTree(root.pid, 'SIGSTOP');
    for (const pid of all) await settle(pid, 'T');
    signalTree([root.pid], 'SIGCONT');
    for (const pid of all) await settle(pid, 'S');
    expect(() => signalTree(root.pid, 'SIGFOO')).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_SIGNAL' }),
    );
    expect(() => signalTree('1' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('tells whom it may not signal', async (context) => {
    needs(context, 'users');
    const other = await startFamily(1);
    const result = await inProcess(asNobody, other.pid, ({ procseek }, pid) =>
      procseek.signalTree(pid),
    );
    expect(pidsOf(result.denied)).toEqual([other.pid, ...other.generations.flat()]);
    expect(result.signalled).toEqual([]);
  });
});

describe('killGroup()', () => {
  /** A leader that has ended, and three that it has left behind. */
  async function leaveBehind(create: 'setsid' | 'setpgrp'): Promise<number> {
    const starter = await startPython(`import os, time
leader = os.fork()
if leader == 0:
    os.${create}()
    for i in range(3):
        if os.fork() == 0: time.sleep(1000)
    os._exit(0)
os.waitpid(leader, 0)
print(leader, flush=True)
time.sleep(1000)`);
    return Number(starter.greeting);
  }

  it.each([
    ['sid', 'setsid'],
    ['pgid', 'setpgrp'],
  ] as const)('ends what a dead leader left behind, by %s', async (key, create) => {
    if (system.lacks.signals !== undefined) return;
    const leader = await leaveBehind(create);
    const group = key === 'sid' ? { sid: leader } : { pgid: leader };
    const { ended, ...others } = await killGroup(group);
    expect(ended).toHaveLength(3);
    expect(ended.map(({ exit }) => exit)).toEqual(Array(3).fill(killedBy('SIGTERM')));
    expect(others).toEqual({ killed: [], remaining: [], denied: [] });
    expect(await killGroup(group)).toEqual({ ...others, ended: [] });
  });

  it('refuses groups of which who asks is a member', async (context) => {
    needs(context, 'signals');
    const own = findByPidSync(process.pid, { fields: ['pgid', 'sid', 'cgroup'] });
    const refusal = { code: 'ERR_PROTECTED_PROCESS' };
    await expect(killGroup({ pgid: own?.pgid ?? 0 })).rejects.toMatchObject(refusal);
    await expect(killGroup({ cgroup: own?.cgroup ?? '/' })).rejects.toMatchObject(refusal);
    await expect(killGroup({ cgroup: '/' })).rejects.toMatchObject(refusal);
  });

  it.each([
    {},
    { pgid: 5, sid: 5 },
    { pgid: 0 },
    { sid: 1.5 },
    { cgroup: '' },
    { cgroup: 'a' },
    { cgroup: '/a/../b' },
    { cgroup: '/a//b' },
    { cgroup: '/a\0b' },
    { cgroup: 5 },
    null,
  ])('refuses %j, which is no group', async (group) => {
    await expect(killGroup(group as never)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_(INVALID_ARG_(VALUE|TYPE)|OUT_OF_RANGE)$/),
    });
  });
});
