/** The package as its users get it: packed, and installed into an empty project. */
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from '../support/output.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Without what Vitest and npm tell their children, which are to be on their own. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$|npm_(package|lifecycle)_)/.test(name),
  );
  return Object.fromEntries(inherited);
}

/** Runs a program in an environment without the variables of this test run; returns what it prints. */
export function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  return outputOf(command, args, { cwd, env: { ...cleanEnvironment(), ...env } });
}

export function temporaryDirectory(): string {
  return realpathSync(mkdtempSync(join(tmpdir(), 'procseek-package-')));
}

export function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** Packs what dist/ and prebuilds/ hold now. The tarball's path. */
export async function pack(directory: string): Promise<string> {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', directory], root);
  const tarball = readdirSync(directory).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  return join(directory, tarball);
}

/** Installs the package into a copy of test/package/project. */
export async function install(directory: string): Promise<void> {
  const tarball = await pack(directory);
  cpSync(join(root, 'test/package/project'), directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "private": true }');
  const quick = ['--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', ['install', '--ignore-scripts', ...quick, tarball], directory);
}
