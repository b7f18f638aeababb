/** Runs the C++ tests in ./native: the pure part of the addon, under the sanitizers. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'native');
const build = mkdtempSync(join(tmpdir(), 'procseek-unit-'));
const program = join(build, 'unit');

/**
 * Knows no operating system, or only through what fake_machine.cc supplies; native/linux is platform
 * code but for its parsers, and its threads, which are those of every system.
 */
const pureSources = [
  'batch',
  'births',
  'delta',
  'monitor',
  'name',
  'pass',
  'query',
  'watch',
  'linux/parse',
  'linux/proc_events',
  'linux/thread',
].map((name) => join(root, 'native', `${name}.cc`));
const testSources = readdirSync(folder)
  .filter((name) => name.endsWith('.cc'))
  .map((name) => join(folder, name));

const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const options = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Werror', ...sanitizers];

const run = promisify(execFile);

/** What went wrong, with all that was printed; undefined when nothing did. */
async function complaint(file: string, args: string[]): Promise<string | undefined> {
  try {
    await run(file, args, { maxBuffer: 1 << 26 });
    return undefined;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${String(error)}\n${stdout ?? ''}${stderr ?? ''}`;
  }
}

async function compile(source: string, object: string): Promise<void> {
  const include = ['-I', join(root, 'native'), '-I', folder];
  const problem = await complaint('g++', [...options, ...include, '-c', source, '-o', object]);
  if (problem !== undefined) throw new Error(problem);
}

async function buildProgram(): Promise<void> {
  if (!existsSync('/usr/include/doctest/doctest.h')) {
    throw new Error('doctest is missing: apt-get install -y doctest-dev g++');
  }
  const objects = new Map(
    [...pureSources, ...testSources].map((source, i) => [source, join(build, `${i}.o`)]),
  );
  const queue = objects.entries();
  const compilers = Array.from({ length: availableParallelism() }, async () => {
    for (const [source, object] of queue) await compile(source, object);
  });
  await Promise.all(compilers);
  const problem = await complaint('g++', [...sanitizers, ...objects.values(), '-o', program]);
  if (problem !== undefined) throw new Error(problem);
}

function casesOf(source: string): string[] {
  const cases = readFileSync(source, 'utf8').matchAll(/^TEST_CASE\("(.*)"\)/gm);
  return [...cases].map(([, name]) => name ?? '');
}

describe('native code without system calls', () => {
  beforeAll(buildProgram, 600_000);
  afterAll(() => rmSync(build, { recursive: true, force: true }));

  for (const source of testSources) {
    for (const name of casesOf(source)) {
      it(name, async () => {
        const filter = `--test-case=${name.replaceAll(',', '\\,')}`;
        expect(await complaint(program, [filter, '--no-skipped-summary', '-nv'])).toBeUndefined();
        // A filter that no test case passes succeeds as well.
        const { stdout } = await run(program, [filter, '--count']);
        expect(stdout).toMatch(/: 1$/m);
      });
    }
  }

  it('is tested by as many cases as there are in the sources', async () => {
    const { stdout } = await run(program, ['--count']);
    const written = testSources.flatMap(casesOf);
    expect(stdout).toContain(`: ${written.length}`);
    expect(new Set(written).size).toBe(written.length);
  });
});
