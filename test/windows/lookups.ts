/** Looking up processes on Windows. */
import { realpathSync } from 'node:fs';
import { getPriority, setPriority, tmpdir, userInfo } from 'node:os';
import { win32 } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  capabilities,
  children,
  exists,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  isRunning,
  kill,
  openFinder,
  scan,
  scanSync,
} from '../../src/index.js';
import { blockUntil, start, startTelling, uniqueName } from './support/targets.js';

const same = (path: string | null | undefined) => path?.toLowerCase();

describe('One process', () => {
  test('is told by its PID, with the default fields', async () => {
    const before = Date.now();
    const { pid, name } = await start();
    const found = await findByPid(pid);
    expect(found).toEqual({
      pid,
      name,
      ppid: process.pid,
      state: 'running',
      startTime: expect.any(Number),
      id: expect.stringMatching(new RegExp(`^${pid}-\\d+$`)),
    });
    expect(findByPidSync(pid)).toEqual(found);
    expect(found?.startTime).toBeGreaterThan(before - 1000);
    expect(found?.startTime).toBeLessThan(Date.now() + 1000);
    expect(exists(pid)).toBe(true);
    expect(isRunning({ pid, id: found?.id ?? '' })).toBe(true);
  });

  test('is not told by a PID that the system would round down to its own', async () => {
    const { pid } = await start();
    for (const other of [pid + 1, pid + 2, pid + 3]) {
      expect(exists(other)).toBe(false);
      expect(findByPidSync(other)).toBeUndefined();
    }
  });

  test('is none by a PID of 0, or one that nobody has', () => {
    for (const pid of [0, 2 ** 31 - 4, 2 ** 31 - 1]) {
      expect(exists(pid)).toBe(false);
      expect(findByPidSync(pid)).toBeUndefined();
    }
  });

  test('has ended though its parent holds on to it', async () => {
    const { pid } = await start(['exit', '3', '300']);
    const record = findByPidSync(pid);
    blockUntil(() => !exists(pid)); // this process does not get to close its handle
    expect(findByPidSync(pid)).toBeUndefined();
    expect(findByPidSync(pid, { fields: [] })).toBeUndefined();
    expect(isRunning({ pid, id: record?.id ?? '' })).toBe(false);
    expect(findByNameSync('target', { fields: [] }).map((each) => each.pid)).not.toContain(pid);
  });

  test('tells what it was started with, and what it uses', async () => {
    const given = ['sleep', 'two words', 'a"quote', 'back\\slash\\', '', 'ünï€😀'];
    const cwd = realpathSync.native(tmpdir());
    const env = { PROCSEEK_X: 'ä=b', PROCSEEK_Y: '' };
    const { pid, path, args } = await startTelling(given, { cwd, env });
    const found = findByPidSync(pid, {
      fields: ['comm', 'exe', 'cmdline', 'cwd', 'environ', 'user', 'nice', 'sid', 'threads'],
    });
    expect(same(found?.exe)).toBe(same(path));
    expect(found?.comm).toBe(win32.basename(path));
    expect(found?.cmdline).toEqual([path, ...args]);
    expect(same(found?.cwd)).toBe(same(cwd));
    expect(found?.environ).toMatchObject({ PROCSEEK_X: 'ä=b' });
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
    const { pid, name } = await startTelling(['deny']);
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
    const { pid, child } = await startTelling(['deny']);
    child.kill();
    blockUntil(() => !exists(pid));
    expect(findByPidSync(pid)).toBeUndefined();
    expect(findByPidSync(pid, { fields: [] })).toBeUndefined();
  });
});

describe('A name', () => {
  test('is that of the image, with and without exe, in any case', async () => {
    const name = uniqueName('MixedCase');
    const { pid } = await start(['sleep'], { name });
    const bare = name.slice(0, -'.exe'.length);
    for (const query of [name, bare, bare.toUpperCase(), name.toUpperCase(), Buffer.from(bare)]) {
      expect((await findByName(query)).map((each) => each.pid)).toEqual([pid]);
      expect(findByNameSync(query, { by: 'comm' }).map((each) => each.pid)).toEqual([pid]);
    }
    for (const query of [bare.slice(1), bare.slice(0, -1), `${bare}.ex`, `${name}.exe`])
      expect(findByNameSync(query)).toEqual([]);
  });

  test('beyond ASCII is compared in any case as well', async () => {
    const name = uniqueName('Übergröße-Ж');
    const { pid } = await start(['sleep'], { name });
    const bare = name.slice(0, -'.exe'.length);
    for (const query of [name, bare, bare.toLowerCase(), name.toUpperCase().replace('SS', 'ß')])
      expect(findByNameSync(query).map((each) => each.pid)).toEqual([pid]);
    expect(findByPidSync(pid)?.name).toBe(name);
  });

  test('may be a regular expression, which may leave out exe and minds its own flags', async () => {
    const name = uniqueName('Pattern');
    const { pid } = await start(['sleep'], { name });
    const bare = name.slice(0, -'.exe'.length);
    const pids = (query: RegExp) => findByNameSync(query).map((each) => each.pid);
    expect(pids(new RegExp(`^${bare}$`))).toEqual([pid]);
    expect(pids(new RegExp(`^${bare}\\.exe$`))).toEqual([pid]);
    expect(pids(new RegExp(`^${bare.toLowerCase()}$`))).toEqual([]);
    expect(pids(new RegExp(`^${bare.toLowerCase()}$`, 'i'))).toEqual([pid]);
  });

  test('may be a path with either slash, or occur in a command line', async () => {
    const { pid, path, name } = await startTelling(['sleep', 'Some-Argument']);
    const pids = (query: string, by: 'exe' | 'argv0' | 'cmdline') =>
      findByNameSync(query, { by }).map((each) => each.pid);
    for (const by of ['exe', 'argv0'] as const) {
      for (const query of [path, path.replaceAll('\\', '/'), path.toUpperCase(), name])
        expect(pids(query, by)).toEqual([pid]);
      expect(pids(win32.dirname(path), by)).toEqual([]);
    }
    expect(pids('.flag Some-Arg', 'cmdline')).toEqual([pid]);
    expect(pids('.flag some-arg', 'cmdline')).toEqual([]);
    const options = { by: 'cmdline', ignoreCase: true } as const;
    expect(findByNameSync('.FLAG some-arg', options).map((each) => each.pid)).toEqual([pid]);
  });
});

describe('All processes', () => {
  test('are told once each, by ascending PIDs, as each is told by itself', async () => {
    const started = [await start(), await start(), await start()].map(({ pid }) => pid);
    const found = [...scanSync()];
    const pids = found.map(({ pid }) => pid);
    expect(pids).toEqual([...new Set(pids)].sort((a, b) => a - b));
    expect(pids).toEqual(expect.arrayContaining([process.pid, ...started]));
    expect(pids).not.toContain(0);
    for (const each of found.filter(({ pid }) => started.includes(pid)))
      expect(findByPidSync(each.pid)).toEqual(each);
    const streamed: number[] = [];
    for await (const { pid } of scan({ pids: [...started, 5, 7] }, { fields: ['threads'] }))
      streamed.push(pid);
    expect(streamed).toEqual([...started].sort((a, b) => a - b));
  });

  test('are told the same whichever list they are told from', async () => {
    const { pid, name } = await start();
    const [byName] = findByNameSync(name, { fields: ['ppid'] });
    // Not `fds`: a handle does not tell it under Wine.
    const fields = ['name', 'ppid', 'startTime', 'threads', 'sid', 'nice'] as const;
    const [byAll] = findByNameSync(name, { fields });
    expect(byName).toEqual({ pid, ppid: process.pid });
    expect(byAll).toEqual(findByPidSync(pid, { fields }));
  });

  test('can be asked for by parent, and by no uid', async () => {
    const { pid } = await start();
    expect(findByNameSync(/./, { ppid: process.pid }).map((each) => each.pid)).toContain(pid);
    expect(findByNameSync(/./, { uid: 0 })).toEqual([]);
  });
});

describe('Children', () => {
  test('are those of the process, and theirs', async () => {
    const { pid } = await start();
    expect((await children(process.pid)).map((each) => each.pid)).toContain(pid);
    const all = await children(process.pid, { recursive: true, fields: ['ppid'] });
    expect(all).toContainEqual({ pid, ppid: process.pid });
    expect(await children(pid)).toEqual([]);
  });

  test('are none any more, nor is the parent told, when that has ended', async () => {
    const parent = await startTelling(['spawn']);
    const [child] = findByNameSync(parent.name, { ppid: parent.pid });
    onTestFinished(() => {
      if (child !== undefined) kill(child);
    });
    expect(child).toEqual(findByPidSync(child?.pid ?? 0));
    expect(child?.ppid).toBe(parent.pid);
    await parent.stop();
    expect(await children(parent.pid)).toEqual([]);
    expect(findByPidSync(child?.pid ?? 0)).toEqual({ ...child, ppid: 0 });
    expect(findByNameSync(parent.name)).toEqual([{ ...child, ppid: 0 }]);
  });
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
