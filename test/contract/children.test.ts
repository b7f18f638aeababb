/** The children of a process, and theirs. */
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { children, type Field, fieldNames, findByPidSync } from '../../src/index.js';
import { inPidNamespace, inProcess, traced } from '../support/library.js';
import { whyNoSelf } from '../support/platform.js';
import { numberedEntries, vanish } from '../support/proc.js';
import { startFamily, startPython } from '../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { isRoot } from '../support/requirements.js';
import { needs, system } from '../support/system.js';

const scratch = scratchDirectory();

async function pids(
  process: number | { pid: number; id: string },
  recursive = false,
): Promise<number[]> {
  return (await children(process, { recursive, fields: [] })).map(({ pid }) => pid);
}

const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

describe('The children of a process', () => {
  test('are those that it started, in ascending order', async () => {
    const { pid, generations } = await startFamily(3, 2);
    expect(generations.map(({ length }) => length)).toEqual([3, 6]);
    expect(await pids(pid)).toEqual(ascending(generations[0] ?? []));
  });

  test('are followed by theirs when asked for', async () => {
    const { pid, generations } = await startFamily(3, 2, 2);
    expect(await pids(pid, true)).toEqual(ascending(generations.flat()));
    expect(generations.flat()).toHaveLength(3 + 6 + 12);
    const [child = 0] = generations[0] ?? [];
    expect(await pids(child, true)).toHaveLength(6);
  });

  test('may be none', async () => {
    const { pid } = await startProgram(makeProgram(scratch, uniqueName(12)));
    expect(await pids(pid)).toEqual([]);
    expect(await pids(pid, true)).toEqual([]);
  });

  test(`may be ${system.many}`, async () => {
    const { pid, generations } = await startFamily(system.many);
    expect(await pids(pid)).toEqual(ascending(generations[0] ?? []));
    expect(await pids(pid, true)).toHaveLength(system.many);
  });

  test('include zombies, and exclude who has been waited for', async (context) => {
    needs(context, 'zombies');
    const parent = await startPython(`import os, sys
def end():
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid
zombie, other = end(), end()
os.waitpid(other, 0)
print(zombie, flush=True)
sys.stdin.read()`);
    const zombie = { pid: Number(parent.greeting), state: 'zombie' };
    expect(await children(parent.pid, { fields: ['state'] })).toEqual([zombie]);
    expect(await children(parent.pid, { fields: ['state'], recursive: true })).toEqual([zombie]);
  });

  test('may have been started by any of its threads', async (context) => {
    needs(context, 'thread ids');
    const parent = await startPython(`import json, os, sys, threading
children, all_forked = [], threading.Barrier(5)
def fork():
    for _ in range(2):
        pid = os.fork()
        if pid == 0:
            sys.stdin.read()
            os._exit(0)
        children.append(pid)
    all_forked.wait()
    sys.stdin.read()
for _ in range(4): threading.Thread(target=fork, daemon=True).start()
all_forked.wait()
print(json.dumps(children), flush=True)
sys.stdin.read()`);
    const started = JSON.parse(parent.greeting) as number[];
    expect(started).toHaveLength(8);
    expect(numberedEntries(`/proc/${parent.pid}/task`).length).toBe(5);
    expect(await pids(parent.pid)).toEqual(ascending(started));
    expect(await pids(parent.pid, true)).toEqual(ascending(started));
  });

  test('stay those of the process when the thread that started them has ended', async (context) => {
    needs(context, 'thread ids');
    const parent = await startPython(`import os, sys, threading
children = []
def fork():
    pid = os.fork()
    if pid == 0:
        sys.stdin.read()
        os._exit(0)
    children.append(pid)
thread = threading.Thread(target=fork)
thread.start()
thread.join()
print(children[0], flush=True)
sys.stdin.read()`);
    expect(await pids(parent.pid)).toEqual([Number(parent.greeting)]);
  });

  test('are not those that the kernel gave to somebody else', async (context) => {
    needs(context, 'orphans');
    const parent = await startPython(`import os, sys
pid = os.fork()
if pid == 0:
    orphan = os.fork()
    if orphan == 0:
        sys.stdin.read()
        os._exit(0)
    print(orphan, flush=True)
    os._exit(0)
os.waitpid(pid, 0)
print('reaped', flush=True)
sys.stdin.read()`);
    expect(await parent.line()).toBe('reaped');
    const orphan = Number(parent.greeting);
    expect(await pids(parent.pid, true)).toEqual([]);
    const adopter = findByPidSync(orphan, { fields: ['ppid'] })?.ppid ?? -1;
    expect(await pids(adopter)).toContain(orphan);
  });

  test('of PID 0 are those that the kernel started', async (context) => {
    needs(context, 'first process');
    const found = await children(0, { fields: ['ppid'] });
    expect(found).toContainEqual({ pid: 1, ppid: 0 });
    expect(found.every(({ ppid }) => ppid === 0)).toBe(true);
    const all = await pids(0, true);
    expect(all).toContain(process.pid);
    expect(all).not.toContain(0);
  });
});

describe('There are no children', () => {
  test('of a process that is not there', async () => {
    const child = await startProgram(makeProgram(scratch, uniqueName(12)));
    await child.stop();
    await vanish(child.pid);
    expect(await pids(child.pid)).toEqual([]);
    expect(await pids(child.pid, true)).toEqual([]);
    expect(await pids(2 ** 31 - 1)).toEqual([]);
  });

  test('of a thread', async (context) => {
    needs(context, 'thread ids');
    await startProgram(makeProgram(scratch, uniqueName(12)));
    for (const thread of numberedEntries('/proc/self/task')) {
      if (thread !== process.pid) expect(await pids(thread)).toEqual([]);
    }
  });

  test('of a process that had the PID before', async () => {
    const { pid } = await startFamily(2);
    const record = findByPidSync(pid);
    if (record === undefined) expect.fail('it has ended');
    expect(await pids(record)).toHaveLength(2);
    expect(await pids({ pid, id: `${record.id}0` })).toEqual([]);
    expect(await pids({ pid, id: '' }, true)).toEqual([]);
  });
});

describe('The records of children', () => {
  test('hold what was asked for, and no parent that was not', async () => {
    const { pid, generations } = await startFamily(1, 1);
    const [child, grandchild] = generations.flat();
    for (const recursive of [false, true]) {
      const keys = async (fields: readonly Field[] | undefined) =>
        (await children(pid, { recursive, fields })).map((record) => Object.keys(record));
      const times = recursive ? 2 : 1;
      expect(await keys([])).toEqual(Array(times).fill(['pid']));
      expect(await keys(['uid', 'name'])).toEqual(Array(times).fill(['pid', 'name', 'uid']));
      expect(await keys(['ppid'])).toEqual(Array(times).fill(['pid', 'ppid']));
      expect(await keys(fieldNames)).toEqual(Array(times).fill(fieldNames));
      const usual = ['pid', 'name', 'ppid', 'state', 'startTime', 'id'];
      expect(await keys(undefined)).toEqual(Array(times).fill(usual));
    }
    const found = await children(pid, { recursive: true, fields: ['ppid', 'comm'] });
    const comm = findByPidSync(pid, { fields: ['comm'] })?.comm;
    const expected = [
      { pid: child, ppid: pid, comm },
      { pid: grandchild, ppid: child, comm },
    ];
    expect(found).toEqual(expected.sort((a, b) => (a.pid ?? 0) - (b.pid ?? 0)));
  });
});

describe('Once PIDs have wrapped around', () => {
  const ask = () =>
    inProcess(inPidNamespace, 0, async ({ procseek, require }) => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const { once } = require('node:events') as typeof import('node:events');
      const code = `import os, sys
def place(pid):
    with open('/proc/sys/kernel/ns_last_pid', 'w') as file: file.write(str(pid - 1))
for pid in (300, 200):
    place(pid)
    if os.fork() != 0: break
    if pid == 200: os.write(1, f'{os.getppid()} {os.getpid()}'.encode())
sys.stdin.read()`;
      const { writeFileSync } = require('node:fs') as typeof import('node:fs');
      writeFileSync('/proc/sys/kernel/ns_last_pid', '20000');
      const parent = spawn('/usr/bin/python3', ['-c', code], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const [told] = (await once(parent.stdout, 'data')) as [Buffer];
      const [child = 0, grandchild = 0] = told.toString().split(' ').map(Number);
      const fields = ['ppid'] as const;
      const pid = parent.pid ?? 0;
      return {
        pid,
        child,
        grandchild,
        direct: await procseek.children(pid, { fields }),
        all: await procseek.children(pid, { fields, recursive: true }),
        ofInit: await procseek.children(1, { fields, recursive: true }),
        byParents: await procseek.children(0, { fields, recursive: true }),
        init: process.pid,
      };
    });
  let seen: Awaited<ReturnType<typeof ask>>;
  let family: { pid: number; ppid: number }[];
  beforeAll(async () => {
    if (!isRoot) return;
    seen = await ask();
    family = [
      { pid: seen.grandchild, ppid: seen.child },
      { pid: seen.child, ppid: seen.pid },
    ];
  });

  beforeEach((context) => {
    needs(context, 'namespaces');
    context.skip(!isRoot, 'needs root');
  });

  test('children may have lower PIDs than their parents', () => {
    const { pid, child, grandchild } = seen;
    // A thread may have come in between, so that they are not just the numbers that were asked for.
    expect(pid).toBeGreaterThan(20_000);
    expect(child).toBeLessThan(pid);
    expect(grandchild).toBeLessThan(child);
    expect(seen.direct).toEqual([{ pid: child, ppid: pid }]);
    expect(seen.all).toEqual(family);
  });

  test('those of the one that asks may, and those of PID 0 with it', ({ skip }) => {
    skip(whyNoSelf !== undefined, whyNoSelf);
    const { pid, init } = seen;
    expect(init).toBe(1);
    expect(seen.ofInit).toEqual([...family, { pid, ppid: 1 }]);
    expect(seen.byParents).toEqual([{ pid: 1, ppid: 0 }, ...family, { pid, ppid: 1 }]);
  });
});

test('Where the kernel tells the children, other processes are not looked at', async (context) => {
  needs(context, 'system calls');
  const { pid, generations } = await startFamily(2, 1);
  const calls = await traced('getdents64', pid, async (tools, pid) => {
    tools.begin();
    await tools.procseek.children(pid, { recursive: true });
    tools.end();
  });
  if (!calls.some((call) => call.includes('/children"')))
    context.skip('built without CONFIG_PROC_CHILDREN');
  expect(calls.filter((call) => call.includes('"/proc",'))).toEqual([]);
  const visited = calls.flatMap((call) => /"\/proc\/(\d+)\//.exec(call)?.[1] ?? []).map(Number);
  const family = [pid, ...generations.flat()];
  expect([...new Set(visited)].filter((one) => !family.includes(one))).toEqual([]);
});
