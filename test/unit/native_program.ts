/** Builds the C++ tests in ./native, with the pure part of the addon that they test. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { outputOf } from '../support/output.js';

const root = join(import.meta.dirname, '../..');
const folder = join(import.meta.dirname, 'native');

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
  // kernel_tasks has functions that no test calls; the linker wants these files for them.
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
export const testSources = readdirSync(folder)
  .filter((name) => name.endsWith('.cc'))
  .map((name) => join(folder, name));

/** The tests of code that runs on several threads, for the sanitizer of threads, and their helpers. */
const threadedTests = [
  'main',
  'failing_memory',
  'fake_machine',
  'monitor',
  'monitor_ends',
  'monitor_memory',
];
export const threadedSources = testSources.filter((source) =>
  threadedTests.includes(basename(source, '.cc')),
);

const options = ['-std=c++17', '-Wall', '-Wextra', '-Werror'];

export const hasCompiler = spawnSync('g++', ['--version']).status === 0;

/** Why there is no building here; undefined when there is. */
export function whyNoProgram(): string | undefined {
  if (!hasCompiler) return 'needs a compiler: apt-get install g++';
  const hasDoctest = existsSync('/usr/include/doctest/doctest.h');
  return hasDoctest ? undefined : 'needs doctest: apt-get install doctest-dev';
}

/** A program that runs C++ tests; it is built with compiler flags such as those of a sanitizer. */
export class TestProgram {
  readonly #directory = mkdtempSync(join(tmpdir(), 'procseek-unit-'));
  readonly path = join(this.#directory, 'tests');

  async build(tests: readonly string[], flags: readonly string[]): Promise<void> {
    const objects = new Map(
      [...pureSources, ...tests].map((source, i) => [source, `${this.path}-${i}.o`]),
    );
    const include = ['-I', join(root, 'native'), '-I', folder];
    const queue = objects.entries();
    const compilers = Array.from({ length: availableParallelism() }, async () => {
      for (const [source, object] of queue)
        await outputOf('g++', [...options, ...flags, ...include, '-c', source, '-o', object]);
    });
    await Promise.all(compilers);
    // For failing_memory.cc.
    const linking = [...flags, '-Wl,--wrap=realloc'];
    await outputOf('g++', [...linking, ...objects.values(), '-o', this.path]);
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** The names of the test cases in a file. */
export function casesOf(source: string): string[] {
  const cases = readFileSync(source, 'utf8').matchAll(/^TEST_CASE\("(.*)"\)/gm);
  return [...cases].map(([, name]) => name ?? '');
}
