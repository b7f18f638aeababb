/** Ending a process with all of its descendants. */
import { describe, expect, it } from 'vitest';
import { children, exists, findByName, kill, killTree, type Process } from '../../src/index.js';
import { asNobody, inProcess } from '../support/library.js';
import { slowness, whyNoSelf } from '../support/platform.js';
import { hasEnded, settle, stateLetter } from '../support/proc.js';
import { type Child, start, startExiting, startFamily, startPython } from '../support/processes.js';
import { makeProgram, scratchDirectory, uniqueName } from '../support/programs.js';
import { needs, system } from '../support/system.js';
import { until } from '../support/until.js';

const directory = scratchDirectory();

/** `#!/bin/sh` with this body, once it has said that its descendants are there. */
function startShell(body: string): Promise<Child> {
  return start('/bin/sh', ['-c', `${body}\necho ready; while :; do sleep 1; done`]);
}

function pidsOf(processes: readonly Process[]): number[] {
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
    const { ended, killed, denied } = await killTree(root.pid);
    expect(pidsOf(ended)).toEqual([root.pid, ...found].sort((a, b) => a - b));
    expect({ killed, denied }).toEqual({ killed: [], denied: [] });
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
    const { ended, killed } = await killTree(root.pid, { grace: 200 });
    expect(killed.map((process) => process.name)).toEqual([name]);
    expect(pidsOf(ended)).toContain(root.pid);
    expect(await findByName(name, { fields: ['state'] })).not.toContainEqual(
      expect.objectContaining({ state: 'running' }),
    );
  });

  it('lets none slip away that is forked meanwhile', async (context) => {
    needs(context, 'atomic starts');
    const name = uniqueName(12);
    const forker = await startPython(
      `import os, sys, time
open('/proc/self/comm', 'w').write(sys.argv[1])
def breed(depth):
    while True:
        if os.fork() == 0 and depth < 2:
            breed(depth + 1)
        elif os.getppid() != 0 and depth >= 2:
            time.sleep(1000)
        time.sleep(${0.005 * slowness})
if os.fork() == 0:
    breed(0)
print('ready', flush=True)
time.sleep(1000)`,
      [name],
    );
    await until('there are many', async () => (await findByName(name)).length > 30);
    const { ended, denied } = await killTree(forker.pid, { killSignal: 'SIGKILL' });
    expect(denied).toEqual([]);
    expect(ended.length).toBeGreaterThan(30);
    const left = await findByName(name, { fields: ['state'] });
    expect(left.filter(({ state }) => state !== 'zombie')).toEqual([]);
  });

  it('ends what was stopped before', async () => {
    const root = await startFamily(1);
    expect(kill(root.pid, 'SIGSTOP')).toBe(true);
    await settle(root.pid, 'T');
    const { ended } = await killTree(root.pid);
    const all = [root.pid, ...root.generations.flat()];
    expect(pidsOf(ended)).toEqual(all.sort((a, b) => a - b));
    expect(hasEnded(root.pid)).toBe(true);
  });

  it('does nothing when the process is gone, or another one has its PID', async () => {
    const nothing = { ended: [], killed: [], denied: [] };
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
    const other = await startShell('true');
    const result = await inProcess(asNobody, other.pid, ({ procseek }, pid) =>
      procseek.killTree(pid),
    );
    expect(pidsOf(result.denied)).toContain(other.pid);
    expect({ ended: result.ended, killed: result.killed }).toEqual({ ended: [], killed: [] });
    expect(stateLetter(other.pid)).not.toBe('T');
    expect(hasEnded(other.pid)).toBe(false);
  });

  it('leaves nothing stopped when it is aborted, and rejects with the reason', async (context) => {
    needs(context, 'signals');
    const name = uniqueName(12);
    const root = await startShell(
      `trap "" TERM; ${makeProgram(directory, name)} /dev/zero >/dev/null & sleep 1000 &`,
    );
    const found = await descendants(root, 2);
    const controller = new AbortController();
    const reason = new Error('enough');
    const ending = killTree(root.pid, { signal: controller.signal, grace: 20_000 });
    setTimeout(() => controller.abort(reason), 100);
    await expect(ending).rejects.toBe(reason);
    for (const pid of [root.pid, ...found]) {
      await until(`${pid} is not stopped`, () => stateLetter(pid) !== 'T');
    }
    await killTree(root.pid, { killSignal: 'SIGKILL' });
  });

  it('refuses what is no process, no signal, or no time', async () => {
    await expect(killTree(0)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(killTree(-1)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(killTree(1, { killSignal: 'SIGFOO' })).rejects.toMatchObject({
      code: 'ERR_UNKNOWN_SIGNAL',
    });
    await expect(killTree(1, { killSignal: 0 })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
    await expect(killTree(1, { grace: -1 })).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(killTree('1' as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });
});
