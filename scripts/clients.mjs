/**
 * The package managers that procseek is installed by in its tests: from npm, into .cache/clients.
 * They are no devDependencies, because nothing else needs them.
 */
import { join } from 'node:path';
import { inRoot } from './run.mjs';
import { installInto } from './runtimes.mjs';

const cache = inRoot('.cache/clients');

/** The script or program of each, in its package. */
const clients = [
  { name: 'npm', version: '10.9.9', script: 'bin/npm-cli.js' },
  { name: 'npm', version: '11.21.2', script: 'bin/npm-cli.js' },
  { name: 'npm', version: '12.2.2', script: 'bin/npm-cli.js' },
  { name: 'pnpm', version: '8.15.9', script: 'bin/pnpm.cjs' },
  { name: 'pnpm', version: '9.15.9', script: 'bin/pnpm.cjs' },
  { name: 'pnpm', version: '10.34.9', script: 'bin/pnpm.cjs' },
  { name: 'pnpm', version: '11.28.10', script: 'bin/pnpm.mjs' },
  { name: 'yarn', version: '1.22.22', script: 'bin/yarn.js' },
  { name: 'yarn', version: '4.18.1', from: '@yarnpkg/cli-dist', script: 'bin/yarn.js' },
];

/**
 * Those that are programs: what their own packages hold finds or downloads them in an install script,
 * and these are the packages that it looks for.
 */
function programs() {
  const { platform, arch } = process;
  const bun = `${platform === 'win32' ? 'windows' : platform}-${arch === 'arm64' ? 'aarch64' : arch}`;
  const deno = `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  const extension = platform === 'win32' ? '.exe' : '';
  return [
    { name: 'pnpm', version: '12.21.0', from: `@pnpm/exe.${platform}-${arch}`, program: 'pnpm' },
    { name: 'bun', version: '1.4.5', from: `@oven/bun-${bun}`, program: 'bin/bun' },
    { name: 'deno', version: '2.9.6', from: `@deno/${deno}`, program: 'deno' },
  ].map((client) => ({ ...client, program: `${client.program}${extension}` }));
}

const all = [...clients, ...programs()].map(({ name, from = name, version, script, program }) => {
  const major = Number.parseInt(version, 10);
  const folder = `${name}-${major}`;
  const file = join(cache, 'node_modules', folder, script ?? program);
  const isScript = script !== undefined;
  return { name, version, major, file, isScript, folder, specifier: `npm:${from}@${version}` };
});

/** Where each is once it is installed. */
export function packageManagers() {
  return all;
}

/** Installs what is missing of them. */
export function installPackageManagers() {
  installInto(cache, Object.fromEntries(all.map(({ folder, specifier }) => [folder, specifier])));
}
