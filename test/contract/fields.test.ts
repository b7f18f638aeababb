/** What a record holds: what was asked for, and the truth. */
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, test } from 'vitest';
import { binding } from '../../src/binding.js';
import {
  defaultFields,
  type Field,
  fieldNames,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  type ProcessFields,
  scan,
  scanSync,
} from '../../src/index.js';
import { type PsutilRecord, psutil } from '../support/oracles.js';
import { settle } from '../support/proc.js';
import { isRoot, ownUid, startPython } from '../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { until } from '../support/until.js';

const scratch = scratchDirectory();
const kib = 1024;

/** Every field that has a documentation; the compiler sees to it that none is missing. */
const documented: Record<Field, true> = {
  pid: true,
  name: true,
  ppid: true,
  state: true,
  startTime: true,
  id: true,
  comm: true,
  exe: true,
  cmdline: true,
  cwd: true,
  root: true,
  environ: true,
  uid: true,
  gid: true,
  user: true,
  pgid: true,
  sid: true,
  tty: true,
  nice: true,
  threads: true,
  cpuTime: true,
  rss: true,
  vsize: true,
  io: true,
  fds: true,
  cgroup: true,
  containerId: true,
};

describe('The table of fields', () => {
  test('is the same in the native sources and in the documentation', () => {
    expect(Object.keys(documented)).toEqual(fieldNames);
    const rows = readFileSync('native/fields.def', 'utf8').matchAll(/^FIELD\((\w+), +(\w+),/gm);
    expect([...rows].map(([, name, kind]) => `${name}:${kind}`)).toEqual(binding.fields);
  });

  test('fits the bits of a mask, next to a flag', () => {
    expect(fieldNames.length).toBeLessThanOrEqual(31);
    expect(new Set(fieldNames).size).toBe(fieldNames.length);
  });
});

/** The same question, asked in every way. */
async function everyAnswer(pid: number, name: string, fields: readonly Field[]) {
  const filter = { pids: [pid] };
  return [
    findByPidSync(pid, { fields }),
    await findByPid(pid, { fields }),
    findByNameSync(name, { fields })[0],
    (await findByName(name, { fields }))[0],
    (await findByName(new RegExp(name), { fields }))[0],
    (await findByName(name, { fields, uid: ownUid, ppid: process.pid }))[0],
    [...scanSync(filter, { fields })][0],
    (await scan(filter, { fields }).next()).value,
    (await scan({ name, by: 'any' }, { fields }).next()).value,
  ];
}

describe('The keys of a record', () => {
  test.each(fieldNames)('are pid and %s when that alone was asked for', async (field) => {
    const name = uniqueName(20);
    const { pid } = await startProgram(makeProgram(scratch, name));
    for (const record of await everyAnswer(pid, name, [field])) {
      expect(Object.keys(record ?? {})).toEqual(field === 'pid' ? ['pid'] : ['pid', field]);
      expect(record?.pid).toBe(pid);
    }
  });

  test('stand in one order, however and how often they were asked for', async () => {
    const name = uniqueName(20);
    const { pid } = await startProgram(makeProgram(scratch, name));
    const every = [...fieldNames].reverse();
    for (const record of await everyAnswer(pid, name, [...every, ...every])) {
      expect(Object.keys(record ?? {})).toEqual(fieldNames);
    }
    for (const record of await everyAnswer(pid, name, ['uid', 'name', 'uid', 'exe'])) {
      expect(Object.keys(record ?? {})).toEqual(['pid', 'name', 'exe', 'uid']);
    }
  });

  test('are the default ones unless fields were asked for', async () => {
    const [first] = findByNameSync(/./, { limit: 1 });
    expect(Object.keys(first ?? {})).toEqual(['pid', ...defaultFields]);
  });
});

test('A record is the same whichever way it was asked for', async () => {
  const name = uniqueName(20);
  const { pid } = await startProgram(makeProgram(scratch, name), ['x', '', 'ünï']);
  await settle(pid);
  const [first, ...others] = await everyAnswer(pid, name, fieldNames);
  expect(others).toHaveLength(8);
  for (const { startTime, ...other } of others.map((record) => record ?? { pid: 0 })) {
    const { startTime: ours, ...rest } = first ?? { pid: 0 };
    expect(other).toEqual(rest);
    expect(Math.abs((startTime ?? 0) - (ours ?? 0))).toBeLessThanOrEqual(20);
  }
});

const attributes = [
  'ppid',
  'status',
  'create_time',
  'exe',
  'cmdline',
  'cwd',
  'environ',
  'uids',
  'gids',
  'username',
  'terminal',
  'nice',
  'num_threads',
  'cpu_times',
  'memory_info',
  'io_counters',
  'num_fds',
] as const satisfies (keyof PsutilRecord)[];

/** One of our records in psutil's terms; but for the start, which each counts from the clock. */
function inTheirTerms(record: ProcessFields): Omit<PsutilRecord, 'name' | 'create_time'> {
  const { exe, cmdline, cwd, environ, user, cpuTime, io } = record;
  return {
    ppid: record.ppid,
    status: record.state,
    exe,
    cmdline,
    cwd,
    environ,
    uids: [record.uid ?? -1, -1, -1],
    gids: [record.gid ?? -1, -1, -1],
    username: user ?? String(record.uid),
    terminal: record.tty,
    nice: record.nice ?? Number.NaN,
    num_threads: record.threads ?? -1,
    cpu_times: [(cpuTime?.user ?? -1) / 1000, (cpuTime?.system ?? -1) / 1000],
    memory_info: [record.vsize ?? -1],
    io_counters:
      io &&
      [io.readCalls, io.writeCalls, io.readBytes, io.writeBytes, io.readChars, io.writeChars].map(
        (count) => count ?? -1,
      ),
    num_fds: record.fds,
  };
}

describe('psutil tells the same', () => {
  const busy = `import os, sys, threading
os.nice(7)
os.setsid()
handles = [open('/dev/null', 'wb') for _ in range(20)]
for handle in handles: handle.write(b'x' * 5000); handle.flush()
for _ in range(300000): os.getppid()
total = sum(i * i for i in range(1000000))
for _ in range(3): threading.Thread(target=sys.stdin.read).start()
print('ready', flush=True)
sys.stdin.read()`;

  const users = [
    ['of a process of root', 0],
    ['of a process of nobody', 65534],
    ['of a process of a user without an account', 54321],
  ] as const;
  test.each(users.filter(([, uid]) => isRoot || uid === ownUid))('%s', async (_, uid) => {
    const env = { LANG: 'C.UTF-8', EMPTY: '', TEXT: 'a=b\nc=ünï' };
    const { pid } = await startPython(busy, ['one', '', 'two\nthree'], { uid, env, cwd: scratch });
    await settle(pid);
    const ours = findByPidSync(pid, { fields: fieldNames }) as ProcessFields;
    const theirs = (await psutil(attributes, [pid])).get(pid);
    if (theirs === undefined) throw new Error(`psutil does not see process ${pid}`);
    const { create_time, uids, gids, cpu_times, memory_info, ...rest } = theirs;
    const expected = {
      ...rest,
      uids: [uids[0], -1, -1],
      gids: [gids[0], -1, -1],
      cpu_times: cpu_times.slice(0, 2),
      memory_info: memory_info.slice(1, 2),
    };
    expect(inTheirTerms(ours)).toEqual(expected);
    expect(Math.abs(ours.startTime / 1000 - create_time)).toBeLessThan(2);
    expect(ours).toMatchObject({
      uid,
      gid: uid,
      nice: getPriority() + 7,
      threads: 4,
      sid: pid,
      pgid: pid,
      tty: null,
    });
    expect(ours.user).toBe({ 0: 'root', 65534: 'nobody', 54321: null }[uid]);
    expect(ours.cpuTime?.user).toBeGreaterThanOrEqual(20);
    expect(ours.cpuTime?.system).toBeGreaterThan(0);
    // psutil reads `statm`, which newer kernels sum up more exactly than `stat`.
    expect(Math.abs((ours.rss ?? 0) - (memory_info[0] ?? 0))).toBeLessThan(2048 * kib);
    expect(ours.rss).toBeGreaterThan(4096 * kib);
    expect(ours.vsize).toBeGreaterThan(ours.rss ?? 0);
    expect(ours.io?.writeChars).toBeGreaterThanOrEqual(100_000);
    expect(ours.fds).toBeGreaterThanOrEqual(23);
    expect(Math.abs(ours.startTime - Date.now())).toBeLessThan(60_000);
  });

  test('of all processes, as far as it holds still', async () => {
    const steady = ['ppid', 'exe', 'cmdline', 'uids', 'username', 'terminal', 'nice'] as const;
    await until('everything agrees', async () => {
      const fields = [
        'ppid',
        'id',
        'exe',
        'cmdline',
        'uid',
        'user',
        'tty',
        'nice',
        'startTime',
      ] as const;
      const before = [...scanSync({}, { fields })];
      const theirs = await psutil([...steady, 'create_time']);
      const after = new Map([...scanSync({}, { fields: ['id'] })].map(({ pid, id }) => [pid, id]));
      const stable = before.filter(({ pid, id }) => after.get(pid) === id);
      expect(stable.length).toBeGreaterThan(3);
      return stable.every((one) => {
        const told = theirs.get(one.pid);
        return (
          told !== undefined &&
          Math.abs(told.create_time - one.startTime / 1000) < 2 &&
          told.ppid === one.ppid &&
          // What is withheld, psutil guesses.
          ((told.exe || null) === one.exe || (!isRoot && one.exe === null)) &&
          JSON.stringify(told.cmdline) === JSON.stringify(one.cmdline) &&
          told.uids[0] === one.uid &&
          told.username === (one.user ?? String(one.uid)) &&
          told.terminal === one.tty &&
          told.nice === one.nice
        );
      });
    });
  });
});
