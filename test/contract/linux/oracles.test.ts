/** What the tools say that everybody knows: of all processes of this host, and of some in full. */
import { getPriority } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  fieldNames,
  findByName,
  findByPidSync,
  type ProcessFields,
  scanSync,
} from '../../../src/index.js';
import {
  type PsutilRecord,
  pidsBy,
  psutil,
  whyNoCommand,
  whyNoPsutil,
} from '../../support/oracles.js';
import { settle } from '../../support/proc.js';
import { type Child, startNamed, startPython } from '../../support/processes.js';
import {
  launchProgram,
  makeProgram,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../../support/programs.js';
import { isRoot, ownUid } from '../../support/requirements.js';
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

  test.for(['pgrep', 'pidof'] as const)(
    '%s finds the same processes',
    async (command, { skip }) => {
      const reason = whyNoCommand(command);
      skip(reason !== undefined, reason);
      for (const each of [name, longest]) {
        const found = (await findByName(each, { fields: [] })).map(({ pid }) => pid);
        expect(found).toHaveLength(each === name ? 2 : 1);
        expect(found).toEqual(await pidsBy(command, each));
      }
    },
  );
});

/** What psutil does not undo: labels, names that #! lines cut, and titles over the arguments. */
function isOneOfOurs(name: string, comm: string, theirs: string): boolean {
  const isLabel = /^(node-)?MainThread$|^memfd:|^\d+$|^\.{0,2}\//.test(comm);
  const isCut = comm.length >= 15 && name.startsWith(comm);
  return isLabel || (isCut && (theirs === comm || theirs.startsWith(name)));
}

/**
 * Waits until each process that stays has once been told the same by `agrees`: they need not all
 * hold still at one time. `list` tells of all processes, `ask` what somebody else says of them.
 */
async function untilAllAgree<T extends { pid: number; id: string }, O>(
  list: () => T[],
  ask: () => Promise<Map<number, O>>,
  agrees: (one: T, told: O | undefined) => boolean,
): Promise<void> {
  const agreed = new Set<string>();
  await until('everything agrees', async () => {
    const before = list();
    const theirs = await ask();
    const after = new Map(list().map((one) => [one.pid, one]));
    const lasting = before.filter(({ pid, id }) => after.get(pid)?.id === id);
    expect(lasting.length).toBeGreaterThan(3);
    for (const one of lasting) if (agrees(one, theirs.get(one.pid))) agreed.add(one.id);
    return lasting.every(({ id }) => agreed.has(id));
  });
}

test('psutil calls every process the same', async ({ skip }) => {
  skip(whyNoPsutil !== undefined, whyNoPsutil);
  await startProgram(makeProgram(scratch, uniqueName(30)));
  await startNamed(`${uniqueName(9)}) é`);
  await untilAllAgree(
    () => [...scanSync({}, { fields: ['name', 'comm', 'id'] })],
    () => psutil(['name']),
    ({ name, comm }, told) =>
      told?.name === name || (told !== undefined && isOneOfOurs(name, comm, told.name)),
  );
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
  beforeEach(({ skip }) => skip(whyNoPsutil !== undefined, whyNoPsutil));

  // Goes on until it has used time of both kinds, however many ticks of the clock that takes.
  const busy = `import os, sys, threading
os.nice(7)
os.setsid()
handles = [open('/dev/null', 'wb') for _ in range(20)]
for handle in handles: handle.write(b'x' * 5000); handle.flush()
while min(os.times()[:2]) < 0.03:
    for _ in range(10000): os.getppid()
    total = sum(i * i for i in range(10000))
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
    const look = () => findByPidSync(pid, { fields: fieldNames }) as ProcessFields;
    // Its threads may yet be at their first steps.
    const [ours, theirs] = await until('it holds still', async () => {
      const before = look();
      const told = (await psutil(attributes, [pid])).get(pid);
      if (told === undefined) throw new Error(`psutil does not see process ${pid}`);
      return isDeepStrictEqual(look(), before) && ([before, told] as const);
    });
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
    expect(ours.cpuTime?.user).toBeGreaterThanOrEqual(30);
    expect(ours.cpuTime?.system).toBeGreaterThanOrEqual(30);
    expect(ours.rss).toBeGreaterThan(4096 * kib);
    expect(ours.vsize).toBeGreaterThan(ours.rss ?? 0);
    expect(ours.io?.writeChars).toBeGreaterThanOrEqual(100_000);
    expect(ours.fds).toBeGreaterThanOrEqual(23);
    expect(Math.abs(ours.startTime - Date.now())).toBeLessThan(60_000);
  });

  test('of all processes, as far as it holds still', async () => {
    const steady = ['ppid', 'exe', 'cmdline', 'uids', 'username', 'terminal', 'nice'] as const;
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
    await untilAllAgree(
      () => [...scanSync({}, { fields })],
      () => psutil([...steady, 'create_time']),
      (one, told) =>
        told !== undefined &&
        Math.abs(told.create_time - one.startTime / 1000) < 2 &&
        told.ppid === one.ppid &&
        // What is withheld, psutil guesses.
        ((told.exe || null) === one.exe || (!isRoot && one.exe === null)) &&
        JSON.stringify(told.cmdline) === JSON.stringify(one.cmdline) &&
        told.uids[0] === one.uid &&
        told.username === (one.user ?? String(one.uid)) &&
        told.terminal === one.tty &&
        told.nice === one.nice,
    );
  });
});
