/** What the tools say that everybody knows: of all processes of this host, and of some in full. */
import { getPriority } from 'node:os';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  fieldNames,
  findByName,
  findByPidSync,
  type ProcessFields,
  scanSync,
} from '../../../src/index.js';
import { type PsutilRecord, pidsBy, psutil } from '../../support/oracles.js';
import { settle } from '../../support/proc.js';
import { type Child, isRoot, ownUid, startNamed, startPython } from '../../support/processes.js';
import {
  launchProgram,
  makeProgram,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../../support/programs.js';
import { until } from '../../support/until.js';

const scratch = scratchDirectory();
const kib = 1024;

describe('Up to 15 characters', () => {
  const name = uniqueName(14);
  const longest = uniqueName(15);
  const children: Child[] = [];

  beforeAll(async () => {
    const path = makeProgram(scratch, name);
    for (const each of [path, path, makeProgram(scratch, longest)]) {
      children.push(await launchProgram(each));
    }
    return async () => {
      for (const child of children) await child.stop();
    };
  });

  test.each(['pgrep', 'pidof'] as const)('%s finds the same processes', async (command) => {
    for (const each of [name, longest]) {
      const found = (await findByName(each, { fields: [] })).map(({ pid }) => pid);
      expect(found).toHaveLength(each === name ? 2 : 1);
      expect(found).toEqual(await pidsBy(command, each));
    }
  });
});

/** What psutil does not undo: labels, names that #! lines cut, and titles over the arguments. */
function isOneOfOurs(name: string, comm: string, theirs: string): boolean {
  const isLabel = /^(node-)?MainThread$|^memfd:|^\d+$|^\.{0,2}\//.test(comm);
  const isCut = comm.length >= 15 && name.startsWith(comm);
  return isLabel || (isCut && (theirs === comm || theirs.startsWith(name)));
}

test('psutil calls every process the same', async () => {
  await startProgram(makeProgram(scratch, uniqueName(30)));
  await startNamed(`${uniqueName(9)}) é`);
  await until('all names agree', async () => {
    const fields = ['name', 'comm', 'id'] as const;
    const before = [...scanSync({}, { fields })];
    const theirs = await psutil(['name']);
    const after = new Map([...scanSync({}, { fields })].map((one) => [one.pid, one]));
    const stable = before.filter((one) => {
      const later = after.get(one.pid);
      return later?.id === one.id && later.name === one.name && later.comm === one.comm;
    });
    expect(stable.length).toBeGreaterThan(3);
    return stable.every(({ pid, name, comm }) => {
      const told = theirs.get(pid)?.name;
      return told === name || (told !== undefined && isOneOfOurs(name, comm, told));
    });
  });
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
    memory_info: [record.rss ?? -1, record.vsize ?? -1],
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
      memory_info: memory_info.slice(0, 2),
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
