// Builds dist/: the library for require(), a door to it for import, the same library as an ES module
// for bundlers, the command, and the types.
//
//   node scripts/build.mjs dist
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dispatch, inRoot, run } from './run.mjs';

/** The native ones too: the library is told their hash, by which it knows its addons. */
const sources = ['src', 'native', 'scripts/build.mjs', 'tsconfig.json', 'tsconfig.build.json'];

export async function build() {
  rmSync(inRoot('dist'), { recursive: true, force: true });
  const names = await bundle();
  writeFileSync(inRoot('dist/index.mjs'), moduleOf(names));
  // Not at the top: isStale() is asked before anything is installed that this needs.
  const { prebuildOf, targets } = await import('./targets.mjs');
  const prebuilds = Object.keys(targets).map((target) => prebuildOf(target));
  writeFileSync(inRoot('dist/addons.js'), addonsForRequire(prebuilds));
  writeFileSync(inRoot('dist/addons.mjs'), addonsForImport(prebuilds));
  writeFileSync(
    inRoot('dist/index.d.mts'),
    "export * from './index.js';\nexport * as default from './index.js';\n",
  );
  chmodSync(inRoot('dist/cli.js'), 0o755);
  copyContenders();
  run(process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
}

/** What the benchmark measures beside JavaScript, and the licence of what is bundled with it. */
function copyContenders() {
  copyFileSync(inRoot('node_modules/tinybench/LICENSE'), inRoot('dist/tinybench.LICENSE'));
  copyFileSync(inRoot('node_modules/valibot/LICENSE.md'), inRoot('dist/valibot.LICENSE'));
  mkdirSync(inRoot('dist/bench'));
  for (const file of readdirSync(inRoot('src/bench/contenders'))) {
    if (/\.(py|go)$/.test(file)) {
      copyFileSync(inRoot('src/bench/contenders', file), inRoot('dist/bench', file));
    }
  }
}

/**
 * One copy of the code, so that import and require() share their state. By name, because newer
 * versions of Node.js put 'module.exports' among what `export *` gives. The default export of a
 * CommonJS module is for Node.js all that it exports, not what it calls `default`.
 */
function moduleOf(names) {
  const named = names.filter((name) => name !== 'default');
  return `import procseek from './index.js';
export { ${named.join(', ')} } from './index.js';
export default procseek.default;
`;
}

/** One line for each prebuild, in which bundlers that follow such lines see its file. */
function prebuildsAs(names, found) {
  return names
    .map((name) => `  '${name.replace('prebuilds/', '')}': () => ${found(name)},\n`)
    .join('');
}

/**
 * Node.js, its tracers, ncc and Bun take this one. Where code was bundled, `module` tells no path, or a
 * relative one, while `__dirname` may be of the machine that bundled it.
 */
function addonsForRequire(prebuilds) {
  return `'use strict';
// Has esbuild led you here? It has no loader for these files: leave the package out of the bundle,
// --external:procseek
exports.directory = module.path;
exports.loadsUnseen = true;
exports.prebuilds = {
${prebuildsAs(prebuilds, (name) => `require('../${name}')`)}};
`;
}

/**
 * All other bundlers take this one. A bundle in the format of CommonJS has a `__dirname` of its own,
 * and may have no `import.meta`; webpack's tells where the source was.
 */
function addonsForImport(prebuilds) {
  return `import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const isWebpack = typeof __webpack_require__ === 'function';
const place = () => (isWebpack ? undefined : dirname(fileURLToPath(import.meta.url)));
export const directory = typeof __dirname === 'string' ? __dirname : place();
export const loadsUnseen = false;
export const prebuilds = {
${prebuildsAs(prebuilds, (name) => `fileURLToPath(new URL('../${name}', import.meta.url))`)}};
`;
}

/** Has the library take the addons from a file that is not bundled with it. */
function addonsFrom(file) {
  return {
    name: 'addons',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\/addons\.js$/ }, () => ({ path: file, external: true }));
    },
  };
}

/** Returns the names that the library exports. */
async function bundle() {
  const esbuild = await import('esbuild');
  const { sourceHash } = createRequire(import.meta.url)('../native/source_hash.js');
  const common = {
    absWorkingDir: inRoot(),
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    packages: 'external',
    plugins: [addonsFrom('./addons.js')],
    define: { PROCSEEK_SOURCE_HASH: JSON.stringify(sourceHash()) },
    tsconfigRaw: {}, // the command takes the library from the package, not from the sources
    outdir: 'dist',
    logLevel: 'warning',
  };
  const library = { ...common, entryPoints: { index: 'src/index.ts' } };
  await esbuild.build(library);
  await esbuild.build({
    ...common,
    entryPoints: { cli: 'src/cli/main.ts' },
    // What it uses beside the library has to come along.
    packages: 'bundle',
    external: ['procseek'],
    banner: { js: '#!/usr/bin/env node' },
  });
  const { metafile } = await esbuild.build({
    ...common,
    entryPoints: { bundled: 'src/index.ts' },
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    plugins: [addonsFrom('./addons.mjs')],
    metafile: true,
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}

/** Whether dist/ is missing, or older than what it is made from. */
export function isStale() {
  const built = modified('dist/index.d.ts'); // written last
  return sources.flatMap(files).some((file) => modified(file) > built);
}

function files(path) {
  if (!statSync(inRoot(path)).isDirectory()) return [path];
  // The directories too: their times tell of files that were removed.
  return [path, ...readdirSync(inRoot(path), { recursive: true }).map((name) => `${path}/${name}`)];
}

function modified(path) {
  return statSync(inRoot(path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

await dispatch(import.meta.url, { dist: build });
