import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const all = 'test/**/*.test.ts';

/**
 * These take minutes, or need several versions of Node.js and of package managers. They are run by
 * `npm run test:thorough`; the other tests are meant to find what a change breaks. What goes wrong
 * around a lookup (fault), and when its caller ends in the midst of it (lifecycle), takes the longest.
 */
const thorough = [
  'test/bench/contenders.test.ts',
  'test/bench/run.test.ts',
  'test/contract/linux/watch_storms.test.ts',
  'test/engines/churn.test.ts',
  'test/engines/contract.test.ts',
  'test/engines/leftovers.test.ts',
  'test/fault/**/*.test.ts',
  'test/lifecycle/**/*.test.ts',
  'test/package/bundlers.test.ts',
  'test/package/clients.test.ts',
  'test/package/installed.test.ts',
  'test/package/loading.test.ts',
  'test/platforms/platforms.test.ts',
  'test/types/compiler.test.ts',
  'test/types/versions.test.ts',
  'test/unit/sanitizers.test.ts',
];

export default defineConfig({
  resolve: {
    alias: { procseek: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
  },
  test: {
    environment: 'node',
    globalSetup: 'scripts/setup.mjs',
    pool: 'forks',
    // The tests start many processes of their own; more workers would make them slow, not fast.
    maxWorkers: 2,
    // Bounds against a hang, which the busiest machine does not come near.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    reporters: ['./test/support/reporter.mts'],
    projects: [
      { extends: true, test: { name: 'everyday', include: [all], exclude: thorough } },
      // Its longest file starts one run of the contract after the other, at most two at a time.
      { extends: true, test: { name: 'thorough', include: thorough, maxConcurrency: 2 } },
    ],
  },
});
