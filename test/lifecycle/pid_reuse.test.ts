/** A PID that was given to another process: the one that was meant is gone, the other is left alone. */
import { beforeEach, describe, expect, it } from 'vitest';
import { tellsExits } from '../support/kernel.js';
import { inPidNamespace, inProcess } from '../support/library.js';
import { refusing } from '../support/sandbox.js';
import { needing } from '../support/system.js';

const namespace = inPidNamespace.launcher ?? [];

const surroundings = {
  'with handles on processes': inPidNamespace,
  'where pidfd_open(2) is unknown': {
    launcher: [...namespace, ...refusing('ENOSYS', 'pidfd_open')],
  },
  'where pidfd_open(2) is forbidden': {
    launcher: [...namespace, ...refusing('EPERM', 'pidfd_open')],
  },
  'where pidfd_send_signal(2) is unknown': {
    launcher: [...namespace, ...refusing('ENOSYS', 'pidfd_send_signal')],
  },
};

describe.each(Object.entries(surroundings))('%s', (name, place) => {
  const hasHandles = !name.includes('pidfd_open');
  beforeEach(needing('namespaces'));

  it('a record of the former process signals nobody and is not waited for', async () => {
    const seen = await inProcess(place, 0, async ({ procseek, require }) => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const { once } = require('node:events') as typeof import('node:events');
      const { writeFileSync } = require('node:fs') as typeof import('node:fs');
      const first = spawn('sleep', ['1000']);
      const pid = first.pid ?? 0;
      const record = procseek.findByPidSync(pid);
      if (record === undefined) throw new Error('it has ended');
      // The start time counts hundredths of a second.
      await new Promise((resolve) => setTimeout(resolve, 30));
      first.kill('SIGKILL');
      await once(first, 'exit');
      let second = first;
      for (let tries = 0; tries < 50; tries++) {
        writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
        second = spawn('sleep', ['1000']);
        if (second.pid === pid) break;
        second.kill('SIGKILL');
        await once(second, 'exit');
      }
      const successor = procseek.findByPidSync(pid);
      const sent = ['SIGKILL', 'SIGTERM', 0].map((signal) => procseek.kill(record, signal));
      const exits = [await procseek.waitForExit(record), await procseek.waitForExit(record)];
      const isUntouched = successor !== undefined && procseek.isRunning(successor);
      const ended = once(second, 'exit');
      const isSent = successor !== undefined && procseek.kill(successor, 'SIGUSR1');
      const [, signal] = await ended;
      const { waiting } = procseek.waitStats();
      return { isSamePid: second.pid === pid, sent, exits, isUntouched, isSent, signal, waiting };
    });
    expect(seen).toEqual({
      isSamePid: true,
      sent: [false, false, false],
      exits: new Array(2).fill({ code: null, signal: null }),
      isUntouched: true,
      isSent: true,
      signal: 'SIGUSR1',
      waiting: 0,
    });
  });

  it('a wait begun before is over, and tells nothing of how the other one ends', async () => {
    const rounds = await inProcess(place, 0, async ({ procseek, require }) => {
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const { once } = require('node:events') as typeof import('node:events');
      const { readFileSync, writeFileSync } = require('node:fs') as typeof import('node:fs');
      const pause = new Int32Array(new SharedArrayBuffer(4));
      // Node.js, kept busy, reaps nobody.
      const blockUntil = (condition: () => boolean) => {
        const deadline = Date.now() + 60_000;
        while (!condition() && Date.now() < deadline) Atomics.wait(pause, 0, 0, 2);
      };
      const rounds: { isSamePid: boolean; exits: unknown[] }[] = [];
      while (rounds.filter(({ isSamePid }) => isSamePid).length < 5 && rounds.length < 50) {
        const first = spawn('sleep', ['1000']);
        const pid = first.pid ?? 0;
        const record = procseek.findByPidSync(pid);
        if (record === undefined) throw new Error('it has ended');
        await new Promise((resolve) => setTimeout(resolve, 30));
        const waits = [procseek.waitForExit(record), procseek.waitForExit(pid)];
        first.kill('SIGKILL');
        await once(first, 'exit');
        writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
        const second = spawn('sh', ['-c', 'exit 7']);
        const ended = once(second, 'exit');
        const isZombie = () => readFileSync(`/proc/${second.pid}/stat`, 'utf8').includes(') Z ');
        blockUntil(isZombie);
        const { polls, polled } = procseek.waitStats();
        if (polled > 0) {
          blockUntil(
            () => procseek.waitStats().polled === 0 || procseek.waitStats().polls > polls + 2,
          );
        }
        rounds.push({ isSamePid: second.pid === pid, exits: await Promise.all(waits) });
        await ended;
      }
      return rounds;
    });
    const reused = rounds.filter(({ isSamePid }) => isSamePid);
    expect(reused).toHaveLength(5);
    const possible = [JSON.stringify({ code: null, signal: 'SIGKILL' })];
    if (!hasHandles || !tellsExits) possible.push(JSON.stringify({ code: null, signal: null }));
    for (const exit of reused.flatMap(({ exits }) => exits)) {
      expect(possible).toContain(JSON.stringify(exit));
    }
  });
});
