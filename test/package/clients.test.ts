/**
 * The packed package, installed by every package manager on a machine without compiler and Python:
 * with scripts allowed, for the first time and from the lockfile.
 */
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackageManagers, packageManagers } from '../../scripts/clients.mjs';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { type Client, clients, type Outcome, Project } from './clients.js';
import { pack, remove, root, run, temporaryDirectory } from './installed.js';
import { Registry } from './registry.js';

const directory = temporaryDirectory();
let tarball = '';
let registry: Registry;
/** Procseek as it must not be packed. */
let wrongRegistry: Registry;
let obstacle: string | undefined;

/** A tarball of a dependency as it is installed here. */
async function packInstalled(name: string): Promise<string> {
  const to = join(directory, name);
  mkdirSync(to);
  const args = ['pack', '--ignore-scripts', '--pack-destination', to];
  await run('npm', [...args, join(root, 'node_modules', name)], directory);
  return join(to, readdirSync(to)[0] ?? '');
}

/** The tarball with the file in its root that makes package managers run node-gyp. */
async function packWrongly(): Promise<string> {
  const wrong = join(directory, 'wrong');
  mkdirSync(wrong);
  await run('tar', ['-xzf', tarball, '-C', wrong], directory);
  cpSync(join(root, 'binding.gyp'), join(wrong, 'package/binding.gyp'));
  await run('tar', ['-czf', 'procseek.tgz', 'package'], wrong);
  return join(wrong, 'procseek.tgz');
}

beforeAll(async () => {
  try {
    installPackageManagers();
  } catch (error) {
    obstacle = `the package managers cannot be installed: ${error}`;
    return;
  }
  tarball = await pack(directory);
  const dependency = await packInstalled('node-gyp-build');
  registry = await Registry.start([tarball, dependency]);
  wrongRegistry = await Registry.start([await packWrongly(), dependency]);
}, 600_000);

afterAll(() => {
  registry?.close();
  wrongRegistry?.close();
  remove(directory);
});

let projects = 0;

function project(client: Client, { url }: Registry, specifier = '*'): Project {
  const manager = packageManagers().find(
    ({ name, major }) => name === client.name && major === client.major,
  );
  const node = nodeRuntimes().find(({ major }) => major === 22); // which all of them support
  if (manager === undefined || node === undefined) throw new Error(`there is no ${client.title}`);
  const own = join(directory, `project-${projects++}`);
  return new Project(own, client, manager, node.path, url, specifier);
}

/** How package managers speak of scripts and of compiling. */
const building =
  /gyp(?!-build)|must be built|install script|build script|allow-?scripts|blocked|ignored/i;

function expectSilence({ code, printed }: Outcome): void {
  expect(printed).not.toMatch(building);
  expect({ code, printed }).toMatchObject({ code: 0 });
}

async function expectToInstall(made: Project): Promise<void> {
  for (const step of made.steps()) {
    expectSilence(await step());
    expect(await made.use()).toEqual({ isRight: true, built: [] });
  }
}

describe.skipIf(process.platform === 'win32')('Without a compiler, the package', () => {
  for (const client of clients) {
    it(`is installed from a registry by ${client.title}`, async ({ skip }) => {
      skip(obstacle !== undefined, obstacle);
      await expectToInstall(project(client, registry));
    }, 120_000);

    it(`is installed from its tarball by ${client.title}`, async ({ skip }) => {
      skip(obstacle !== undefined, obstacle);
      await expectToInstall(project(client, registry, `file:${tarball}`));
    }, 120_000);
  }
});

describe.skipIf(process.platform === 'win32')('With binding.gyp in its root, the package', () => {
  const strict = ['npm 11', 'pnpm 9', 'Yarn 1', 'Yarn 4, PnP'];
  for (const client of clients.filter(({ title }) => strict.includes(title))) {
    it(`could not be installed from the lockfile by ${client.title}`, async ({ skip }) => {
      skip(obstacle !== undefined, obstacle);
      const made = project(client, wrongRegistry);
      const first = await made.install();
      const second = await made.installLocked();
      expect(`${first.printed}\n${second.printed}`).toMatch(building);
      expect(first.code + second.code).not.toBe(0);
    }, 120_000);
  }
});
