import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prebuildOf, targets } from '../../scripts/targets.mjs';
import { pack, remove, root, run, temporaryDirectory } from './installed.js';

interface Manifest {
  readonly gypfile?: boolean;
  readonly homepage: string;
  readonly bugs: string;
  readonly repository: object;
  readonly scripts: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies?: unknown;
  readonly peerDependencies?: unknown;
  readonly peerDependenciesMeta?: unknown;
}

/** Of a text in Markdown, with HTML in it: paths, without what is within the page. */
function relativeLinks(text: string): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)|\b(?:href|src|srcset)="([^"\s]+)/g)];
  const targets = links.map(([, markdown, html]) => markdown ?? html ?? '');
  const relative = targets.filter((link) => !/^(#|[a-z][a-z+.-]*:)/.test(link));
  return relative.map((link) => link.replace(/#.*/, ''));
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
    const expected =
      /^(dist|docs|examples|native|prebuilds)\/|^(package\.json|README\.md|LICENSE)$/;
    const surprising = files.filter(
      (file) => !expected.test(file) || /test|\.tsbuildinfo|^native\/build/.test(file),
    );
    expect(surprising).toEqual([]);
  });

  it('brings all that its documents link to', async () => {
    const documents = files.filter((file) => file.endsWith('.md'));
    expect(documents).toContain('README.md');
    const dead: string[] = [];
    for (const document of documents) {
      const text = await run('tar', ['-xzOf', tarball, `package/${document}`], directory);
      const links = relativeLinks(text).map((link) => posix.join(posix.dirname(document), link));
      dead.push(...links.filter((link) => !files.includes(link)));
    }
    expect(dead).toEqual([]);
  });

  it('says where it comes from, in one place', async () => {
    const { homepage, bugs, repository } = manifest;
    const [owner] = /^https:\/\/[^/]+\/[^/]+\/procseek(?=#)/.exec(homepage) ?? [];
    expect(bugs).toBe(`${owner}/issues`);
    expect(repository).toEqual({ type: 'git', url: `git+${owner}.git` });
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    expect(readme).not.toContain(`${owner}`);
  });

  it('begins its README with what it is, how it is installed, and an example', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const screen = readme.split('\n').slice(0, 30).join('\n');
    const order = ['# procseek\n', 'npm install procseek', '```js', 'npm start', 'npm test'];
    const places = order.map((text) => screen.indexOf(text));
    expect(places).toEqual([0, ...places.slice(1).toSorted((a, b) => a - b)]);
    expect(places).not.toContain(-1);
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
    // For whoever compiles TypeScript; nobody else is to be asked for it.
    expect(manifest.peerDependencies).toEqual({ '@types/node': '*' });
    expect(manifest.peerDependenciesMeta).toEqual({ '@types/node': { optional: true } });
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
