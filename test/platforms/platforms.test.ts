/** That the contract is truly held against other runtimes: what fails there is told. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/platform.js';
import { tryOnMusl } from './musl.mjs';

interface Result {
  code: number;
  output: string;
  passed: number;
  skipped: { name: string; reason: string }[];
  failures: { name: string; message: string }[];
}

const { CI: ci } = process.env;
const compiled = join(root, 'build/Release/procseek.node');
const controls = join(root, 'test/platforms/controls');

/** Runs a directory of tests in Node.js 20, with so many milliseconds for each test. */
async function run(name: string, time = 60_000): Promise<Result> {
  const directory = mkdtempSync(join(root, '.cache/platforms-test-'));
  try {
    const options = [`--tests=${join(controls, name)}`, `--time=${time}`, `--output=${directory}`];
    const args = [join(root, 'test/platforms/run.mjs'), ...options, 'node-20'];
    const ended = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, args, (error, output) =>
        resolve({ code: Number(error?.code ?? 0), output }),
      );
    });
    const [cell] = JSON.parse(readFileSync(join(directory, 'report.json'), 'utf8')) as Result[];
    if (cell === undefined) throw new Error(ended.output);
    return { ...cell, ...ended };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe('Tests that run elsewhere', () => {
  test('pass as they do in Vitest', async () => {
    const { code, output, passed, skipped, failures } = await run('passing');
    expect(failures).toEqual([]);
    expect(passed).toBe(5);
    expect(skipped.map(({ name }) => name)).toEqual(['passing.mjs > is left out by a condition']);
    expect(output.trimEnd()).toMatch(/\n5 passed, 0 failed$/);
    expect(code).toBe(0);
  });

  test('fail one by one, and leave out with a reason', async () => {
    const { code, output, passed, skipped, failures } = await run('failing');
    expect(failures.map(({ name }) => name)).toEqual([
      'failing.mjs > does not hold',
      'failing.mjs > rejects',
      'failing.mjs > A hook',
    ]);
    expect(failures[0]?.message).toContain('AssertionError');
    expect(passed).toBe(2);
    expect(skipped).toEqual([{ name: 'failing.mjs > is left out', reason: 'for this reason' }]);
    expect(output).toMatch(/2 passed, 3 failed, 1 skipped/);
    expect(output.trimEnd()).toMatch(/\n2 passed, 3 failed$/);
    expect(code).toBe(1);
  });

  test.for([
    ['waiting', 'waiting.mjs > waits for ever', 'timed out', 1000],
    ['spinning', 'spinning.mjs > spins for ever', 'took too long', 1000],
    ['crashing', 'crashing.mjs > crashes', 'ended with SIGABRT'],
    ['straying', 'straying.mjs: unhandledRejection', 'of nobody'],
    ['broken', 'broken.mjs', 'while it was loaded'],
    ['empty', 'empty.mjs', 'No test'],
    ['without', 'without', 'loaded undefined instead of'],
  ] as const)('have failed when the file is %s', async ([control, name, reason, time]) => {
    const { code, failures } = await run(control, time);
    expect(failures).toMatchObject([{ name, message: expect.stringContaining(reason) }]);
    expect(code).toBe(1);
  });
});

test('An addon that wants a C++ library is no use on bare musl', ({ skip }) => {
  skip(!existsSync(compiled), 'it has not been compiled here');
  const { passed, failures } = onMusl(skip).check(compiled);
  expect(passed).toBe(0);
  expect(failures).toMatchObject([{ message: expect.stringContaining('libstdc++.so') }]);
});

function onMusl(skip: (reason: string) => never): ReturnType<typeof tryOnMusl> {
  try {
    return tryOnMusl('x64');
  } catch (error) {
    if (ci === 'true') throw error;
    return skip(String(error));
  }
}
