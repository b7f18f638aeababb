import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prebuildOf, targets } from '../../scripts/targets.mjs';
import { pack, remove, root, run, temporaryDirectory } from './installed.js';

interface Manifest {
  readonly gypfile?: boolean;
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies?: unknown;
  readonly peerDependencies?: unknown;
}

describe('the tarball', () => {
  const directory = temporaryDirectory();
  let tarball: string;
  let files: string[];
  let manifest: Manifest;

  beforeAll(async () => {
    tarball = await pack(directory);
    const listing = await run('tar', ['-tzf', tarball], directory);
    files = listing
      .trim()
      .split('\n')
      .map((file) => file.replace(/^package\//, ''));
    manifest = JSON.parse(await run('tar', ['-xzOf', tarball, 'package/package.json'], directory));
  });
  afterAll(() => remove(directory));

  it('brings the library, its types, the command and the prebuilds', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/index.js',
        'dist/index.mjs',
        'dist/index.d.ts',
        'dist/index.d.mts',
        'dist/cli.js',
        ...Object.keys(targets).map(prebuildOf),
        'LICENSE',
        'README.md',
      ]),
    );
  });

  it('brings all that compiling takes', () => {
    const gyp = readFileSync(join(root, 'native/procseek.gypi'), 'utf8');
    const sources = [...gyp.matchAll(/"([^"]+\.cc)"/g)].map(([, source]) => `native/${source}`);
    expect(sources).not.toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        ...sources,
        'native/binding.gyp',
        'native/procseek.gypi',
        'native/fields.def',
        'native/source_hash.js',
      ]),
    );
  });

  it('brings nothing else', () => {
    const expected = /^(dist|native|prebuilds)\/|^(package\.json|README\.md|LICENSE)$/;
    const surprising = files.filter(
      (file) => !expected.test(file) || /test|\.tsbuildinfo|^native\/build/.test(file),
    );
    expect(surprising).toEqual([]);
  });

  it('runs nothing when it is installed', () => {
    // Package managers run node-gyp where they see such a file in the root, whatever the manifest
    // says, and npm does when it installs from a lockfile.
    expect(files.filter((file) => /^[^/]+\.gyp$/.test(file))).toEqual([]);
    expect(manifest.gypfile).toBe(false);
    expect(Object.keys(manifest.scripts).filter((name) => name.endsWith('install'))).toEqual([]);
  });

  it('depends on node-gyp-build alone', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['node-gyp-build']);
    expect(manifest.optionalDependencies).toBeUndefined();
    expect(manifest.peerDependencies).toBeUndefined();
  });

  it('is clean in the eyes of publint', async () => {
    const { buffer } = Uint8Array.from(readFileSync(tarball));
    const { messages } = await publint({ pack: { tarball: buffer } });
    expect(messages).toEqual([]);
  });

  it('is clean in the eyes of Are the types wrong', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const args = [attw, tarball, '--no-definitely-typed', '--format', 'ascii'];
    expect(await run(process.execPath, args, directory)).toContain('No problems found');
  });
});
