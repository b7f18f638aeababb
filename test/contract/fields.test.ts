/** What a record holds: what was asked for, and the truth. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { binding } from '../../src/binding.js';
import {
  defaultFields,
  type Field,
  fieldNames,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  scan,
  scanSync,
} from '../../src/index.js';
import { root } from '../support/platform.js';
import { settle } from '../support/proc.js';
import { ours } from '../support/processes.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../support/programs.js';
import { system } from '../support/system.js';

const scratch = scratchDirectory();

/** Every field that has a documentation; the compiler sees to it that none is missing. */
const documented: Record<Field, true> = {
  pid: true,
  name: true,
  ppid: true,
  state: true,
  startTime: true,
  id: true,
  comm: true,
  exe: true,
  cmdline: true,
  cwd: true,
  root: true,
  environ: true,
  uid: true,
  gid: true,
  user: true,
  pgid: true,
  sid: true,
  tty: true,
  nice: true,
  threads: true,
  cpuTime: true,
  rss: true,
  vsize: true,
  io: true,
  fds: true,
  cgroup: true,
  containerId: true,
};

describe('The table of fields', () => {
  test('is the same in the native sources and in the documentation', () => {
    expect(Object.keys(documented)).toEqual(fieldNames);
    const rows = readFileSync(join(root, 'native/fields.def'), 'utf8').matchAll(
      /^FIELD\((\w+), +(\w+),/gm,
    );
    expect([...rows].map(([, name, kind]) => `${name}:${kind}`)).toEqual(binding.fields);
  });

  test('fits the bits of a mask, next to a flag', () => {
    expect(fieldNames.length).toBeLessThanOrEqual(31);
    expect(new Set(fieldNames).size).toBe(fieldNames.length);
  });
});

/** The same question, asked in every way. */
async function everyAnswer(pid: number, name: string, fields: readonly Field[]) {
  const filter = { pids: [pid] };
  return [
    findByPidSync(pid, { fields }),
    await findByPid(pid, { fields }),
    findByNameSync(name, { fields })[0],
    (await findByName(name, { fields }))[0],
    (await findByName(new RegExp(name), { fields }))[0],
    (await findByName(name, { fields, ...ours }))[0],
    [...scanSync(filter, { fields })][0],
    (await scan(filter, { fields }).next()).value,
    (await scan({ name, by: 'any' }, { fields }).next()).value,
  ];
}

describe('The keys of a record', () => {
  test.each(fieldNames)('are pid and %s when that alone was asked for', async (field) => {
    const name = uniqueName(20);
    const { pid } = await startProgram(makeProgram(scratch, name));
    for (const record of await everyAnswer(pid, name, [field])) {
      expect(Object.keys(record ?? {})).toEqual(field === 'pid' ? ['pid'] : ['pid', field]);
      expect(record?.pid).toBe(pid);
    }
  });

  test('stand in one order, however and how often they were asked for', async () => {
    const name = uniqueName(20);
    const { pid } = await startProgram(makeProgram(scratch, name));
    const every = [...fieldNames].reverse();
    for (const record of await everyAnswer(pid, name, [...every, ...every])) {
      expect(Object.keys(record ?? {})).toEqual(fieldNames);
    }
    for (const record of await everyAnswer(pid, name, ['uid', 'name', 'uid', 'exe'])) {
      expect(Object.keys(record ?? {})).toEqual(['pid', 'name', 'exe', 'uid']);
    }
  });

  test('are the default ones unless fields were asked for', async () => {
    const [first] = findByNameSync(/./, { limit: 1 });
    expect(Object.keys(first ?? {})).toEqual(['pid', ...defaultFields]);
  });
});

test('A record is the same whichever way it was asked for', async () => {
  const name = uniqueName(20);
  const { pid } = await startProgram(makeProgram(scratch, name), ['x', '', 'ünï']);
  await settle(pid);
  const steady = fieldNames.filter((field) => !system.unsteady.includes(field));
  const [first, ...others] = await everyAnswer(pid, name, steady);
  expect(others).toHaveLength(8);
  for (const { startTime, ...other } of others.map((record) => record ?? { pid: 0 })) {
    const { startTime: ours, ...rest } = first ?? { pid: 0 };
    expect(other).toEqual(rest);
    expect(Math.abs((startTime ?? 0) - (ours ?? 0))).toBeLessThanOrEqual(20);
  }
});
