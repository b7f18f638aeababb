/** Other users' processes are hidden by the hidepid option of /proc; proc(5). */
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { needing, system } from '../support/system.js';
import { load, resultOf } from './support.js';

/** In namespaces of its own: a process of root's, and the command, which is to become nobody. */
function hiding(hidepid: number): string[] {
  const mount = `mount -t proc -o hidepid=${hidepid} proc /proc`;
  const shell = `${mount} && { sleep 1000000 & } && HIDDEN=$! "$@"`;
  return ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', shell, 'sh'];
}

const script = `${load}
  const { spawn } = require('node:child_process');
  process.setgroups([]);
  process.setgid(65534);
  process.setuid(65534);
  const hidden = Number(process.env.HIDDEN);
  async function attempt(ask) {
    try { return { answer: (await ask()) ?? 'undefined' }; } catch ({ name, code, errno, syscall, pid }) {
      return { error: { name, code, errno, syscall, pid } };
    }
  }
  async function collect(rows) {
    const found = [];
    for await (const { pid } of rows) found.push(pid);
    return { pids: found };
  }
  const pids = async (found) => ({ pids: (await found).map(({ pid }) => pid) });
  (async () => {
    const own = spawn('sleep', ['1000000'], { cwd: '/', stdio: 'ignore' });
    await new Promise((resolve) => own.once('spawn', resolve));
    const results = {
      hidden, own: own.pid, self: process.pid,
      exists: [hidden, own.pid, 4000000].map((pid) => procseek.exists(pid)),
      findByPid: await attempt(() => procseek.findByPid(hidden)),
      findByPidSync: await attempt(() => procseek.findByPidSync(hidden)),
      link: await attempt(() => procseek.findByPid(hidden, { fields: ['exe'] })),
      files: await attempt(() => procseek.findByPid(hidden, { fields: ['uid', 'ppid', 'cmdline'] })),
      isRunning: await attempt(() => procseek.isRunning({ pid: hidden, id: 'x' })),
      waitForExit: await attempt(() => procseek.waitForExit(hidden)),
      waitForExitOfRecord: await attempt(() => procseek.waitForExit({ pid: hidden, id: 'x' })),
      killOfRecord: await attempt(() => procseek.kill({ pid: hidden, id: 'x' })),
      kill: await attempt(() => procseek.kill(hidden)),
      killOwn: [await attempt(() => procseek.kill(own.pid, 0)),
        await attempt(() => procseek.kill(procseek.findByPidSync(own.pid), 0))],
      killDead: [await attempt(() => procseek.kill(4000000)),
        await attempt(() => procseek.kill({ pid: 4000000, id: 'x' }))],
      waiting: procseek.waitStats().waiting,
      childrenOfHidden: await attempt(() => procseek.children(hidden)),
      dead: await attempt(() => procseek.findByPid(4000000)),
      ownByPid: await attempt(() => procseek.findByPid(own.pid, { fields: ['name', 'uid', 'exe'] })),
      byName: await pids(procseek.findByName('sleep')),
      byNameSync: await pids(procseek.findByNameSync('sleep')),
      byPattern: await pids(procseek.findByName(/^sle+p$/)),
      byExe: await pids(procseek.findByName('sleep', { by: 'exe' })),
      byCmdline: await pids(procseek.findByName(['sleep', '1000000'].join(' '), { by: 'cmdline' })),
      scan: await collect(procseek.scan()),
      scanSync: await collect(procseek.scanSync({}, { fields: ['uid', 'cmdline'] })),
      listed: await collect(procseek.scan({ pids: [hidden, own.pid, 4000000] })),
      children: await pids(procseek.children(process.pid)),
    };
    own.kill('SIGKILL');
    console.log(JSON.stringify(results));
  })();`;

interface Results {
  hidden: number;
  own: number;
  self: number;
  exists: boolean[];
  dead: unknown;
  ownByPid: unknown;
  kill: unknown;
  killOwn: unknown;
  killDead: unknown;
  waiting: unknown;
  [question: string]: unknown;
}

describe.each([1, 2])('with hidepid=%i', (hidepid) => {
  let seen: Results;

  beforeEach(needing('namespaces'));

  beforeAll(async () => {
    if (system.lacks.namespaces !== undefined) return;
    seen = await resultOf(script, { wrapper: hiding(hidepid) });
  });

  it('a hidden process exists, an own one does, and one that there is not does not', () => {
    expect(seen.exists).toEqual([true, true, false]);
  });

  it.each([
    'findByPid',
    'findByPidSync',
    'link',
    'files',
    'isRunning',
    'childrenOfHidden',
    'waitForExit',
    'waitForExitOfRecord',
    'killOfRecord',
  ])('a hidden process is refused with EACCES and not denied (%s)', (question) => {
    const about = question === 'childrenOfHidden' ? {} : { pid: seen.hidden };
    expect(seen[question]).toMatchObject({
      error: { name: 'ProcessError', code: 'EACCES', errno: -13, syscall: 'openat', ...about },
    });
  });

  it('a PID alone is enough to be told that a hidden process may not be signalled', () => {
    const error = { name: 'ProcessError', code: 'EPERM', errno: -1, syscall: 'pidfd_send_signal' };
    expect(seen.kill).toEqual({ error: { ...error, pid: seen.hidden } });
  });

  it('an own process may be signalled, and one that there is not is gone', () => {
    expect(seen.killOwn).toEqual([{ answer: true }, { answer: true }]);
    expect(seen.killDead).toEqual([{ answer: false }, { answer: false }]);
    expect(seen.waiting).toBe(0);
  });

  it('a process that there is not is undefined', () => {
    expect(seen.dead).toEqual({ answer: 'undefined' });
  });

  it('an own process is found by its PID', () => {
    const exe = expect.stringMatching(/sleep|busybox|coreutils/);
    expect(seen.ownByPid).toEqual({ answer: { pid: seen.own, name: 'sleep', uid: 65534, exe } });
  });

  it.each(['byName', 'byNameSync', 'byPattern', 'byExe', 'byCmdline', 'listed', 'children'])(
    'hidden processes are left out and own ones are found (%s)',
    (question) => {
      expect(seen[question]).toEqual({ pids: [seen.own] });
    },
  );

  it.each(['scan', 'scanSync'])('all own processes are told and no others (%s)', (question) => {
    expect(seen[question]).toEqual({ pids: [seen.self, seen.own] });
  });
});
