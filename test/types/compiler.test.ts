/** The types of the sources and of all tests, and what *.test-d.ts states of the public ones. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/platform.js';

test('The compiler has nothing to say', async () => {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const said = await new Promise((resolve) => {
    execFile(process.execPath, [compiler], { cwd: root }, (_, stdout, stderr) =>
      resolve(stdout + stderr),
    );
  });
  expect(said).toBe('');
});
