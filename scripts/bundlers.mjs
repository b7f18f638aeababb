/**
 * The bundlers that programs with procseek are bundled by in its tests: from npm, into
 * .cache/bundlers. They are no devDependencies, because nothing else needs them. Next.js is apart: it
 * wants to be in the folder of its project.
 */
import { join } from 'node:path';
import { inRoot } from './run.mjs';
import { installInto } from './runtimes.mjs';

const versions = {
  '@rollup/plugin-commonjs': '29.0.3',
  '@rollup/plugin-node-resolve': '16.0.3',
  '@vercel/ncc': '0.45.0',
  esbuild: '0.28.2',
  rolldown: '1.3.2',
  rollup: '4.68.8',
  tsup: '9.0.0',
  typescript: '6.0.3', // which tsup asks for
  vite: '8.3.8',
  webpack: '5.113.0',
  'webpack-cli': '6.0.1',
};

const versionsOfNext = { next: '16.4.6', react: '19.2.0', 'react-dom': '19.2.0' };

/** The folder `node_modules` that they are in, once installed. */
export const bundlers = inRoot('.cache/bundlers/node_modules');
export const bundlersOfNext = inRoot('.cache/next/node_modules');

/** Installs what is missing of them: half a gigabyte. */
export function installBundlers() {
  installInto(join(bundlers, '..'), versions);
  installInto(join(bundlersOfNext, '..'), versionsOfNext);
}
