/** The names of all processes of this host, against the tools that everybody knows. */
import { beforeAll, describe, expect, test } from 'vitest';
import { findByName, scanSync } from '../../src/index.js';
import { pidsBy, psutil } from '../support/oracles.js';
import { type Child, startNamed } from '../support/processes.js';
import {
  launchProgram,
  makeProgram,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../support/programs.js';
import { until } from '../support/until.js';

const scratch = scratchDirectory();

describe('Up to 15 characters', () => {
  const name = uniqueName(14);
  const longest = uniqueName(15);
  const children: Child[] = [];

  beforeAll(async () => {
    const path = makeProgram(scratch, name);
    for (const each of [path, path, makeProgram(scratch, longest)]) {
      children.push(await launchProgram(each));
    }
    return async () => {
      for (const child of children) await child.stop();
    };
  });

  test.each(['pgrep', 'pidof'] as const)('%s finds the same processes', async (command) => {
    for (const each of [name, longest]) {
      const found = (await findByName(each, { fields: [] })).map(({ pid }) => pid);
      expect(found).toHaveLength(each === name ? 2 : 1);
      expect(found).toEqual(await pidsBy(command, each));
    }
  });
});

/** What psutil does not undo, see FACTS: labels of main threads, and names that #! lines cut. */
function isOneOfOurs(name: string, comm: string, theirs: string): boolean {
  const isLabel = comm === 'MainThread' || comm === 'node-MainThread';
  return isLabel || (theirs === comm && comm.length >= 15 && name.startsWith(comm));
}

test('psutil calls every process the same', async () => {
  await startProgram(makeProgram(scratch, uniqueName(30)));
  await startNamed(`${uniqueName(9)}) é`);
  await until('all names agree', async () => {
    const fields = ['name', 'comm', 'id'] as const;
    const before = [...scanSync({}, { fields })];
    const theirs = await psutil(['name']);
    const after = new Map([...scanSync({}, { fields })].map((one) => [one.pid, one]));
    const stable = before.filter((one) => {
      const later = after.get(one.pid);
      return later?.id === one.id && later.name === one.name && later.comm === one.comm;
    });
    expect(stable.length).toBeGreaterThan(3);
    return stable.every(({ pid, name, comm }) => {
      const told = theirs.get(pid)?.name;
      return told === name || (told !== undefined && isOneOfOurs(name, comm, told));
    });
  });
});
