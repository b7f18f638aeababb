/** Looking up processes, as it is on Windows. */
import { getPriority, setPriority, userInfo } from 'node:os';
import { win32 } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  capabilities,
  children,
  exists,
  fieldNames,
  findByName,
  findByNameSync,
  findByPidSync,
  isRunning,
  kill,
  openFinder,
  scan,
  scanSync,
} from '../../src/index.js';
import { vanish } from '../support/proc.js';
import { startExiting, startParent } from '../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { until } from '../support/until.js';
import { listed } from '../support/windows/toolhelp.js';
import { blockUntil, startDenying } from './support/targets.js';

const scratch = scratchDirectory();

describe('One process', () => {
  test('tells when it was started', async () => {
    const before = Date.now();
    const { pid } = await startExiting();
    const { startTime = 0, id } = findByPidSync(pid) ?? {};
    expect(startTime).toBeGreaterThan(before - 1000);
    expect(startTime).toBeLessThan(Date.now() + 1000);
    expect(id).toMatch(new RegExp(`^${pid}-\\d+$`));
  });

  test('is not told by a PID that the system would round down to its own', async () => {
    const { pid } = await startExiting();
    for (const other of [pid + 1, pid + 2, pid + 3]) {
      expect(exists(other)).toBe(false);
      expect(findByPidSync(other)).toBeUndefined();
    }
  });

  test('has ended though its parent holds on to it', async () => {
    const child = await startExiting();
    const { pid } = child;
    const record = findByPidSync(pid);
    child.say('3');
    blockUntil(() => !exists(pid)); // this process does not get to close its handle
    expect(findByPidSync(pid)).toBeUndefined();
    expect(findByPidSync(pid, { fields: [] })).toBeUndefined();
    expect(isRunning({ pid, id: record?.id ?? '' })).toBe(false);
    expect(findByNameSync('target', { fields: [] }).map((each) => each.pid)).not.toContain(pid);
  });

  test('tells whose it is, and how it is run', async () => {
    const { pid } = await startExiting();
    const found = findByPidSync(pid, { fields: ['user', 'nice', 'sid', 'threads'] });
    expect(found?.user).toBe(userInfo().username);
    expect(found?.sid).toBeGreaterThanOrEqual(0);
    expect(found?.threads).toBe(1);
    expect(found?.nice).toBe(getPriority(pid));
    setPriority(pid, 10);
    expect(findByPidSync(pid, { fields: ['nice'] })?.nice).toBe(getPriority(pid));
  });

  test('tells numbers that grow with what it does', () => {
    const fields = ['cpuTime', 'rss', 'vsize', 'io', 'fds'] as const;
    const before = findByPidSync(process.pid, { fields });
    const used = process.cpuUsage();
    blockUntil(() => process.cpuUsage(used).user > 200_000);
    const after = findByPidSync(process.pid, { fields });
    const user = (after?.cpuTime?.user ?? 0) - (before?.cpuTime?.user ?? 0);
    expect(user).toBeGreaterThan(100);
    expect(user).toBeLessThan(2000);
    const { rss } = process.memoryUsage();
    expect(after?.rss).toBeGreaterThan(rss / 2);
    expect(after?.rss).toBeLessThan(rss * 2);
    expect(after?.vsize).toBeGreaterThan(after?.rss ?? 0);
    expect(after?.fds).toEqual(expect.any(Number));
    expect(after?.io).toMatchObject({ readChars: expect.any(Number) });
  });

  test('has null for what there is not on Windows', () => {
    const fields = ['root', 'uid', 'gid', 'pgid', 'tty', 'cgroup', 'containerId'] as const;
    expect(Object.values(findByPidSync(process.pid, { fields }) ?? {})).toEqual([
      process.pid,
      ...fields.map(() => null),
    ]);
  });
});

describe('A process that may not be opened', () => {
  test('is told of as far as the list goes, and null beyond', async () => {
    const { pid, name } = await startDenying();
    expect(exists(pid)).toBe(true);
    const fields = ['name', 'ppid', 'state', 'id', 'startTime', 'rss', 'threads'] as const;
    const found = findByPidSync(pid, { fields });
    expect(found).toMatchObject({ pid, name, ppid: process.pid, state: 'running', threads: 1 });
    expect(found?.rss).toBeGreaterThan(0);
    expect(isRunning({ pid, id: found?.id ?? '' })).toBe(true);
    expect(findByPidSync(pid, { fields: ['exe', 'cmdline', 'environ', 'user', 'cwd'] })).toEqual({
      ...{ pid, exe: null, cmdline: null, environ: null, user: null, cwd: null },
    });
    expect(findByNameSync(name, { fields })).toEqual([found]);
    expect(findByNameSync(name, { fields: ['name', 'exe'] })).toEqual([{ pid, name, exe: null }]);
  });

  test('has ended when it has, though its parent holds on to it', async () => {
    const { pid, child } = await startDenying();
    const stopped = child.stop(); // by the handle that this process has had from the start
    blockUntil(() => !exists(pid));
    expect(findByPidSync(pid)).toBeUndefined();
    expect(findByPidSync(pid, { fields: [] })).toBeUndefined();
    await stopped;
  });
});

describe('A name', () => {
  test('is that of the image, with and without exe, in any case', async () => {
    const name = `MixedCase-${uniqueName(12)}`;
    const { pid } = await startProgram(makeProgram(scratch, name));
    const bare = name.slice(0, -'.exe'.length);
    for (const query of [name, bare, bare.toUpperCase(), name.toUpperCase(), Buffer.from(bare)]) {
      expect((await findByName(query)).map((each) => each.pid)).toEqual([pid]);
      expect(findByNameSync(query, { by: 'comm' }).map((each) => each.pid)).toEqual([pid]);
    }
    for (const query of [bare.slice(1), bare.slice(0, -1), `${bare}.ex`, `${name}.exe`])
      expect(findByNameSync(query)).toEqual([]);
  });

  test('beyond ASCII is compared in any case as well', async () => {
    const name = `Übergröße-Ж-${uniqueName(12)}`;
    const { pid } = await startProgram(makeProgram(scratch, name));
    const bare = name.slice(0, -'.exe'.length);
    for (const query of [name, bare, bare.toLowerCase(), name.toUpperCase().replace('SS', 'ß')])
      expect(findByNameSync(query).map((each) => each.pid)).toEqual([pid]);
    expect(findByPidSync(pid)?.name).toBe(name);
  });

  test('may be a regular expression, which may leave out exe and minds its own flags', async () => {
    const name = `Pattern-${uniqueName(12)}`;
    const { pid } = await startProgram(makeProgram(scratch, name));
    const bare = name.slice(0, -'.exe'.length);
    const pids = (query: RegExp) => findByNameSync(query).map((each) => each.pid);
    expect(pids(new RegExp(`^${bare}$`))).toEqual([pid]);
    expect(pids(new RegExp(`^${bare}\\.exe$`))).toEqual([pid]);
    expect(pids(new RegExp(`^${bare.toLowerCase()}$`))).toEqual([]);
    expect(pids(new RegExp(`^${bare.toLowerCase()}$`, 'i'))).toEqual([pid]);
  });

  test('may be a path with either slash, or occur in a command line', async () => {
    const name = uniqueName(20);
    const path = makeProgram(scratch, name);
    const { pid } = await startProgram(path, ['Some-Argument']);
    const pids = (query: string, by: 'exe' | 'argv0' | 'cmdline') =>
      findByNameSync(query, { by }).map((each) => each.pid);
    for (const by of ['exe', 'argv0'] as const) {
      for (const query of [path, path.replaceAll('\\', '/'), path.toUpperCase(), name])
        expect(pids(query, by)).toEqual([pid]);
      expect(pids(win32.dirname(path), by)).toEqual([]);
    }
    expect(pids('- Some-Arg', 'cmdline')).toEqual([pid]);
    expect(pids('- some-arg', 'cmdline')).toEqual([]);
    const options = { by: 'cmdline', ignoreCase: true } as const;
    expect(findByNameSync('- some-arg', options).map((each) => each.pid)).toEqual([pid]);
  });
});

describe('All processes', () => {
  test('are those that Toolhelp tells, but for that of PID 0, with the same names', async () => {
    await startProgram(makeProgram(scratch, uniqueName(20)));
    await until('both agree', () => {
      const told = [...scanSync({}, { fields: ['name'] })];
      const theirs = listed().flatMap(({ pid, name }) => (pid === 0 ? [] : { pid, name }));
      const both = theirs.filter(({ name }) => name !== 'target.exe'); // the one who lists, too
      const ours = told.filter(({ name }) => name !== 'target.exe');
      expect(both.length).toBeGreaterThan(2);
      return JSON.stringify(ours) === JSON.stringify(both.sort((a, b) => a.pid - b.pid));
    });
  });

  test('are told the same whichever list they are told from', async () => {
    const name = uniqueName(20);
    const { pid } = await startProgram(makeProgram(scratch, name));
    const [byName] = findByNameSync(name, { fields: ['ppid'] });
    // Not `fds`: a handle does not tell it under Wine.
    const fields = ['name', 'ppid', 'startTime', 'threads', 'sid', 'nice'] as const;
    const [byAll] = findByNameSync(name, { fields });
    expect(byName).toEqual({ pid, ppid: process.pid });
    expect(byAll).toEqual(findByPidSync(pid, { fields }));
  });

  test('are looked at without leaving a handle open', async () => {
    const handles = () => {
      // Of the list that tells threads, too: under Wine, a handle does not tell it.
      const all = findByNameSync(win32.basename(process.execPath), { fields: ['fds', 'threads'] });
      return all.find(({ pid }) => pid === process.pid)?.fds ?? 0;
    };
    const look = async () => {
      for (const _ of scanSync({}, { fields: fieldNames }));
      for await (const _ of scan({}, { fields: fieldNames })) break;
      findByPidSync(process.pid, { fields: fieldNames });
      await findByName('target', { by: 'cmdline' });
      kill(process.pid, 0);
    };
    await look();
    const before = handles();
    expect(before).toBeGreaterThan(0);
    for (let i = 0; i < 100; i++) await look();
    expect(handles()).toBeLessThan(before + 50);
  });

  test('are of no uid', () => {
    expect(findByNameSync(/./, { uid: 0 })).toEqual([]);
  });
});

test('The parent of a process is not told any more when it has ended', async () => {
  const { pid, startChild } = await startParent();
  const child = await startChild();
  onTestFinished(() => void kill(child));
  const before = findByPidSync(child);
  expect(before?.ppid).toBe(pid);
  expect(kill(pid)).toBe(true);
  await vanish(pid);
  expect(await children(pid)).toEqual([]);
  const after = { ...before, ppid: 0 };
  expect(findByPidSync(child)).toEqual(after);
  expect(findByNameSync(before?.name ?? '')).toContainEqual(after);
});

describe('The engine', () => {
  test('is NT’s queries, and none other', async () => {
    const { engines } = capabilities();
    expect(engines.ntquery).toEqual({ available: true, reason: null });
    expect(engines.procfs).toEqual({ available: false, reason: 'it is of Linux' });
    const finder = await openFinder();
    expect(finder.engine).toBe('ntquery');
    expect(finder.procRoot).toBeNull();
    expect(finder.findByPidSync(process.pid)).toEqual(findByPidSync(process.pid));
    finder.close();
    for (const engine of ['procfs', 'bpf', 'libproc'] as const)
      await expect(openFinder({ engine })).rejects.toMatchObject({
        code: 'ERR_ENGINE_UNAVAILABLE',
      });
    const elsewhere = openFinder({ procRoot: 'C:\\' });
    await expect(elsewhere).rejects.toMatchObject({ code: 'ERR_ENGINE_UNAVAILABLE' });
    await expect(elsewhere).rejects.toThrow('there is no /proc on Windows');
    await expect(elsewhere).rejects.not.toHaveProperty('errno');
  });
});
