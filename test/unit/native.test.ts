/** Runs the C++ tests in ./native: the pure part of the addon, under the sanitizers. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'native');
const build = mkdtempSync(join(tmpdir(), 'procseek-unit-'));

/**
 * Knows no operating system, or only through what fake_machine.cc supplies; native/linux is platform
 * code but for its parsers, and its threads, which are those of every system; of native/windows, here
 * is what includes no header of it.
 */
const pureSources = [
  'batch',
  'births',
  'delta',
  'engine',
  'exit_memory',
  'exit_waits',
  'guarded_calls',
  'known_processes',
  'monitor',
  'monitor_ends',
  'monitor_events',
  'monitor_passes',
  'name',
  'name_memory',
  'pass',
  'query',
  'source_context',
  'watch',
  'linux/boot_time',
  'linux/condition',
  'linux/lz4',
  'darwin/parse',
  'darwin/pids',
  'linux/parse',
  'linux/proc_events',
  'linux/thread',
  'linux/time_namespace',
  'linux/tree_parse',
  'linux/kernel_tasks',
  // Of the last one only what is pure is called; the linker wants these for the rest.
  'linux/bpf_program',
  'linux/files',
  'linux/obstacles',
  'linux/proc_root',
  'linux/source_context',
  'linux/visibility',
  'posix/thread',
  'windows/command_line',
  'windows/process_list',
  'windows/process_parameters',
  'windows/record_fields',
  'windows/text',
].map((name) => join(root, 'native', `${name}.cc`));
const testSources = readdirSync(folder)
  .filter((name) => name.endsWith('.cc'))
  .map((name) => join(folder, name));

/** Those of whatever runs on threads, and what these need, for the sanitizer of threads. */
const threadedTests = [
  'main',
  'failing_memory',
  'fake_machine',
  'monitor',
  'monitor_ends',
  'monitor_memory',
];
const threadedSources = testSources.filter((source) =>
  threadedTests.includes(basename(source, '.cc')),
);

const options = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Werror'];

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

async function compile(source: string, object: string, sanitizers: string[]): Promise<void> {
  const include = ['-I', join(root, 'native'), '-I', folder];
  const flags = [...options, ...sanitizers, ...include];
  const problem = await complaint('g++', [...flags, '-c', source, '-o', object]);
  if (problem !== undefined) throw new Error(problem);
}

/** The path of the program that was built of these tests and what they test. */
async function buildProgram(tests: string[], sanitizer: string): Promise<string> {
  if (!existsSync('/usr/include/doctest/doctest.h')) {
    throw new Error('doctest is missing: apt-get install -y doctest-dev g++');
  }
  const program = join(build, sanitizer);
  const sanitizers = [`-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all'];
  const objects = new Map(
    [...pureSources, ...tests].map((source, i) => [source, `${program}-${i}.o`]),
  );
  const queue = objects.entries();
  const compilers = Array.from({ length: availableParallelism() }, async () => {
    for (const [source, object] of queue) await compile(source, object, sanitizers);
  });
  await Promise.all(compilers);
  // For failing_memory.cc.
  const linking = [...sanitizers, '-Wl,--wrap=realloc'];
  const problem = await complaint('g++', [...linking, ...objects.values(), '-o', program]);
  if (problem !== undefined) throw new Error(problem);
  return program;
}

function casesOf(source: string): string[] {
  const cases = readFileSync(source, 'utf8').matchAll(/^TEST_CASE\("(.*)"\)/gm);
  return [...cases].map(([, name]) => name ?? '');
}

afterAll(() => rmSync(build, { recursive: true, force: true }));

describe('native code without system calls', () => {
  let program = '';
  beforeAll(async () => {
    program = await buildProgram(testSources, 'address,undefined');
  }, 600_000);

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

describe('native code on several threads', () => {
  it('has no data races', async () => {
    const program = await buildProgram(threadedSources, 'thread');
    expect(await complaint(program, [])).toBeUndefined();
  }, 600_000);
});
