/** What the cells need: packages of npm and of Debian, in .cache/platforms wherever possible. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, output, succeeds } from '../../scripts/run.mjs';

const cache = inRoot('.cache/platforms/packages');

/** The directory of a package from npm, whatever machine it is for. */
export function npmPackage(specifier) {
  return unpacked(specifier.replaceAll('/', '+'), 'package', (directory) => {
    const flags = ['--silent', '--pack-destination', directory];
    const file = output('npm', ['pack', specifier, ...flags]).trim();
    output('tar', ['-xzf', join(directory, file), '-C', directory]);
    rmSync(join(directory, file));
  });
}

/** Installs Debian packages of which one of these files is missing. */
export function debianPackages(fileOf) {
  const missing = Object.keys(fileOf).filter((name) => !existsSync(fileOf[name]));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !succeeds('sh', ['-c', 'command -v apt-get']))
    throw new Error(`not here, and only root may install it: ${missing.join(' ')}`);
  const apt = (...args) =>
    output('env', ['DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args]);
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...missing);
}

/** Makes a directory in the cache, at once or not at all. */
function unpacked(name, within, fill) {
  const directory = join(cache, name);
  if (!existsSync(directory)) {
    const unfinished = `${directory}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished, { recursive: true });
    fill(unfinished);
    renameSync(unfinished, directory);
  }
  return join(directory, within);
}
