/** Runs the C++ tests in ./native under the sanitizers, which takes minutes to build. */
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { outputOf } from '../support/output.js';
import { TestProgram, testSources, threadedSources, whyNoProgram } from './native_program.js';

const reason = whyNoProgram();

describe('native code without system calls', () => {
  beforeEach(({ skip }) => skip(reason !== undefined, reason));

  it.each([
    ['memory errors and undefined behaviour', 'address,undefined', testSources],
    ['data races on its threads', 'thread', threadedSources],
  ])(
    'has no %s',
    async (_, sanitizer, tests) => {
      const program = new TestProgram();
      onTestFinished(() => program.remove());
      const flags = ['-O1', '-g', `-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all'];
      await program.build(tests, flags);
      expect(await outputOf(program.path, [])).toMatch(/ 0 failed /);
    },
    2_400_000, // a bound against a hang, as all are
  );
});
