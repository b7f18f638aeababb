/** Runs the C++ tests in ./native, of the part of the addon that calls no operating system. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { outputOf } from '../support/output.js';
import { casesOf, TestProgram, testSources, whyNoProgram } from './native_program.js';

const reason = whyNoProgram();

describe('native code without system calls', () => {
  const program = new TestProgram();
  beforeAll(async () => {
    if (reason === undefined) await program.build(testSources, ['-O0']);
  }, 600_000);
  afterAll(() => program.remove());
  beforeEach(({ skip }) => skip(reason !== undefined, reason));

  for (const source of testSources) {
    for (const name of casesOf(source)) {
      it(name, async () => {
        const filter = `--test-case=${name.replaceAll(',', '\\,')}`;
        const told = await outputOf(program.path, [filter, '--no-skipped-summary', '-nv']);
        // A filter that no test case passes succeeds as well.
        expect(told).toMatch(/test cases: +1 \| +1 passed/);
      });
    }
  }

  it('is tested by as many cases as there are in the sources', async () => {
    const written = testSources.flatMap(casesOf);
    expect(await outputOf(program.path, ['--count'])).toContain(`: ${written.length}`);
    expect(new Set(written).size).toBe(written.length);
  });
});
