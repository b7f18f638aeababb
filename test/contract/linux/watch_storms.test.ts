/** A watcher misses no process that matches while thousands of other processes start and end. */
import { basename } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { watch } from '../../../src/index.js';
import { inProcess } from '../../support/library.js';
import { start } from '../../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../../support/programs.js';
import { until } from '../../support/until.js';
import { events, observeReady, whyNoEvents } from '../../support/watching.js';

const scratch = scratchDirectory();
const reason = await whyNoEvents();
beforeEach(({ skip }) => {
  if (reason !== undefined) skip(reason);
});

describe('A storm of processes', () => {
  const storm = (count: number) =>
    `i=0; while [ $i -lt ${count} ]; do /bin/true; i=$((i+1)); done; echo over; read a`;

  test('hides none of those that match', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const observer = await observeReady(watch(basename(path), events));
    const storms = await Promise.all(
      [0, 1].map(() => start('sh', ['-c', `echo begins; ${storm(1500)}`])),
    );
    const over = Promise.all(storms.map((one) => one.line()));
    const children = await Promise.all(Array.from({ length: 30 }, () => startProgram(path)));
    for (const child of children.slice(0, 15)) child.signal('SIGKILL');
    await over;
    await until(
      'the state is exact',
      () => observer.pids.length === 15 && observer.told.length >= 45,
    );
    expect(observer.pids).toEqual(
      children
        .slice(15)
        .map(({ pid }) => pid)
        .sort((a, b) => a - b),
    );
    for (const child of children.slice(0, 15))
      expect(observer.of(child)).toEqual(['start', 'exit']);
    for (const child of children.slice(15)) expect(observer.of(child)).toEqual(['start']);
    expect(observer.watcher.stats.events).toBeGreaterThan(300);
  }, 300_000);

  test('of which changes are lost ends in the exact difference', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const [stays, ends] = [await startProgram(path), await startProgram(path)];
    // All its threads stand still while the queue fills: to 1 MiB, at some 0.8 KiB for an event.
    const result = await inProcess({}, { path, ends: ends.pid }, async (tools, { path, ends }) => {
      const { procseek, require } = tools;
      const { spawn } = require('node:child_process') as typeof import('node:child_process');
      const { once } = require('node:events') as typeof import('node:events');
      const { basename } = require('node:path') as typeof import('node:path');
      const told: string[] = [];
      const watcher = procseek.watch(basename(path), { cpuBudget: 1 });
      watcher.on('start', ({ process: { pid }, existing }) =>
        told.push(`${existing ? 'existing' : 'start'} ${pid}`),
      );
      watcher.on('exit', ({ process: { pid } }) => told.push(`exit ${pid}`));
      watcher.on('rename', ({ process: { pid } }) => told.push(`rename ${pid}`));
      await watcher.ready;
      const script = `kill -STOP ${process.pid}
        ${path} <&3 >/dev/null & began=$!
        kill -KILL ${ends}
        i=0; while [ $i -lt 3000 ]; do /bin/true; i=$((i+1)); done
        kill -CONT ${process.pid}
        echo $began
        read line`;
      const storm = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
      const [began] = (await once(storm.stdout ?? storm, 'data')) as [Buffer];
      const deadline = Date.now() + 60_000;
      while ((watcher.stats.resyncs === 0 || told.length < 4) && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 5));
      const { stats } = watcher;
      const processes = [...watcher.processes.keys()];
      watcher.close();
      return { told, began: Number(began), processes, stats };
    });
    const { told, began, processes, stats } = result;
    expect(stats.dropped).toBeGreaterThan(0);
    expect(stats.resyncs).toBeGreaterThanOrEqual(1);
    expect(told.toSorted()).toEqual(
      [
        `existing ${stays.pid}`,
        `existing ${ends.pid}`,
        `exit ${ends.pid}`,
        `start ${began}`,
      ].sort(),
    );
    expect(processes.toSorted()).toEqual([stays.pid, began].toSorted());
  }, 300_000);
});
