/** Running out of file descriptors is an error at whatever point it happens, never an answer. */
import { beforeAll, describe, expect, it } from 'vitest';
import { gather, load, resultOf } from './support.js';

const limited = { wrapper: ['prlimit', '--nofile=128:128', '--'] };

/** `fill(spare)` leaves so many descriptors; `free()` gives all back. */
const starvation = `
  const fs = require('node:fs');
  const held = [];
  function fill(spare) {
    for (;;) {
      try { held.push(fs.openSync('/dev/null')); } catch (error) {
        if (error.code !== 'EMFILE') throw error;
        break;
      }
    }
    for (let i = 0; i < spare; i++) fs.closeSync(held.pop());
  }
  function free() { for (const fd of held.splice(0)) fs.closeSync(fd); }
  async function attempt(ask) {
    try { return { answer: await ask() }; } catch ({ name, code, errno, syscall }) {
      return { error: { name, code, errno, syscall } };
    }
  }`;

/** The process that asks looks for itself. Its comm is cut, so its name takes a second file. */
const questions: Record<string, string> = {
  findByPid: 'procseek.findByPid(self)',
  'findByPid of every field': 'procseek.findByPid(self, { fields: procseek.fieldNames })',
  findByPidSync: 'procseek.findByPidSync(self)',
  'findByPidSync of every field': 'procseek.findByPidSync(self, { fields: procseek.fieldNames })',
  isRunning: 'procseek.isRunning(known)',
  findByName: 'procseek.findByName(title)',
  'findByName of several': "procseek.findByName([title, 'absent', /^absent$/])",
  'findByName with fields':
    "procseek.findByName(title, { uid: process.getuid(), fields: ['user', 'exe', 'cmdline', 'environ', 'cgroup'] })",
  findByNameSync: 'procseek.findByNameSync(title)',
  findOneByName: 'procseek.findOneByName(title)',
  findOneByNameSync: 'procseek.findOneByNameSync(title)',
  'findByName by cmdline': "procseek.findByName(title, { by: 'cmdline' })",
  'findByName by exe': "procseek.findByName(process.execPath, { by: 'exe', ppid: process.ppid })",
  'findByName of a RegExp': 'procseek.findByName(/^starved-of-/)',
  'findByName of a RegExp with fields':
    "procseek.findByName(/^starved-of-/, { fields: ['uid', 'user', 'exe', 'cmdline'] })",
  'findByNameSync of a RegExp':
    "procseek.findByNameSync(/^starved-of-/, { fields: ['uid', 'exe'] })",
  'findByNameSync of a RegExp by any': "procseek.findByNameSync(/^starved-of-/, { by: 'any' })",
  scan: 'collect(procseek.scan())',
  'scan with fields': "collect(procseek.scan({}, { fields: ['uid', 'user', 'cwd', 'cmdline'] }))",
  'scan in batches': 'collect(procseek.scan().batches())',
  'scan of PIDs': "collect(procseek.scan({ pids: [self] }, { fields: ['uid', 'name'] }))",
  scanSync: 'collect(procseek.scanSync())',
  children: "procseek.children(self, { fields: ['name', 'uid'] })",
  'children of children': 'procseek.children(process.ppid, { recursive: true }).then(mine)',
};

/** With 0, 1, 2, … descriptors left. */
const spares = 10;

const script = `${load} ${starvation}
  const title = 'starved-of-descriptors';
  process.title = title;
  const self = process.pid;
  const known = procseek.findByPidSync(self, { fields: ['id'] });
  const mine = (found) => found.filter(({ pid }) => pid === self);
  async function collect(rows) {
    const found = [];
    for await (const row of rows) found.push(row);
    return mine(found.flat());
  }
  const moving = new Set(['state', 'threads', 'cpuTime', 'rss', 'vsize', 'io', 'fds', 'startTime']);
  const stable = (key, value) => (moving.has(key) ? value === null : value);
  (async () => {
    const child = require('node:child_process').spawn('sleep', ['1000000'], { stdio: 'ignore' });
    await new Promise((resolve) => child.once('spawn', resolve));
    const questions = {
      ${Object.entries(questions)
        .map(([name, ask]) => `${JSON.stringify(name)}: async () => ${ask}`)
        .join(',\n')}
    };
    const results = {};
    for (const [name, ask] of Object.entries(questions)) {
      const before = await attempt(ask);
      const starved = [];
      for (let spare = 0; spare < ${spares}; spare++) {
        fill(spare);
        starved.push(await attempt(ask));
        free();
      }
      results[name] = { before, starved, after: await attempt(ask) };
    }
    child.kill('SIGKILL');
    process.stdout.write(JSON.stringify(results, stable));
  })();`;

interface Attempt {
  answer?: unknown;
  error?: { name: string; code: string; errno: number; syscall: string };
}
interface Result {
  before: Attempt;
  starved: Attempt[];
  after: Attempt;
}

const outOfDescriptors = {
  name: 'ProcessError',
  code: 'EMFILE',
  errno: -24,
  syscall: expect.stringMatching(/^(openat|getpwuid_r)$/),
};

describe('without a free file descriptor', () => {
  let results: Record<string, Result>;

  beforeAll(async () => {
    results = await resultOf(script, limited);
  });

  function resultFor(question: string): Result {
    const result = results[question];
    if (result === undefined) throw new Error(`There is no result for ${question}`);
    return result;
  }

  it.each(Object.keys(questions))('%s fails with EMFILE', (question) => {
    expect(resultFor(question).starved[0]).toEqual({ error: outOfDescriptors });
  });

  it.each(Object.keys(questions))(
    '%s fails or answers in full however many descriptors are left',
    (question) => {
      const { before, starved } = resultFor(question);
      expect(JSON.stringify(before)).toMatch(/"pid":\d+|:true/);
      for (const attempt of starved) {
        expect(attempt).toEqual(attempt.error ? { error: outOfDescriptors } : before);
      }
      expect(starved.at(-1)).toEqual(before);
    },
  );

  it.each(Object.keys(questions))('%s works again once there are descriptors', (question) => {
    const { before, after } = resultFor(question);
    expect(after).toEqual(before);
  });

  it('exists() and a lookup of links alone need none', async () => {
    const answers = await resultOf(
      `${load} ${starvation} fill(0);
      const { exe } = procseek.findByPidSync(process.pid, { fields: ['exe'] });
      const found = [procseek.exists(process.pid), procseek.exists(2 ** 31 - 1), exe];
      process.stdout.write(JSON.stringify(found));`,
      limited,
    );
    expect(answers).toEqual([true, false, expect.stringContaining('/')]);
  });

  it('a file whose name looks deleted is not taken for a deleted one', async () => {
    const { exe, starved } = await resultOf<{ exe: string; starved: Attempt[] }>(
      `${load} ${starvation}
      const { spawn } = require('node:child_process');
      const folder = fs.mkdtempSync(require('node:os').tmpdir() + '/procseek-starved-');
      const exe = folder + '/sleep (deleted)';
      fs.copyFileSync('/bin/sleep', exe);
      (async () => {
        const child = spawn(exe, ['1000000'], { stdio: 'ignore' });
        await new Promise((resolve) => child.once('spawn', resolve));
        const starved = [];
        for (let spare = 0; spare < 4; spare++) {
          fill(spare);
          starved.push(await attempt(() => procseek.findByPidSync(child.pid, { fields: ['exe'] }).exe));
          free();
        }
        child.kill('SIGKILL');
        fs.rmSync(folder, { recursive: true });
        console.log(JSON.stringify({ exe, starved }));
      })();`,
      limited,
    );
    for (const attempt of starved) {
      expect(attempt).toEqual(attempt.error ? { error: outOfDescriptors } : { answer: exe });
    }
    expect(starved.at(-1)).toEqual({ answer: exe });
  });

  it('a stream that has begun fails instead of ending, and holds nothing afterwards', async () => {
    const crowd = await gather(200);
    try {
      const outcome = await resultOf(
        `${load} ${starvation}
        (async () => {
          const open = () => fs.readdirSync('/proc/self/fd').length;
          const before = open();
          const stream = procseek.scan();
          await stream.next();
          const during = open();
          fill(0);
          const rest = await attempt(async () => { for await (const _ of stream); return 'end'; });
          const again = await attempt(() => stream.next());
          free();
          const sync = await attempt(() => {
            for (const _ of procseek.scanSync()) if (held.length === 0) fill(0);
            return 'end';
          });
          free();
          console.log(JSON.stringify({ held: during - before, rest, again, sync, left: open() - before }));
        })();`,
        limited,
      );
      const error = outOfDescriptors;
      expect(outcome).toEqual({
        held: 1,
        rest: { error },
        again: { error },
        sync: { error },
        left: 0,
      });
    } finally {
      await crowd.disperse();
    }
  });

  it('all who share a pass are told and those who ask later are answered', async () => {
    const outcome = await resultOf<Attempt[]>(
      `${load} ${starvation}
      (async () => {
        fill(0);
        const shared = await Promise.all(
          ['a', /b/, ['c', 'd']].map((name) => attempt(() => procseek.findByName(name))));
        free();
        shared.push(await attempt(() => procseek.findByName('absent')));
        console.log(JSON.stringify(shared));
      })();`,
      limited,
    );
    const error = outOfDescriptors;
    expect(outcome).toEqual([{ error }, { error }, { error }, { answer: [] }]);
  });
});
