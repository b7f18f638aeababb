/**
 * The tests as scripts that any runtime runs, with all they need but what is loaded on the way:
 * 'vitest' is vitest.ts, and each source is told where it lies.
 */
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');

/** Behind it, all is relative to the script: the whole may be moved, or seen from elsewhere. */
function placed(outdir) {
  const locate = (path) =>
    `new URL(${JSON.stringify(relative(outdir, path).split(sep).join('/'))}, import.meta.url)`;
  return {
    name: 'placed',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^vitest$/ }, () => ({ path: join(here, 'vitest.ts') }));
      onLoad({ filter: /\.m?ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const contents = source
          .replaceAll(/\bimport\.meta\.url\b/g, `${locate(path)}.href`)
          .replaceAll(/(?<=\(|= )__dirname\b/g, `placeOf(${locate(dirname(path))})`);
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}

/** A script for each test file, in a directory that is theirs. Their paths, and that of main. */
export async function bundleTests(files, outdir) {
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: [join(here, 'main.ts'), ...files],
    outdir,
    entryNames: '[name]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['esbuild'],
    logLevel: 'warning',
    plugins: [placed(outdir)],
    banner: {
      js: `import { createRequire } from 'node:module';
import { fileURLToPath as placeOf } from 'node:url';
const require = createRequire(import.meta.url);`,
    },
  });
  const scriptOf = (file) => join(outdir, `${basename(file).replace(/\.ts$/, '')}.mjs`);
  return { main: join(outdir, 'main.mjs'), tests: files.map(scriptOf) };
}

/** The library as one CommonJS file, which looks for the addon where the sources would. */
export async function bundleLibrary(outfile) {
  await build({
    entryPoints: [join(root, 'src/index.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'warning',
    define: { __dirname: JSON.stringify(join(root, 'src')) },
  });
  return outfile;
}
