/** Whom a watch leaves out is told neither when it is there, nor when it begins, nor when it ends. */
import { basename } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { watch } from '../../src/index.js';
import { startExiting } from '../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { until } from '../support/until.js';
import { observeReady, ways, whyNoEvents } from '../support/watching.js';

const scratch = scratchDirectory();
const reason = await whyNoEvents();

describe.each(ways)('By %s', (way, options) => {
  beforeEach(({ skip }) => {
    if (way === 'events' && reason !== undefined) skip(reason);
  });

  test.each([
    ['a name', (name: string) => name],
    ['a RegExp', (name: string) => new RegExp(`^${name}$`)],
  ])('those of PIDs are left out of what %s matches', async (_, queryOf) => {
    const path = makeProgram(scratch, uniqueName(12));
    const name = basename(path);
    const [one, other] = [await startProgram(path), await startProgram(path)];
    const filter = { name: queryOf(name), exclude: one.pid };
    const observer = await observeReady(watch(filter, options));
    expect(observer.pids).toEqual([other.pid]);
    one.signal('SIGKILL');
    other.signal('SIGKILL');
    await observer.hears(other, 'existing', 'exit');
    const next = await startProgram(path);
    await observer.hears(next, 'start');
    expect(observer.of(one)).toEqual([]);
    expect(observer.told).toHaveLength(3);
  });

  test('this process is left out, and what it starts is told', async () => {
    const observer = await observeReady(watch({ exclude: 'self' }, options));
    const child = await startExiting();
    await until('it is told', () => observer.pids.includes(child.pid));
    // Below Wine there is no parent: a process of Linux started this one.
    if (process.ppid !== 0) expect(observer.pids).toContain(process.ppid);
    expect(observer.pids).not.toContain(process.pid);
  });

  test('its ancestors are left out, and what it starts is told', async () => {
    const observer = await observeReady(watch({ exclude: ['ancestors'] }, options));
    const child = await startExiting();
    await until('it is told', () => observer.pids.includes(child.pid));
    expect(observer.pids).not.toContain(process.ppid);
    expect(observer.pids).not.toContain(process.pid);
  });
});
