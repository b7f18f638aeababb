/** Fields that are text, which whoever starts a process can choose. */
import { describe, expect, test } from 'vitest';
import { findByName, findByPid, findByPidSync, type ProcessFields } from '../../src/index.js';
import {
  makeProgram,
  programArguments,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../support/programs.js';
import { system } from '../support/system.js';

const scratch = scratchDirectory();

/** Of the letters that a command line has room for. */
const third = system.room / 3;

const path = makeProgram(scratch, uniqueName(20));

function tell<F extends keyof ProcessFields>(pid: number, field: F): ProcessFields[F] {
  const found = findByPidSync(pid, { fields: [field] }) as Pick<ProcessFields, F> | undefined;
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return found[field];
}

describe('A command line', () => {
  test.each([
    ['nothing but the program', []],
    ['an empty argument', ['']],
    ['empty arguments all over', ['', '', 'x', '', '']],
    ['several lines', ['one\ntwo\n', '\n', '\r\n']],
    ['letters beyond ASCII', ['ünï', '日本語', '🙂']],
    ['blanks and quotes', [' ', '\t', '"a b"', "'", '\\']],
    ['150,000 letters, or as many as may be', ['x'.repeat(2 * third), 'é'.repeat(third)]],
    ['5,000 arguments', Array.from({ length: 5000 }, (_, i) => `${i}`)],
    ['exactly a page', ['x'.repeat(4096 - Buffer.byteLength(`${path} -- -  `))]],
  ])('may hold %s', async (_, args) => {
    const { pid } = await startProgram(path, args);
    const cmdline = [path, ...programArguments, ...args];
    const whole = { fields: ['cmdline'], maxBytes: 2 ** 21 } as const;
    expect(findByPidSync(pid, whole)).toEqual({ pid, cmdline });
    expect(await findByPid(pid, { ...whole, fields: ['cmdline', 'name'] })).toMatchObject({
      cmdline,
    });
    const found = await findByName(cmdline.join(' '), { by: 'cmdline', ...whole });
    expect(found).toContainEqual({ pid, cmdline });
  });
});

describe('An executable', () => {
  test('may have a name beyond ASCII, with blanks', async () => {
    const path = makeProgram(scratch, `${system.oddity}${uniqueName(12)}`);
    const { pid } = await startProgram(path);
    expect(tell(pid, 'exe')).toBe(path);
  });
});

describe('A directory', () => {
  test('is told', async () => {
    const { pid } = await startProgram(path, [], { cwd: scratch });
    expect(tell(pid, 'cwd')).toBe(scratch);
  });
});

describe('An environment', () => {
  const chosen = (environ: Record<string, string> | null) =>
    Object.entries(environ ?? {}).filter(([name]) => !system.isImposed(name));

  test('holds whatever the program was started with', async () => {
    const env = Object.fromEntries([
      ['EMPTY', ''],
      ['EQUALS', 'a=b=c'],
      ['LINES', 'a\nB=c\n'],
      ['ünï', '日本語'],
      ['with space', ' '],
      ['constructor', 'c'],
      ['__proto__', 'polluted'],
      ['LONG', 'x'.repeat(2 * third)],
    ]);
    const { pid } = await startProgram(path, [], { env });
    const environ = tell(pid, 'environ') ?? {};
    expect(chosen(environ).sort()).toEqual(Object.entries(env).sort());
    expect(Object.getPrototypeOf(environ)).toBe(Object.prototype);
  });

  test('may be empty', async () => {
    const { pid } = await startProgram(path, [], { env: {} });
    expect(chosen(tell(pid, 'environ'))).toEqual([]);
  });
});
