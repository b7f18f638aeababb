import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: { procseek: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
  },
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: 'scripts/setup.mjs',
    pool: 'forks',
    // The tests start many processes of their own; more workers would make them slow, not fast.
    maxWorkers: 2,
    // Bounds against a hang, which the busiest machine does not come near.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    typecheck: {
      checker: 'tsc',
      tsconfig: 'tsconfig.json',
      include: ['test/types/**/*.test-d.ts'],
    },
  },
});
