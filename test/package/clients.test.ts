/**
 * The packed package, installed by every package manager on a machine without compiler and Python:
 * for the first time, from the lockfile and without scripts; from a registry with scripts allowed, for
 * it to show that there are none, and from the tarball as the package manager has it by default.
 */
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackageManagers, packageManagers } from '../../scripts/clients.mjs';
import { nodeRuntimes } from '../../scripts/runtimes.mjs';
import { onlyIf } from '../support/requirements.js';
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

function project(
  client: Client,
  { url }: Registry,
  { specifier = '*', isTrusted = true } = {},
): Project {
  const manager = packageManagers().find(
    ({ name, major }) => name === client.name && major === client.major,
  );
  const node = nodeRuntimes().find(({ major }) => major === 22); // which all of them support
  if (manager === undefined || node === undefined) throw new Error(`there is no ${client.title}`);
  const own = join(directory, `project-${projects++}`);
  return new Project(own, client, manager, node.path, url, specifier, isTrusted);
}

/** How package managers speak of scripts and of compiling. */
const building =
  /gyp(?!-build)|must be built|install script|build script|allow-?scripts|blocked|ignored/i;

function expectSilence({ code, printed }: Outcome): void {
  const answerToOption = 'Ignored scripts due to flag.'; // Yarn 1, whatever is installed
  expect(printed.replace('--ignore-scripts', '').replace(answerToOption, '')).not.toMatch(building);
  expect({ code, printed }).toMatchObject({ code: 0 });
}

async function expectToInstall(made: Project): Promise<void> {
  for (const step of made.steps()) {
    const outcome = await step();
    if (outcome === undefined) continue;
    expectSilence(outcome);
    expect(await made.use()).toEqual({ isRight: true, built: [] });
  }
}

/** Package managers, of which one finds the lockfile that another one wrote. */
const successions = [
  { from: 'npm 10', to: 'npm 12', lockfile: 'package-lock.json', isMeant: true },
  { from: 'npm 12', to: 'npm 10', lockfile: 'package-lock.json', isMeant: true },
  { from: 'pnpm 9', to: 'pnpm 12', lockfile: 'pnpm-lock.yaml', isMeant: true },
  { from: 'pnpm 12', to: 'pnpm 10', lockfile: 'pnpm-lock.yaml', isMeant: true },
  { from: 'Yarn 1', to: 'Yarn 4, node-modules', lockfile: 'yarn.lock', isMeant: false },
  { from: 'npm 11', to: 'Bun', lockfile: 'package-lock.json', isMeant: false },
] as const;

function clientOf(title: string): Client {
  const client = clients.find((known) => known.title === title);
  if (client === undefined) throw new Error(`there is no ${title}`);
  return client;
}

describe(
  'Without a compiler, the package',
  onlyIf(process.platform !== 'win32', 'needs a shell'),
  () => {
    for (const client of clients) {
      it(`is installed from a registry by ${client.title}`, async ({ skip }) => {
        skip(obstacle !== undefined, obstacle);
        await expectToInstall(project(client, registry));
      }, 120_000);

      it(`is installed from its tarball by ${client.title}`, async ({ skip }) => {
        skip(obstacle !== undefined, obstacle);
        skip(client.name === 'deno', 'Deno does not install tarballs');
        const specifier = `file:${tarball}`;
        const made = project(client, registry, { specifier, isTrusted: false });
        await expectToInstall(made);
        expect((await made.listScripts())?.printed ?? '').not.toContain('procseek');
      }, 120_000);
    }

    it('needs the permission of Deno to load addons, and says so', async ({ skip }) => {
      skip(obstacle !== undefined, obstacle);
      const made = project(clientOf('Deno'), registry);
      await made.install();
      expect((await made.runByDeno()).printed).toContain('by --allow-ffi');
      expect(await made.runByDeno('--allow-ffi')).toMatchObject({ code: 0 });
    }, 120_000);

    for (const { from, to, lockfile, isMeant } of successions) {
      it(`is installed by ${to} from the lockfile of ${from}`, async ({ skip }) => {
        skip(obstacle !== undefined, obstacle);
        const first = project(clientOf(from), registry);
        expectSilence(await first.install());
        const second = project(clientOf(to), registry, { isTrusted: false });
        second.takeLockfile(lockfile, first);
        expectSilence(await (isMeant ? second.installLocked() : second.installAgain()));
        expect(await second.use()).toEqual({ isRight: true, built: [] });
      }, 120_000);
    }
  },
);

describe(
  'With binding.gyp in its root, the package',
  onlyIf(process.platform !== 'win32', 'needs a shell'),
  () => {
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

    // The others do not look for such a file, only for scripts in the manifest.
    for (const title of ['npm 11', 'npm 12', 'pnpm 10']) {
      it(`is listed by ${title} as one that runs a script`, async ({ skip }) => {
        skip(obstacle !== undefined, obstacle);
        const made = project(clientOf(title), wrongRegistry, { isTrusted: false });
        await made.install();
        expect((await made.listScripts())?.printed).toContain('procseek');
      }, 120_000);
    }
  },
);
