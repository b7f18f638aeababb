// Builds dist/: the library for require(), a door to it for import, the command, and the types.
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
import { dispatch, inRoot, run } from './run.mjs';

const sources = ['src', 'scripts/build.mjs', 'tsconfig.json', 'tsconfig.build.json'];

export async function build() {
  rmSync(inRoot('dist'), { recursive: true, force: true });
  const names = await bundle();
  writeFileSync(inRoot('dist/index.mjs'), moduleOf(names));
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

/** Returns the names that the library exports. */
async function bundle() {
  // Not at the top: isStale() is asked before anything is installed.
  const esbuild = await import('esbuild');
  const common = {
    absWorkingDir: inRoot(),
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    packages: 'external',
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
    external: ['procseek', 'node-gyp-build'],
    banner: { js: '#!/usr/bin/env node' },
  });
  const listed = { ...library, format: 'esm', metafile: true, write: false };
  const { metafile } = await esbuild.build(listed);
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
