/** Processes that have ended and are still there: zombies, which nobody waits for. */
import { beforeEach, describe, expect, test } from 'vitest';
import {
  exists,
  findByName,
  findByNameSync,
  findByPidSync,
  findOneByName,
  findOneByNameSync,
  isRunning,
  type Process,
  scan,
  scanSync,
  watch,
} from '../../src/index.js';
import { start } from '../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { needing } from '../support/system.js';
import { until } from '../support/until.js';

const scratch = scratchDirectory();

beforeEach(needing('zombies'));

/** Zombies of a program that is called so, and as long as given a process that is not one. */
async function startZombies(name: string, count: number): Promise<number[]> {
  const path = makeProgram(scratch, name);
  const code = `import subprocess, sys, os
children = []  # of those that are not held, the module waits for some
for _ in range(int(sys.argv[2])):
    child = subprocess.Popen([sys.argv[1], '-'], stdin=subprocess.PIPE)
    children.append(child)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    print(child.pid, flush=True)
sys.stdin.read()`;
  const parent = await start('/usr/bin/python3', ['-I', '-c', code, path, String(count)]);
  const pids = [Number(parent.greeting)];
  while (pids.length < count) pids.push(Number(await parent.line()));
  return pids;
}

function pidsOf(found: Iterable<{ pid: number }>): number[] {
  return [...found].map(({ pid }) => pid);
}

describe.each([12, 30])('A process that has ended, of a name of %i characters', (length) => {
  test('is found by its name only if zombies are wanted', async () => {
    const name = uniqueName(length);
    const zombies = await startZombies(name, 2);
    // A zombie has nothing left but its comm.
    const comm = findByPidSync(zombies[0] ?? 0, { fields: ['comm'] })?.comm ?? '';
    for (const query of [comm, new RegExp(`^${comm}$`)]) {
      for (const fields of [[], ['name', 'state']] as const) {
        expect(await findByName(query, { fields })).toEqual([]);
        expect(findByNameSync(query, { fields, zombies: false })).toEqual([]);
        expect(await findOneByName(query, { fields })).toBeUndefined();
        expect(findOneByNameSync(query, { fields })).toBeUndefined();
        expect(pidsOf(await findByName(query, { fields, zombies: true }))).toEqual(zombies);
        expect(pidsOf(findByNameSync(query, { fields, zombies: true }))).toEqual(zombies);
        const one = await findOneByName(query, { fields, zombies: true });
        expect(one?.pid).toBe(zombies[0]);
      }
      expect(pidsOf(scanSync({ name: query }))).toEqual([]);
      expect(pidsOf(scanSync({ name: query, zombies: true }))).toEqual(zombies);
    }
  });

  test('does not hide one that runs, nor count', async () => {
    const name = uniqueName(length);
    const zombies = await startZombies(name, 3);
    const { pid } = await startProgram(makeProgram(scratch, name));
    const comm = findByPidSync(zombies[0] ?? 0, { fields: ['comm'] })?.comm ?? '';
    for (const query of [comm, new RegExp(`^${comm}`)]) {
      expect(await findOneByName(query, { fields: [] })).toEqual({ pid });
      expect(findOneByNameSync(query, { fields: [] })).toEqual({ pid });
      expect(findByNameSync(query, { fields: [], limit: 1 })).toEqual([{ pid }]);
      expect(await findByName(query, { fields: [], limit: 1 })).toEqual([{ pid }]);
      expect(findByNameSync(query, { fields: [], limit: 2, zombies: true })).toHaveLength(2);
    }
  });
});

test('A process that has ended is not running, and its PID is taken', async () => {
  const [pid = 0] = await startZombies(uniqueName(12), 1);
  const record = findByPidSync(pid) as Process;
  expect(record.state).toBe('zombie');
  expect(isRunning(record)).toBe(false);
  expect(exists(pid)).toBe(true);
});

test('A process is not running as soon as it is known to have ended', async () => {
  for (let i = 0; i < 20; i++) {
    const name = uniqueName(12);
    const [pid = 0] = await startZombies(name, 1);
    const record = findByPidSync(pid) as Process;
    expect(isRunning(record)).toBe(false);
    expect(findByNameSync(name)).toEqual([]);
  }
}, 300_000);

test('A scan without a name lists zombies, with their state, unless told otherwise', async () => {
  const name = uniqueName(12);
  const zombies = await startZombies(name, 2);
  const listed: number[] = [];
  for await (const { pid, state } of scan({}, { fields: ['state'] })) {
    if (zombies.includes(pid)) expect(state).toBe('zombie');
    listed.push(pid);
  }
  expect(listed).toEqual(expect.arrayContaining(zombies));
  expect(pidsOf(scanSync({ pids: zombies }))).toEqual(zombies);
  expect(pidsOf(scanSync({ pids: zombies, zombies: true }))).toEqual(zombies);
  expect(pidsOf(scanSync({ pids: zombies, zombies: false }))).toEqual([]);
});

describe.each(['auto', 'polling'] as const)('A watch (%s)', (backend) => {
  test('leaves out what had ended before it began', async () => {
    const name = uniqueName(12);
    await startZombies(name, 2);
    const { pid } = await startProgram(makeProgram(scratch, name));
    const watcher = watch(name, { backend, interval: 50 });
    try {
      await watcher.ready;
      expect(pidsOf(watcher.processes.values())).toEqual([pid]);
    } finally {
      await watcher.close();
    }
  });

  test('tells what had ended, and its end, when zombies are wanted', async () => {
    const name = uniqueName(12);
    const zombies = await startZombies(name, 2);
    const watcher = watch({ name, zombies: true }, { backend, interval: 50 });
    const told: string[] = [];
    watcher.on('start', ({ process: { pid }, existing }) => told.push(`start ${pid} ${existing}`));
    watcher.on('exit', ({ process: { pid } }) => told.push(`exit ${pid}`));
    try {
      await watcher.ready;
      await until('their ends are told', () => told.length >= 4);
      const wanted = zombies.flatMap((pid) => [`start ${pid} true`, `exit ${pid}`]);
      expect([...told].sort()).toEqual(wanted.sort());
      expect(pidsOf(watcher.processes.values())).toEqual([]);
    } finally {
      await watcher.close();
    }
  });
});
