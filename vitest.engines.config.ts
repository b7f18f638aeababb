// The contract of all lookups, held against the engine that CONTRACT_ENGINE names: the tests are the
// same, what they import is not. Without one, the whole contract of the module. test/engines and
// test/fault run this in surroundings of their own.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));
const library = join(root, 'test/support/by_engine.ts');

const { CONTRACT_ENGINE: engine, CONTRACT_CACHE: cacheDir = '.cache/vite-engines' } = process.env;

const ofLookups = [
  'access',
  'children',
  'comm',
  'conditions',
  'ended',
  'exclude',
  'fields',
  'misuse',
  'names',
  'oracles',
  'overlap',
  'point',
  'proc_texts',
  'queries',
  'scan',
  'start_time',
  'streams',
  'texts',
];

const byEngine: Plugin = {
  name: 'by-engine',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source.endsWith('/src/index.js') && importer?.startsWith(join(root, 'test/contract/'))
      ? library
      : undefined,
};

export default defineConfig({
  plugins: engine === undefined ? [] : [byEngine],
  cacheDir,
  test: {
    environment: 'node',
    include: (engine === undefined ? ['*'] : ofLookups).map(
      (name) => `test/contract/**/${name}.test.ts`,
    ),
    pool: 'forks',
    // It runs beside other tests, some of which time what happens.
    maxWorkers: 1,
    // Bounds against a hang, which the busiest machine does not come near.
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
