/** What else can be asked of the processes that have a name. */
import { beforeAll, describe, expect, test } from 'vitest';
import { findByName, findByNameSync, findByPidSync, findOneByNameSync } from '../../src/index.js';
import { type Child, startFamily } from '../support/processes.js';
import { launchProgram, makeProgram, scratchDirectory, uniqueName } from '../support/programs.js';
import { isRoot } from '../support/requirements.js';
import { needs } from '../support/system.js';

const scratch = scratchDirectory();
const nobody = 65534;

describe('Of several processes of one name', () => {
  const name = uniqueName(20);
  const path = makeProgram(scratch, name);
  const other = makeProgram(scratch, uniqueName(20));
  const children: Child[] = [];
  let pids: number[] = [];

  beforeAll(async () => {
    for (const uid of [0, nobody, 0, nobody, 0])
      children.push(await launchProgram(path, [], isRoot ? { uid } : {}));
    children.push(await launchProgram(other));
    pids = children.slice(0, 5).map(({ pid }) => pid);
    return async () => {
      for (const child of children) await child.stop();
    };
  });

  const queries = [name, new RegExp(`^${name}$`), [name, 'another'], ['another', new RegExp(name)]];

  test.each(queries)('%s finds all, in ascending order', async (query) => {
    const found = await findByName(query, { fields: ['name'] });
    const ascending = [...pids].sort((a, b) => a - b);
    expect(found).toEqual(ascending.map((pid) => ({ pid, name })));
    expect(findByNameSync(query, { fields: ['name'] })).toEqual(found);
  });

  test.each(queries)('%s with a limit finds the first', async (query) => {
    const ascending = [...pids].sort((a, b) => a - b);
    for (const limit of [1, 2, 4, 5, 6, 2 ** 32 - 1, Number.POSITIVE_INFINITY]) {
      const found = await findByName(query, { limit, fields: [] });
      expect(found.map(({ pid }) => pid)).toEqual(ascending.slice(0, limit));
      expect(findByNameSync(query, { limit, fields: [] })).toEqual(found);
    }
    expect(findOneByNameSync(query)?.pid).toBe(ascending[0]);
  });

  test.for(queries)('%s finds those of one user', async (query, context) => {
    needs(context, 'users');
    context.skip(!isRoot, 'needs root');
    for (const uid of [0, nobody]) {
      const found = await findByName(query, { uid, fields: ['uid', 'name'] });
      const expected = pids.filter((_, i) => (i % 2 === 0) === (uid === 0)).sort((a, b) => a - b);
      expect(found).toEqual(expected.map((pid) => ({ pid, name, uid })));
      expect(findByNameSync(query, { uid, fields: ['uid', 'name'] })).toEqual(found);
    }
    expect(await findByName(query, { uid: 12345 })).toEqual([]);
    expect(await findByName(query, { uid: 2 ** 32 - 1 })).toEqual([]);
  });

  test.each(queries)('%s finds those of one parent', async (query) => {
    const found = await findByName(query, { ppid: process.pid, fields: [] });
    expect(found.map(({ pid }) => pid)).toEqual([...pids].sort((a, b) => a - b));
    expect(findByNameSync(query, { ppid: process.pid, fields: [] })).toEqual(found);
    expect(await findByName(query, { ppid: process.ppid })).toEqual([]);
    expect(await findByName(query, { ppid: 0 })).toEqual([]);
  });

  test.for(queries)('%s finds those that all conditions hold for', async (query, context) => {
    needs(context, 'users');
    context.skip(!isRoot, 'needs root');
    const conditions = { uid: nobody, ppid: process.pid, limit: 1, fields: [] } as const;
    const found = await findByName(query, conditions);
    const lowest = Math.min(...pids.filter((_, i) => i % 2 === 1));
    expect(found).toEqual([{ pid: lowest }]);
    expect(findByNameSync(query, conditions)).toEqual(found);
    expect(findOneByNameSync(query, { uid: nobody, fields: [] })).toEqual({ pid: lowest });
  });
});

test('A parent is found to have the child that it started, and no grandchild', async () => {
  const { pid, generations } = await startFamily(1, 1);
  const [child = -1, grandchild] = generations.flat();
  const { name } = findByPidSync(pid) ?? {};
  const found = await findByName(name ?? '', { ppid: pid, fields: [] });
  expect(found).toEqual([{ pid: child }]);
  expect(findByNameSync(/./, { ppid: child, fields: [] })).toEqual([{ pid: grandchild }]);
});
