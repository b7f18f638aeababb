/** Whom a search leaves out: the one who searches, those who started it, and whoever is named. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Exclusion,
  findByName,
  findByNameSync,
  findByPidSync,
  findOneByName,
  findOneByNameSync,
  type NameOptions,
  type NameQuery,
  type ProcessFilter,
  scan,
  scanSync,
} from '../../src/index.js';
import { inProcess, openedPaths, traced } from '../support/library.js';
import { type Child, ours } from '../support/processes.js';
import { launchProgram, makeProgram, scratchDirectory, uniqueName } from '../support/programs.js';
import { needs } from '../support/system.js';

const scratch = scratchDirectory();
const name = uniqueName(20);
let children: Child[] = [];
let pids: number[] = [];

beforeAll(async () => {
  const path = makeProgram(scratch, name);
  for (let i = 0; i < 4; i++) children.push(await launchProgram(path));
  pids = children.map(({ pid }) => pid).sort((a, b) => a - b);
  return async () => {
    for (const child of children) await child.stop();
    children = [];
  };
});

/** The PIDs that each function finds, which have to be the same. */
async function found(query: NameQuery, options: NameOptions): Promise<number[]> {
  const fields = ['ppid'] as const;
  const filter: ProcessFilter = { ...options, name: query };
  const streamed: number[] = [];
  for await (const { pid } of scan(filter, { fields })) streamed.push(pid);
  const answers = [
    (await findByName(query, { ...options, fields })).map(({ pid }) => pid),
    findByNameSync(query, { ...options, fields }).map(({ pid }) => pid),
    [...scanSync(filter, { fields })].map(({ pid }) => pid),
  ];
  for (const answer of answers) expect(answer).toEqual(streamed);
  const first = streamed[0];
  expect((await findOneByName(query, { ...options, fields }))?.pid).toBe(first);
  expect(findOneByNameSync(query, { ...options, fields })?.pid).toBe(first);
  return streamed;
}

describe.each([
  ['a string', name],
  ['a RegExp', new RegExp(`^${name}$`)],
  ['both', [name, new RegExp(name), 'another']],
] as const)('Of what %s finds', (_, query) => {
  test('each PID can be left out, and all of them', async () => {
    expect(await found(query, {})).toEqual(pids);
    for (const pid of pids) {
      expect(await found(query, { exclude: pid })).toEqual(pids.filter((one) => one !== pid));
      expect(await found(query, { exclude: [pid] })).toEqual(pids.filter((one) => one !== pid));
    }
    expect(await found(query, { exclude: pids })).toEqual([]);
  });

  test('PIDs are left out in whatever order, and however often they are told', async () => {
    const [first = 0, second = 0, third = 0, fourth] = pids;
    const exclude = [third, 2 ** 31 - 1, first, 0, third, second, process.pid, -0];
    expect(await found(query, { exclude })).toEqual([fourth]);
    expect(await found(query, { exclude: [] })).toEqual(pids);
    expect(await found(query, { exclude: undefined })).toEqual(pids);
  });

  test('nobody is left out for being like a PID that is', async () => {
    const [first = 0] = pids;
    for (const exclude of [first ^ 1, first + 65536, 0, 2 ** 31 - 1]) {
      if (!pids.includes(exclude)) expect(await found(query, { exclude })).toEqual(pids);
    }
  });

  test('a limit counts the others', async () => {
    const [first = 0, second = 0, third, fourth] = pids;
    const options = { exclude: [first, second], fields: [] };
    expect(await findByName(query, { ...options, limit: 1 })).toEqual([{ pid: third }]);
    expect(findByNameSync(query, { ...options, limit: 2 })).toEqual([
      { pid: third },
      { pid: fourth },
    ]);
  });

  test('other conditions have to hold as well', async () => {
    const [first = 0, ...rest] = pids;
    expect(await found(query, { ...ours, exclude: first })).toEqual(rest);
    expect(await found(query, { ppid: first, exclude: first })).toEqual([]);
  });
});

test('Of the PIDs that are looked at, those that are left out are not', () => {
  const [first = 0, second = 0] = pids;
  const look = (filter: ProcessFilter) => [...scanSync(filter, { fields: [] })];
  expect(look({ pids, exclude: [first, second] })).toEqual(pids.slice(2).map((pid) => ({ pid })));
  expect(look({ pids: [process.pid], exclude: 'self' })).toEqual([]);
  expect(look({ pids: [process.pid] })).toEqual([{ pid: process.pid }]);
});

/** This process, its parent, and so on. */
function ownLine(): number[] {
  const line: number[] = [];
  for (let pid = process.pid; pid > 0 && !line.includes(pid); ) {
    line.push(pid);
    pid = findByPidSync(pid, { fields: ['ppid'] })?.ppid ?? 0;
  }
  return line;
}

describe('Of a search that everybody matches', () => {
  /** The parent of this process. Under Wine it has none, because a Linux process started it. */
  const parents = process.ppid === 0 ? [] : [process.ppid];

  const everybody = (exclude?: Exclusion | readonly Exclusion[]) =>
    new Set([...scanSync({ exclude }, { fields: [] })].map(({ pid }) => pid));

  test("'self' leaves out this process alone", () => {
    const told = everybody('self');
    expect(told.has(process.pid)).toBe(false);
    for (const pid of [...parents, ...pids]) expect(told.has(pid)).toBe(true);
    expect(everybody().has(process.pid)).toBe(true);
  });

  test("'ancestors' leaves out this process, and all that it descends from", () => {
    const line = ownLine();
    expect(line.slice(0, 2)).toEqual([process.pid, ...parents]);
    const all = everybody();
    for (const pid of line) expect(all.has(pid)).toBe(true);
    const told = everybody('ancestors');
    for (const pid of line) expect(told.has(pid)).toBe(false);
    for (const pid of pids) expect(told.has(pid)).toBe(true);
  });

  test('words and PIDs go together', () => {
    const [first = 0, ...rest] = pids;
    const told = everybody([first, 'self']);
    for (const pid of [first, process.pid]) expect(told.has(pid)).toBe(false);
    for (const pid of [...parents, ...rest]) expect(told.has(pid)).toBe(true);
    const fewer = everybody(['self', first, 'ancestors', 'self']);
    for (const pid of [first, ...ownLine()]) expect(fewer.has(pid)).toBe(false);
    for (const pid of rest) expect(fewer.has(pid)).toBe(true);
  });
});

test('Who searches for itself by its name finds the others', async () => {
  const own = findByPidSync(process.pid)?.name ?? '';
  const all = findByNameSync(own).map(({ pid }) => pid);
  expect(all).toContain(process.pid);
  for (const exclude of ['self', 'ancestors'] as const) {
    expect((await findByName(own, { exclude })).map(({ pid }) => pid)).not.toContain(process.pid);
  }
});

test('A search in command lines finds neither who searches nor the shell that was told to', async (context) => {
  needs(context, 'scripts');
  const argument = uniqueName(24);
  const shell = ['/bin/sh', '-c', '"$@"; exit $?', 'sh'];
  const { others, self, ancestors, everybody } = await inProcess(
    { launcher: shell, args: [argument] },
    argument,
    ({ procseek }, argument) => {
      const find = (exclude?: 'self' | 'ancestors') =>
        procseek.findByNameSync(argument, { by: 'cmdline', exclude }).map(({ pid }) => pid);
      const others = find().filter((pid) => pid !== process.pid && pid !== process.ppid);
      return {
        others,
        everybody: find().filter((pid) => !others.includes(pid)).length,
        self: find('self').filter((pid) => !others.includes(pid)).length,
        ancestors: find('ancestors'),
      };
    },
  );
  expect(others).toEqual([]);
  expect([everybody, self, ancestors]).toEqual([2, 1, []]);
});

test('Where /proc shows another PID namespace, it is known who searches there', async (context) => {
  needs(context, 'namespaces', 'users');
  const options = { launcher: ['/usr/bin/unshare', '--pid', '--fork', '--kill-child'] };
  const argument = uniqueName(24);
  const left = await inProcess(
    { ...options, args: [argument] },
    argument,
    ({ procseek, require }, argument) => {
      const { readlinkSync } = require('node:fs') as typeof import('node:fs');
      const own = Number(readlinkSync('/proc/self'));
      const find = (exclude?: 'self' | 'ancestors') =>
        procseek.findByNameSync(argument, { by: 'cmdline', exclude }).map(({ pid }) => pid);
      return {
        isForeign: own !== process.pid,
        isFound: find().includes(own),
        isLeftOut: !find('self').includes(own),
        isLeftOutToo: !find('ancestors').includes(own),
      };
    },
  );
  expect(left).toEqual({ isForeign: true, isFound: true, isLeftOut: true, isLeftOutToo: true });
});

test('Nothing is read of a process that is left out', async (context) => {
  needs(context, 'system calls');
  const [first = 0, second = 0] = pids;
  const lines = await traced('read', pids, ({ procseek, begin, end }, pids) => {
    begin();
    [...procseek.scanSync({ pids, exclude: pids[0] }, { fields: ['cmdline', 'environ'] })];
    end();
  });
  const opened = openedPaths(lines);
  expect(opened.some((path) => path.includes(`/${second}/`))).toBe(true);
  expect(opened.filter((path) => path.includes(`/${first}/`))).toEqual([]);
});
