/** A process may call itself whatever it likes: names are bytes. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findByName, findByNameSync, findByPidSync, scanSync } from '../../../src/index.js';
import { numberedEntries, settle } from '../../support/proc.js';
import { startNamed } from '../../support/processes.js';
import { uniqueName } from '../../support/programs.js';
import { ownUid } from '../../support/requirements.js';
import { until } from '../../support/until.js';

const unique = uniqueName(9); // leaves 6 bytes to each case

const oddNames: [string, string][] = [
  ['with a space', `${unique} b c`],
  ['that starts and ends with a space', ` ${unique} `],
  ['with a closing parenthesis', `${unique}) R 1`],
  ['with parentheses all over', `)(${unique}((`],
  ['that looks like the end of a line of stat', `${unique}) Z 1`],
  ['with a newline', `${unique}\nb`],
  ['that ends in a newline', `${unique}\n`],
  ['that ends in two newlines', `${unique}\n\n`],
  ['that starts with a newline', `\n${unique}`],
  ['that looks like a line of status', `${unique}\nUid:`],
  ['with a tab', `\t${unique}`],
  ['with a backslash', `${unique}\\n`],
  ['with a slash', `${unique}/b`],
  ['that looks like an option', `-${unique}`],
  ['with control characters', `\x01${unique}\x7f`],
  ['that is not ASCII', `${unique}éß`],
  ['beyond the basic plane', `${unique}🙂`],
];

describe('A name', () => {
  test.each(oddNames)('%s is told and found as it is', async (_, comm) => {
    const { pid } = await startNamed(comm);
    const wanted = { pid, name: comm, comm };
    expect(findByPidSync(pid, { fields: ['comm', 'name'] })).toEqual(wanted);
    expect(findByNameSync(comm, { fields: ['comm', 'name'] })).toEqual([wanted]);
    expect(await findByName(Buffer.from(comm), { fields: ['comm', 'name'] })).toEqual([wanted]);
  });

  test.each(oddNames)('%s does not shift what stands behind it', async (_, comm) => {
    const { pid } = await startNamed(comm);
    await settle(pid);
    const fields = ['name', 'state', 'ppid', 'uid', 'pgid', 'threads', 'nice'] as const;
    const found = findByPidSync(pid, { fields });
    const own = findByPidSync(process.pid, { fields });
    expect(found).toEqual({
      pid,
      name: comm,
      ppid: process.pid,
      state: 'sleeping',
      uid: ownUid,
      pgid: own?.pgid,
      threads: 1,
      nice: own?.nice,
    });
  });

  test('of the same letters but for a newline is another one', async () => {
    const comm = uniqueName(10);
    const { pid } = await startNamed(`${comm}\n`);
    expect(findByNameSync(comm)).toEqual([]);
    expect(findByNameSync(`${comm}\n`).map((found) => found.pid)).toEqual([pid]);
  });

  test('may be empty', async () => {
    const { pid } = await startNamed('');
    await settle(pid);
    const { ppid, state } = findByPidSync(pid) ?? {};
    expect({ ppid, state }).toEqual({ ppid: process.pid, state: 'sleeping' });
    expect(findByPidSync(pid, { fields: ['comm', 'name', 'exe', 'id'] })).toMatchObject({
      comm: '',
      name: '',
    });
    const found = findByNameSync(/^$/, { ppid: process.pid, fields: ['name'] });
    expect(found).toContainEqual({ pid, name: '' });
  });

  test('that is not UTF-8 shows U+FFFD, and is found by its bytes', async () => {
    const bytes = Buffer.concat([Buffer.from(uniqueName(10)), Buffer.from([0xff, 0xc3, 0x28])]);
    const { pid } = await startNamed(bytes);
    const shown = bytes.toString('utf8');
    expect(shown).toContain('\ufffd');
    expect(findByPidSync(pid, { fields: ['name'] })).toEqual({ pid, name: shown });
    expect(findByNameSync(bytes, { fields: ['name'] })).toEqual([{ pid, name: shown }]);
    expect(await findByName(new Uint8Array(bytes), { fields: ['comm'] })).toEqual([
      { pid, comm: shown },
    ]);
    expect(findByNameSync(shown)).toEqual([]);
  });

  test('is found by a part of a larger buffer', async () => {
    const comm = uniqueName(10);
    const { pid } = await startNamed(comm);
    const within = new TextEncoder().encode(`xx${comm}xx`).subarray(2, 12);
    expect(findByNameSync(within).map((found) => found.pid)).toEqual([pid]);
  });
});

/** The name in full of every kernel thread that has a long one. */
function longNamesOfKernelThreads(): Map<number, string> {
  const names = new Map<number, string>();
  for (const pid of numberedEntries('/proc')) {
    try {
      const isKernelThread = readFileSync(`/proc/${pid}/cmdline`).length === 0;
      const comm = readFileSync(`/proc/${pid}/comm`, 'utf8').slice(0, -1);
      if (isKernelThread && comm.length > 15) names.set(pid, comm);
    } catch {
      // It has ended.
    }
  }
  return names;
}

describe('The name of a kernel thread', () => {
  test('may be longer than 15 bytes, and is found in full only', async ({ skip }) => {
    if (longNamesOfKernelThreads().size === 0) skip('this host shows no kernel threads');
    // Workers change their names with their work.
    const [pid, name] = await until('a long name holds still', () => {
      for (const [pid, name] of longNamesOfKernelThreads()) {
        if (findByNameSync(name).some((found) => found.pid === pid)) return [pid, name] as const;
      }
      return undefined;
    });
    expect(findByNameSync(name.slice(0, 15)).map((found) => found.pid)).not.toContain(pid);
    expect(findByPidSync(pid, { fields: ['name', 'comm', 'exe', 'cmdline'] })).toMatchObject({
      exe: null,
      cmdline: [],
    });
  });

  test('is its comm, all of it', async ({ skip }) => {
    if (longNamesOfKernelThreads().size === 0) skip('this host shows no kernel threads');
    await until('both agree on all of them', () => {
      const pids = [...longNamesOfKernelThreads().keys()];
      const told = [...scanSync({ pids }, { fields: ['name'] })];
      const expected = longNamesOfKernelThreads();
      return (
        told.length === expected.size && told.every((one) => expected.get(one.pid) === one.name)
      );
    });
  });
});
