/** A neighbour of any size: its command line and environment are as large as it likes. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  openFinder,
  scan,
  scanSync,
  watch,
} from '../../src/index.js';
import { type Child, launch } from '../support/processes.js';
import { uniqueName } from '../support/programs.js';
import { resultOf, root } from './support.js';

const program = join(root, 'test/support/linux/large.py');
const kib = 1024;
const mib = 1024 * kib;

function startLarge(comm: string, size: number, text: string): Promise<Child> {
  return launch('/usr/bin/python3', ['-I', '-S', program, comm, String(size), text]);
}

/** How many bytes this process has read, from whatever files. */
function readSoFar(): number {
  return findByPidSync(process.pid, { fields: ['io'] })?.io?.readChars ?? 0;
}

describe('Arguments of 600 MiB', () => {
  const comm = uniqueName(15);
  const whole = `${comm}-and-more`;
  let child: Child;
  beforeAll(async () => {
    child = await startLarge(comm, 600 * mib, `/opt/${whole}`);
  });
  afterAll(() => child?.stop());

  test('cost a lookup by name no more than a page or two', async () => {
    const before = readSoFar();
    expect(findByNameSync(new RegExp(`^${comm}`)).map(({ pid }) => pid)).toEqual([child.pid]);
    expect(findByNameSync(whole)).toMatchObject([{ pid: child.pid, name: whole }]);
    expect(await findByName(whole, { fields: [] })).toEqual([{ pid: child.pid }]);
    expect(findByPidSync(child.pid)).toMatchObject({ name: whole });
    expect(readSoFar() - before).toBeLessThan(4 * mib);
  });

  test('do not keep the others from being told', async () => {
    const all = [...scanSync()];
    expect(all.map(({ pid }) => pid)).toContain(process.pid);
    expect(all).toContainEqual(expect.objectContaining({ pid: child.pid, name: whole }));
    const told: number[] = [];
    for await (const { pid } of scan({}, { fields: ['cmdline', 'environ'] })) told.push(pid);
    expect(told).toContain(process.pid);
    expect(told).toContain(child.pid);
  });

  test('are cut where the option says, and said to be', async () => {
    const usual = findByPidSync(child.pid, { fields: ['cmdline', 'environ'] });
    expect(usual?.truncated).toEqual(['cmdline', 'environ']);
    expect(usual?.cmdline?.[0]).toBe(`/opt/${whole}`);
    expect(usual?.cmdline?.join('\0').length).toBeLessThanOrEqual(128 * kib);
    const little = await findByPid(child.pid, { fields: ['cmdline'], maxBytes: 8 });
    expect(little).toEqual({
      pid: child.pid,
      cmdline: [`/opt/${whole}`.slice(0, 8)],
      truncated: ['cmdline'],
    });
    const [most] = findByNameSync(whole, { fields: ['cmdline'], maxBytes: 2 * mib });
    expect(most?.cmdline?.join('\0').length).toBeGreaterThan(1.9 * mib);
    expect(most?.truncated).toEqual(['cmdline']);
    const own = findByPidSync(process.pid, { fields: ['cmdline', 'environ'] });
    expect(own).not.toHaveProperty('truncated');
  });

  test('are cut for each of several lookups that share a pass as it asked', async () => {
    const bytes = [5, 6, 200 * kib];
    const answers = await Promise.all(
      bytes.map((maxBytes) => findByName(whole, { fields: ['cmdline'], maxBytes })),
    );
    expect(answers.map(([one]) => one?.cmdline?.join('\0').length)).toEqual([
      5,
      6,
      expect.closeTo(200 * kib, -1),
    ]);
  });

  test.each(['procfs', 'events', 'bpf'] as const)('cost a finder %s no more', async (engine) => {
    const finder = await openFinder({ engine }).catch(() => undefined);
    if (finder === undefined) return;
    const before = readSoFar();
    expect(finder.findByNameSync(new RegExp(`^${comm}`))).toMatchObject([{ pid: child.pid }]);
    expect([...finder.scanSync()]).toContainEqual(expect.objectContaining({ name: whole }));
    expect(readSoFar() - before).toBeLessThan(4 * mib);
    finder.close();
  });

  test('do not keep a watch from being ready', async () => {
    const before = readSoFar();
    const watcher = watch(new RegExp(`^${comm}`));
    await watcher.ready;
    expect([...watcher.processes.keys()]).toEqual([child.pid]);
    expect(watcher.stats.failedPasses).toBe(0);
    watcher.close();
    expect(readSoFar() - before).toBeLessThan(4 * mib);
  });
});

describe('Arguments of 140 MiB that are all empty', () => {
  let child: Child;
  beforeAll(async () => {
    child = await startLarge(uniqueName(14), 140 * mib, '');
  });
  afterAll(() => child?.stop());

  test('end neither the program nor the scan', async () => {
    const told = await resultOf<[number, unknown, number]>(`
const procseek = require(${JSON.stringify(join(root, 'dist/index.js'))});
const all = [...procseek.scanSync({}, { fields: ['cmdline'] })];
const one = procseek.findByPidSync(${child.pid}, { fields: ['cmdline', 'environ'] });
console.log(JSON.stringify([one.cmdline.length, one.truncated, all.length]));`);
    expect(told[0]).toBeLessThanOrEqual(128 * kib);
    expect(told[1]).toEqual(['cmdline', 'environ']);
    expect(told[2]).toBeGreaterThan(1);
  });
});
