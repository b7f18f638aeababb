/** A /proc that shows another PID namespace than the one that system calls speak of. */
import { describe, expect, test } from 'vitest';
import { rootOnly } from '../support/requirements.js';
import { load, resultOf } from './support.js';

/** The host's /proc, in a PID namespace of one's own: as in a container that has it mounted. */
const withoutOwnProc = ['unshare', '--pid', '--fork', '--kill-child'];

const helpers = `${load}
const { spawn, execFileSync } = require('node:child_process');
async function attempt(ask) {
  try { return await ask(); } catch ({ name, code }) { return { name, code }; }
}`;

const refused = { name: 'ProcessError', code: 'ERR_FOREIGN_PROCESS' };

describe('Below a /proc of another PID namespace', rootOnly, () => {
  test('records say so, and whatever acts or waits refuses them', async () => {
    const told = await resultOf<Record<string, unknown>>(
      `${helpers}
(async () => {
  const record = procseek.findByPidSync(${process.pid});
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  const { engines, view } = procseek.capabilities();
  console.log(JSON.stringify({
    isMarked: record.id.includes('@'),
    isListed: procseek.findByNameSync(record.name).some(({ id }) => id === record.id),
    exists: [procseek.exists(${process.pid}), procseek.exists(4000000)],
    isRunning: procseek.isRunning(record),
    children: Array.isArray(await procseek.children(record)),
    kill: await attempt(() => procseek.kill(record, 'SIGKILL')),
    killByPid: await attempt(() => procseek.kill(child.pid, 'SIGKILL')),
    wait: await attempt(() => procseek.waitForExit(record)),
    waitByPid: await attempt(() => procseek.waitForExit(child.pid)),
    tree: await attempt(() => procseek.killTree(record)),
    signalTree: await attempt(() => procseek.signalTree(record, 'SIGTERM')),
    lives: child.exitCode === null && child.signalCode === null,
    foreign: view.foreign, events: engines.events.available,
  }));
  child.kill('SIGKILL');
})();`,
      { wrapper: withoutOwnProc },
    );
    expect(told).toEqual({
      isMarked: true,
      isListed: true,
      exists: [true, false],
      isRunning: true,
      children: true,
      kill: refused,
      killByPid: refused,
      wait: refused,
      waitByPid: refused,
      tree: refused,
      signalTree: refused,
      lives: true,
      foreign: true,
      events: false,
    });
  });

  test('another /proc is noticed when it is mounted, and when it is gone again', async () => {
    const told = await resultOf<unknown[]>(
      `${helpers}
(async () => {
  const look = () => {
    const { foreign } = procseek.capabilities().view; // lookups notice it a moment later, or by this
    const record = procseek.findByPidSync(procseek.findOneByNameSync(/./).pid);
    return [foreign, record.id.includes('@')];
  };
  const answers = [look()];
  const own = procseek.findByPidSync(process.pid);
  execFileSync('umount', ['/proc']);
  answers.push(look(), await attempt(() => procseek.kill(own, 0)), await attempt(() => procseek.isRunning(own)));
  execFileSync('mount', ['-t', 'proc', 'proc', '/proc']);
  answers.push(look(), procseek.kill(own, 0), procseek.isRunning(own));
  console.log(JSON.stringify(answers));
})();`,
      { wrapper: ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'] },
    );
    const own = [false, false];
    const foreign = [true, true];
    expect(told).toEqual([own, foreign, refused, refused, own, true, true]);
  });
});
