/** Looking for names: what they are compared with, and what else has to hold. */
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type FindByNameOptions,
  findByName,
  findByNameSync,
  findOneByName,
  findOneByNameSync,
  type NameQuery,
} from '../../src/index.js';
import { type Child, start } from '../support/processes.js';
import {
  launchProgram,
  makeProgram,
  makeScript,
  programArguments,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../support/programs.js';
import { ownUid } from '../support/requirements.js';
import { needs, system } from '../support/system.js';

const scratch = scratchDirectory();
const startCalled = (name: string) => startProgram(makeProgram(scratch, name));

/** For a RegExp: Windows has backslashes in its paths. */
const quoted = (text: string) => text.replace(/[\\.]/g, '\\$&');

/** The PIDs that every way of asking finds. */
async function pids(
  name: NameQuery,
  options: FindByNameOptions<readonly []> = {},
): Promise<number[]> {
  const asked = { ...options, fields: [] } as const;
  const found = await findByName(name, asked);
  expect(findByNameSync(name, asked)).toEqual(found);
  const { limit: _, ...rest } = asked;
  expect(await findOneByName(name, rest)).toEqual(found[0]);
  expect(findOneByNameSync(name, rest)).toEqual(found[0]);
  return found.map(({ pid }) => pid);
}

describe('By', () => {
  const path = makeProgram(scratch, uniqueName(20));
  const argv0 = `/nowhere/${uniqueName(20)}`;
  const argument = uniqueName(20);
  let child: Child;

  beforeAll(async () => {
    child = await launchProgram(path, ['--x', `${argument} two`, '', 'ünï'], { argv0 });
    return () => child.stop();
  });

  const name = basename(path);
  const comm = system.commOf(name);
  test.each([
    ['name', [name, comm], [path, basename(argv0), argument]],
    ['comm', [comm], [path, basename(argv0)]],
    ['exe', [name, path], [`${name}x`, basename(argv0), `/${name}`, scratch]],
    ['argv0', [basename(argv0), argv0], [name, argument, '/nowhere/', `${argv0}x`]],
    ['cmdline', [argument, argv0, argument.slice(3, 9), 'ünï'], [name, path]],
    ['any', [name, comm, path, argv0, basename(argv0), argument], [`${name}x`]],
  ] as const)('%s compares with that alone', async (by, matching, others) => {
    for (const query of matching)
      expect(await pids(query, { by, ppid: process.pid })).toEqual([child.pid]);
    for (const query of others) expect(await pids(query, { by })).toEqual([]);
  });

  test('cmdline looks across arguments, with a space between them', async () => {
    const line = [argv0, ...programArguments, '--x', `${argument} two`, '', 'ünï'].join(' ');
    for (const query of [line, `--x ${argument} two  ü`, line.slice(5, -1)]) {
      expect(await pids(query, { by: 'cmdline' })).toEqual([child.pid]);
    }
    for (const query of [`${line} `, ` ${line}`, `${argument}  two`]) {
      expect(await pids(query, { by: 'cmdline' })).toEqual([]);
    }
  });

  test('comm does not see what was cut', async (context) => {
    needs(context, 'cut names');
    expect(await pids(name, { by: 'comm' })).toEqual([]);
    expect(await pids(comm, { by: 'exe' })).toEqual([]);
    expect(await pids(new RegExp(`^${name}$`), { by: 'comm' })).toEqual([]);
  });

  test.each([
    ['name', new RegExp(`^${name}$`), new RegExp(`^${argument}`)],
    ['comm', new RegExp(`^${comm}$`), new RegExp(`^${argument}$`)],
    ['exe', new RegExp(`^${quoted(path)}$`), new RegExp(`^${basename(argv0)}`)],
    ['exe', new RegExp(`^${name}$`), new RegExp(`${name}.`)],
    ['argv0', new RegExp(`^${argv0}$`), new RegExp(`${name}|${argument}`)],
    ['argv0', new RegExp(`^${basename(argv0)}$`), new RegExp(`^/${basename(argv0)}`)],
    ['cmdline', new RegExp(`^${argv0} .* ${argument} two {2}ünï$`), new RegExp(`^${argument}`)],
    ['any', new RegExp(`^${quoted(path)}$`), new RegExp(`^${argument}`)],
    ['any', new RegExp(`--x ${argument}`), new RegExp(`${argument}$`)],
  ] as const)('%s tests regular expressions likewise: %s', async (by, matching, other) => {
    expect(await pids(matching, { by })).toEqual([child.pid]);
    expect(await pids(other, { by })).toEqual([]);
  });

  test('exe is the interpreter of a script', async (context) => {
    needs(context, 'scripts');
    const name = uniqueName(12);
    const script = await start(makeScript(scratch, name, '/bin/bash'));
    expect(await pids('bash', { by: 'exe', ppid: process.pid })).toEqual([script.pid]);
    expect(await pids(name, { by: 'exe' })).toEqual([]);
  });

  test('exe goes by the path that a deleted program had', async (context) => {
    needs(context, 'deleted programs');
    const path = makeProgram(scratch, uniqueName(12));
    const { pid } = await startProgram(path);
    rmSync(path);
    expect(await pids(path, { by: 'exe' })).toEqual([pid]);
    expect(await pids(basename(path), { by: 'exe' })).toEqual([pid]);
  });
});

describe('Ignoring case', () => {
  /** Whom a question in another case finds all the same. */
  const inAnotherCase = (pid: number) => (system.mindsCase ? [] : [pid]);

  test.each([
    ['a short name', uniqueName(12)],
    ['a name that was cut', uniqueName(30)],
  ])('finds %s', async (_, name) => {
    const { pid } = await startProgram(makeProgram(scratch, name));
    const query = name.toUpperCase();
    expect(await pids(query)).toEqual(inAnotherCase(pid));
    expect(await pids(query, { ignoreCase: true })).toEqual([pid]);
    expect(await pids(Buffer.from(query), { ignoreCase: true })).toEqual([pid]);
    expect(await pids(new RegExp(`^${query}$`), { ignoreCase: true })).toEqual([pid]);
    expect(await pids(new RegExp(`^${query}$`, 'i'))).toEqual([pid]);
    expect(await pids(`${query}x`, { ignoreCase: true })).toEqual([]);
  });

  test('knows more letters than those of ASCII', async () => {
    const name = `éa.${uniqueName(11)}`;
    const { pid } = await startProgram(makeProgram(scratch, name), ['École']);
    expect(await pids(name.toUpperCase(), { ignoreCase: true })).toEqual([pid]);
    expect(await pids(name.toUpperCase())).toEqual(inAnotherCase(pid));
    for (const other of [name.replace('a.', 'ax'), name.replace('a.', '..'), `${name}(`]) {
      expect(await pids(other, { ignoreCase: true })).toEqual([]);
    }
    expect(await pids(name.slice(0, -1), { ignoreCase: true })).toEqual([]);
    const cmdline = { by: 'cmdline', ignoreCase: true, ppid: process.pid } as const;
    expect(await pids('éCOLE', cmdline)).toEqual([pid]);
    expect(await pids(`${name} -- - écol`, cmdline)).toEqual([pid]);
  });

  test('applies to paths and command lines too', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const { pid } = await startProgram(path, ['MixedCase']);
    for (const by of ['exe', 'argv0', 'cmdline', 'any'] as const) {
      expect(await pids(path.toUpperCase(), { by, ignoreCase: true })).toEqual([pid]);
      const isPath = by !== 'cmdline';
      expect(await pids(path.toUpperCase(), { by })).toEqual(isPath ? inAnotherCase(pid) : []);
    }
  });
});

describe('Several names', () => {
  test('of any kind are one question, answered in ascending order of PIDs', async () => {
    const names = [uniqueName(12), uniqueName(20), uniqueName(13), uniqueName(14)] as const;
    const children = [];
    for (const name of names) children.push(await startProgram(makeProgram(scratch, name)));
    const query = [new RegExp(names[3]), Buffer.from(names[2]), names[1], names[0], names[0]];
    const expected = children.map(({ pid }) => pid).sort((a, b) => a - b);
    expect(await pids(query)).toEqual(expected);
    expect(await pids([...query].reverse())).toEqual(expected);
    const two = children.slice(1, 3).map(({ pid }) => pid);
    expect(await pids(query.slice(1, 3))).toEqual(two.sort((a, b) => a - b));
  });

  test('may be a thousand', async () => {
    const present = [uniqueName(12), uniqueName(40)];
    const children = [];
    for (const name of present) children.push(await startProgram(makeProgram(scratch, name)));
    const absent = Array.from({ length: 998 }, () => uniqueName(12 + (present.length++ % 20)));
    const query = [...absent.slice(0, 500), ...present.slice(0, 2), ...absent.slice(500)];
    expect(query).toHaveLength(1000);
    expect(await pids(query)).toEqual(children.map(({ pid }) => pid).sort((a, b) => a - b));
    expect(await pids(absent)).toEqual([]);
  });

  test('match a process once', async () => {
    const name = uniqueName(30);
    const { pid } = await startProgram(makeProgram(scratch, name));
    expect(
      await pids([name, system.commOf(name), new RegExp(name), /./], { ppid: process.pid }),
    ).toEqual([pid]);
  });
});

describe('A regular expression', () => {
  test.each(['g', 'y', 'gy', 'd', 's', 'u'])(
    'with the flag %s behaves as without',
    async (flag) => {
      const name = uniqueName(12);
      const path = makeProgram(scratch, name);
      const [one, two] = [await startProgram(path), await startProgram(path)];
      const pattern = new RegExp(name, flag);
      for (const lastIndex of [0, 5, 100]) {
        pattern.lastIndex = lastIndex;
        for (const by of ['name', 'comm'] as const) {
          expect(await pids(pattern, { by })).toEqual([one.pid, two.pid].sort((a, b) => a - b));
        }
        expect(pattern.lastIndex).toBe(lastIndex);
      }
    },
  );

  test('with the flag y has to match from the start', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    expect(await pids(new RegExp(name.slice(1)))).toEqual([pid]);
    expect(await pids(new RegExp(name.slice(1), 'y'))).toEqual([]);
  });

  test('sees the whole of a name that was cut', async () => {
    const name = uniqueName(30);
    const { pid } = await startProgram(makeProgram(scratch, name));
    expect(await pids(new RegExp(`${name.slice(13)}$`))).toEqual([pid]);
    expect(await pids(new RegExp(`^${system.commOf(name)}$`))).toEqual([pid]);
  });

  test('tells the fields that were asked for, and no others', async () => {
    const name = uniqueName(12);
    const { pid } = await startCalled(name);
    const found = await findByName(new RegExp(name), { fields: ['ppid', 'uid'] });
    expect(found).toEqual([{ pid, ppid: process.pid, uid: ownUid }]);
    expect(findByNameSync(new RegExp(name), { fields: [] })).toEqual([{ pid }]);
  });
});
