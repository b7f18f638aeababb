/** What the questions cost, in system calls: no more is looked at than was asked for. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needsStrace } from '../support/requirements.js';
import { type Call, callsFor, pathOf, summary, trace } from './strace.js';
import { type Crowd, gather } from './support.js';

const readOnce = (file: string) => [`openat ${file}`, `read ${file}`, `close ${file}`];

function callsAbout(path: string, calls: readonly Call[]): string[] {
  return calls.filter((call) => pathOf(call) === path).map(({ name }) => name);
}

function isNamed(path: string, comm: string): boolean {
  try {
    return readFileSync(path.replace(/[^/]*$/, 'comm'), 'utf8') === `${comm}\n`;
  } catch {
    return false;
  }
}

const opened = (calls: readonly Call[]) =>
  calls.filter(({ name }) => /^open/.test(name)).map(pathOf);
const listed = (calls: readonly Call[]) => calls.filter(({ name }) => /getdents/.test(name));

describe('the question about one PID', needsStrace, () => {
  let pid: number;
  let target: Crowd;

  beforeAll(async () => {
    target = await gather(1);
    [pid = 0] = target.pids;
  });
  afterAll(() => target.disperse());

  const stat = () => ['tgkill', ...readOnce(`/proc/${pid}/stat`)];

  it('reads one file for the default fields and lists nothing', async () => {
    expect(summary(await trace(`procseek.findByPidSync(${pid})`))).toEqual(stat());
  });

  it('reads the same file when it is asked asynchronously', async () => {
    expect(summary(await trace(`await procseek.findByPid(${pid})`))).toEqual(stat());
  });

  it('reads the same file to tell whether the process is still the same', async () => {
    const calls = await trace(`procseek.isRunning({ pid: ${pid}, id: '' })`);
    expect(summary(calls)).toEqual(stat());
  });

  it('opens nothing to tell whether the process exists', async () => {
    expect(summary(await trace(`procseek.exists(${pid})`))).toEqual(['tgkill']);
  });

  it('opens nothing for what a link tells', async () => {
    const calls = await trace(`procseek.findByPidSync(${pid}, { fields: ['exe'] })`);
    expect(summary(calls)).toEqual(['tgkill', `readlinkat /proc/${pid}/exe`]);
  });

  it('opens nothing when no field is wanted', async () => {
    const calls = await trace(`procseek.findByPidSync(${pid}, { fields: [] })`);
    expect(opened(calls)).toEqual([]);
  });

  it('opens nothing when there is no such process', async () => {
    const { lastPid, threadId } = unusedAndThread();
    for (const absent of [0, lastPid, threadId]) {
      const calls = await trace(`procseek.findByPidSync(${absent}); procseek.exists(${absent})`);
      expect(opened(calls)).toEqual([]);
    }
  });

  it('opens every file of one record through one handle and each one once', async () => {
    const fields = ['ppid', 'uid', 'gid', 'cwd', 'root', 'cgroup', 'containerId', 'name', 'rss'];
    const calls = await trace(
      `procseek.findByPidSync(${pid}, { fields: ${JSON.stringify(fields)} })`,
    );
    const folder = `/proc/${pid}`;
    const files = ['stat', 'status', 'statm', 'cgroup'].map((file) => `${folder}/${file}`);
    expect(opened(calls)).toEqual([`${folder}/`, ...files]);
    const [, ...rest] = calls.filter(({ name }) => /^(openat|readlinkat)$/.test(name));
    for (const { args } of rest) expect(args).toContain(`<${folder}>`);
    expect(listed(calls)).toEqual([]);
  });

  it('never hands a descriptor down to programs that are executed meanwhile', async () => {
    const calls =
      await trace(`procseek.findByPidSync(${pid}, { fields: ['ppid', 'uid', 'environ'] });
      procseek.findByNameSync('absent'); await procseek.children(${pid})`);
    const opens = calls.filter(({ name }) => /^open/.test(name));
    expect(opens.length).toBeGreaterThan(5);
    for (const { args } of opens) expect(args).toContain('O_CLOEXEC');
  });

  it('does not list processes to find children where the kernel can tell them', async () => {
    const calls = await trace(`await procseek.children(${process.pid})`);
    expect(callsFor(process.pid, calls)).toContain(`openat task/${process.pid}/children`);
    expect(callsAbout('/proc', calls)).toEqual([]);
  });

  it('makes the same calls with 500 more processes', async () => {
    const script = `procseek.findByPidSync(${pid}); await procseek.findByPid(${pid});
      procseek.exists(${pid}); procseek.findByPidSync(${pid}, { fields: ['cmdline', 'uid', 'io'] });
      procseek.isRunning({ pid: ${pid}, id: '' })`;
    const alone = summary(await trace(script));
    const crowd = await gather(500);
    try {
      expect(summary(await trace(script))).toEqual(alone);
    } finally {
      await crowd.disperse();
    }
    expect(alone.length).toBeGreaterThan(10);
  });
});

describe('the question about all processes', needsStrace, () => {
  let crowd: Crowd;

  beforeAll(async () => {
    crowd = await gather(50);
  });
  afterAll(() => crowd.disperse());

  function expectEach(calls: readonly Call[], expected: readonly string[]): void {
    for (const pid of crowd.pids) expect(callsFor(pid, calls)).toEqual(expected);
  }

  it('reads one name of each process and nothing else when none has the name', async () => {
    const calls = await trace(`procseek.findByNameSync('absent', { fields: ['cmdline', 'uid'] })`);
    expectEach(calls, readOnce('comm'));
    const [first, ...rest] = callsAbout('/proc', calls);
    expect([first, rest.pop()]).toEqual(['openat', 'close']);
    expect(new Set(rest)).toEqual(new Set(['getdents64']));
  });

  it('does the same asynchronously, in one pass for all who ask at once', async () => {
    const calls = await trace(`await Promise.all(['absent', 'gone', 'away'].map(
      (name) => procseek.findByName(name)))`);
    expectEach(calls, readOnce('comm'));
  });

  it('makes one pass at a time, and fewer than there are questions, for all who ask meanwhile', async () => {
    const ask = `const asked = [];
      for (let i = 0; i < 40; i++) {
        asked.push(procseek.findByName(i % 3 ? 'absent' + i : /^absent$/));
        if (i % 2) await new Promise(setImmediate); // the two of a turn share a pass at least
      }
      await Promise.all(asked)`;
    const calls = callsAbout('/proc', await trace(ask)).filter((name) => name !== 'getdents64');
    const passes = calls.length / 2;
    expect(calls).toEqual(Array.from({ length: passes }, () => ['openat', 'close']).flat());
    expect(passes).toBeLessThanOrEqual(20);
  });

  it('reads more only of those that match', async () => {
    const calls = await trace(
      `procseek.findByNameSync('sleep', { fields: ['cmdline'], limit: 3 })`,
    );
    // Of those whose comm says nothing (a program in a memfd, say), the arguments are read, too.
    const read = opened(calls).filter(
      (path) => path.endsWith('/cmdline') && isNamed(path, 'sleep'),
    );
    expect(read).toHaveLength(3);
    const pattern = await trace(
      `procseek.findByNameSync(/^absent$/, { fields: ['cmdline', 'uid'] })`,
    );
    expectEach(pattern, readOnce('comm'));
  });

  it('decides by the user before it reads what is only to be told', async () => {
    const calls = await trace(
      `procseek.findByNameSync('sleep', { uid: 4000000000, fields: ['cmdline', 'environ', 'io'] })`,
    );
    for (const pid of crowd.pids) {
      const files = callsFor(pid, calls).filter((call) =>
        /^openat .*(cmdline|environ|io)$/.test(call),
      );
      expect(files).toEqual([]);
    }
  });

  it('stops at its limit', async () => {
    const first = Math.min(
      ...readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(Number),
    );
    const calls =
      await trace(`const { name } = procseek.findByPidSync(${first}, { fields: ['name'] });
      if (procseek.findByNameSync(name, { limit: 1 })[0].pid !== ${first}) process.exit(1);
      procseek.findOneByNameSync(name); await procseek.findOneByName(name)`);
    const read = opened(calls).filter((path) => /comm$|stat$/.test(path));
    expect(new Set(read.map((path) => path.split('/')[2]))).toEqual(new Set([String(first)]));
  });

  it('reads one file of each process for the default fields', async () => {
    expectEach(await trace('for (const _ of procseek.scanSync());'), readOnce('stat'));
    expectEach(await trace('for await (const _ of procseek.scan());'), readOnce('stat'));
  });

  it('reads nothing of a process for its PID alone', async () => {
    const calls = await trace('Array.from(procseek.scanSync({}, { fields: [] }))');
    expectEach(calls, []);
    expect(listed(calls).length).toBeGreaterThan(0);
  });

  it('reads no more than a first batch when a loop is left early', async () => {
    const calls = await trace('for (const _ of procseek.scanSync()) break;');
    const read = opened(calls).filter((path) => path.endsWith('/stat'));
    expect(read.length).toBeLessThanOrEqual(16);
    expect(callsAbout('/proc', calls).at(-1)).toBe('close');
  });

  it('lists nothing when the PIDs are given', async () => {
    const pids = crowd.pids.slice(0, 5);
    const filter = `{ pids: [${pids}] }`;
    const calls = await trace(
      `Array.from(procseek.scanSync(${filter})); for await (const _ of procseek.scan(${filter}));`,
    );
    expect(listed(calls)).toEqual([]);
    expect(callsAbout('/proc', calls)).toEqual([]);
    const files = pids.map((pid) => `/proc/${pid}/stat`);
    expect(opened(calls)).toEqual([...files, ...files]);
  });
});

/** A PID that no process has, and the id of a thread that leads no process. */
function unusedAndThread(): { lastPid: number; threadId: number } {
  const threads = readdirSync('/proc/self/task').map(Number);
  const threadId = threads.find((thread) => thread !== process.pid);
  if (threadId === undefined) throw new Error('This process has one thread only');
  return { lastPid: 2 ** 31 - 1, threadId };
}
