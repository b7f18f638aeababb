/**
 * The Node.js versions that the package is tried on, and the Jest it is tried in: from npm, into
 * .cache/runtimes. They are no devDependencies, because most work on the package needs none of them.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { inRoot, root, runQuietly, say } from './run.mjs';

const nodeVersions = ['20.20.2', '22.23.3', '24.21.0', '26.10.0'];
const jestVersion = '30.5.2';

const cache = inRoot('.cache/runtimes');

/** Installs what is missing, and tells where it is. */
export function nodeRuntimes() {
  install();
  const program = process.platform === 'win32' ? 'node.exe' : 'node';
  return nodeVersions.map((version) => {
    const major = Number.parseInt(version, 10);
    return { major, version, path: `${cache}/node_modules/node-${major}/bin/${program}` };
  });
}

/** The path of the script to be run by `node`. */
export function jest() {
  install();
  return `${cache}/node_modules/jest/bin/jest.js`;
}

function dependencies() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const nodes = nodeVersions.map((version) => [
    `node-${Number.parseInt(version, 10)}`,
    `npm:node-${platform}-${process.arch}@${version}`,
  ]);
  return { ...Object.fromEntries(nodes), jest: jestVersion };
}

function install() {
  installInto(cache, dependencies());
}

/** Installs packages into a directory of their own, unless they are there. */
export function installInto(directory, dependencies) {
  const wanted = JSON.stringify({ private: true, dependencies }, null, 2);
  const done = `${directory}/installed.json`; // written last: an interrupted install is repeated
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return;
  const names = Object.keys(dependencies).join(', ');
  say(`Fetching ${names} into ${relative(root, directory)}, with npm …`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/package.json`, wanted);
  runQuietly(
    'npm',
    ['install', '--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund'],
    {
      cwd: directory,
    },
  );
  writeFileSync(done, wanted);
}
