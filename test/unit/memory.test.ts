/** Runs ./memory/pass_memory.cc: the native memory of a pass, on the real /proc. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sourcesOf } from '../../scripts/targets.mjs';
import { onlyIf } from '../support/requirements.js';
import { hasCompiler } from './native_program.js';

const root = join(import.meta.dirname, '../..');
const build = mkdtempSync(join(tmpdir(), 'procseek-memory-'));
const program = join(build, 'pass_memory');

const needsCompiler = onlyIf(hasCompiler, 'needs a compiler: apt-get install g++');

beforeAll(() => {
  if (!hasCompiler) return;
  const wrapped = ['malloc', 'calloc', 'realloc', 'free'].map((name) => `-Wl,--wrap=${name}`);
  const sources = sourcesOf('linux-x64').filter((source) => !source.startsWith('native/node/'));
  const files = [...sources, 'test/unit/memory/pass_memory.cc'].map((file) => join(root, file));
  execFileSync('g++', [
    ...['-std=c++17', '-O1', '-fno-exceptions', '-fno-rtti', '-Wall', '-Wextra', '-Werror'],
    ...[...wrapped, '-I', join(root, 'native'), ...files, '-o', program],
  ]);
});

afterAll(() => rmSync(build, { recursive: true, force: true }));

/** By kind of pass. */
function measure(
  extraProcesses: number,
): Map<string, { peak: number; rows: number; left: number }> {
  const output = execFileSync(program, [String(extraProcesses)], { encoding: 'utf8' });
  return new Map(
    output
      .trim()
      .split('\n')
      .map((line) => {
        const [kind = '', ...numbers] = line.split(' ');
        const [peak = 0, rows = 0, left = 0] = numbers.map(Number);
        return [kind, { peak, rows, left }];
      }),
  );
}

test(
  'A pass holds less than 128 KiB of native memory, however many processes there are',
  needsCompiler,
  () => {
    const few = measure(0);
    const many = measure(1500);
    for (const kind of ['default', 'bounded']) {
      // Its own are among them; how many others there are may differ from one moment to the next.
      expect(few.get(kind)?.rows).toBeGreaterThan(0);
      expect(many.get(kind)?.rows).toBeGreaterThanOrEqual(1500);
    }
    for (const [kind, { peak, left }] of many) {
      expect(peak, kind).toBeLessThanOrEqual(128 * 1024);
      expect(left, kind).toBe(0);
    }
    expect(many.get('absent')?.rows).toBe(0);
    expect(many.get('absent')?.peak).toBe(few.get('absent')?.peak);
  },
);
