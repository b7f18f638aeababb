// Examines every committed prebuild: it has to be there, for its machine, loadable wherever
// Node.js 20 runs, and made from the sources as they are now.
//
//   node scripts/gate.mjs prebuilds
import { existsSync, readdirSync } from 'node:fs';
import { isMadeFromSources, prebuildOf, targets } from './native.mjs';
import { dispatch, inRoot, output } from './run.mjs';

/** The newest symbol versions to ask for. The official Node.js 20 to 26 need the same themselves. */
const limits = { GLIBC: '2.28', GLIBCXX: '3.4.21', CXXABI: '1.3.9', GCC: '4.2.0' };

/** What a prebuild may link with: libraries that the `node` binary has loaded already. */
const libraries = /^(libc|libm|libdl|libpthread|libgcc_s|libstdc\+\+|ld-linux[-\w]*)\.so\.\d+$/;

function prebuilds() {
  const directory = inRoot('prebuilds');
  const found = existsSync(directory) ? readdirSync(directory).sort().join(', ') : 'nothing';
  const wanted = Object.keys(targets).sort().join(', ');
  if (found !== wanted) throw new Error(`prebuilds/ should have ${wanted}, but has ${found}`);
  const faults = Object.keys(targets).flatMap(examine);
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

/** Prints what a prebuild needs; returns what is wrong with it. */
function examine(target) {
  const file = prebuildOf(target);
  const { machine } = targets[target];
  const versions = symbolVersions(file);
  const needed = neededLibraries(file);
  process.stdout.write(`${file}: ${[machine, ...versions.map(label), ...needed].join(' ')}\n`);

  const isForMachine = output('objdump', ['-f', file]).includes(`architecture: ${machine},`);
  return [
    ...(isForMachine ? [] : [`is not for ${machine}`]),
    ...versions.filter(isTooNew).map((version) => `needs ${label(version)}`),
    ...needed.filter((name) => !libraries.test(name)).map((name) => `links with ${name}`),
    ...(isMadeFromSources(file) ? [] : ['is stale: npm run prebuild']),
  ].map((fault) => `${file} ${fault}`);
}

/** The newest version that a file needs of each family of symbols. */
function symbolVersions(file) {
  const newest = new Map();
  const undefinedSymbols = /\*UND\*\s+[0-9a-f]+\s+\(?([A-Z]+)_([\d.]+)/g;
  for (const [, family, version] of output('objdump', ['-T', file]).matchAll(undefinedSymbols)) {
    if (compare(version, newest.get(family) ?? '0') > 0) newest.set(family, version);
  }
  return [...newest].map(([family, version]) => ({ family, version }));
}

function isTooNew({ family, version }) {
  return compare(version, limits[family] ?? '0') > 0;
}

function label({ family, version }) {
  return `${family}_${version}`;
}

function neededLibraries(file) {
  return [...output('objdump', ['-p', file]).matchAll(/NEEDED\s+(\S+)/g)].map(([, name]) => name);
}

function compare(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

await dispatch(import.meta.url, { prebuilds });
