// Examines every committed prebuild: it has to be there, for its machine, made from the sources as
// they are now, and to need nothing that a host might lack.
//
//   node scripts/gate.mjs prebuilds   all of them
//   node scripts/gate.mjs controls    whether the faults that it looks for are found
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { inspect } from './binary.mjs';
import { isMadeFromSources } from './native.mjs';
import { compile, prepare, readManifest } from './prebuilds.mjs';
import { dispatch, inRoot } from './run.mjs';
import { prebuildOf, targets } from './targets.mjs';
import { exported, nodeApi } from './toolchains.mjs';

/** Of all prebuilds together, in bytes. */
const largest = 800_000;

function prebuilds() {
  prepare();
  const found = readdirSync(inRoot('prebuilds'), { recursive: true })
    .filter((name) => name.includes('.'))
    .map((name) => `prebuilds/${name.replaceAll('\\', '/')}`);
  const names = Object.keys(targets);
  const wanted = ['prebuilds/manifest.json', ...names.map(prebuildOf)];
  const faults = [
    ...wanted.filter((file) => !found.includes(file)).map((file) => `${file} is missing`),
    ...found.filter((file) => !wanted.includes(file)).map((file) => `${file} is of no target`),
  ];
  if (faults.length === 0) faults.push(...names.flatMap(judge), ...judgeSize(names));
  if (faults.length > 0) throw new Error(faults.join('\n'));
}

function judge(target) {
  const file = prebuildOf(target);
  const faults = [...faultsOf(target, file), ...faultsOfEntry(target, file)];
  process.stdout.write(`${file}: ${faults.length === 0 ? 'sound' : 'NOT SOUND'}\n`);
  return faults.map((fault) => `${file} ${fault}`);
}

function judgeSize(names) {
  const size = names.reduce((sum, name) => sum + readFileSync(inRoot(prebuildOf(name))).length, 0);
  process.stdout.write(`all prebuilds: ${size} bytes of ${largest}\n`);
  return size > largest ? [`prebuilds/ has ${size} bytes, more than ${largest}`] : [];
}

/** What is wrong with a file that is to be a target's. */
export function faultsOf(target, file) {
  const { machine, allowed } = targets[target];
  const found = inspect(file);
  const imports = new Set([...nodeApi(8), ...(allowed.imports ?? found.imports)]);
  const foreign = found.imports.filter((name) => !imports.has(name));
  return [
    ...(found.format === machine ? [] : [`is ${found.format}, not ${machine}`]),
    ...found.libraries
      .filter((name) => !allowed.libraries.includes(name))
      .map((name) => `links with ${name}`),
    ...found.versions.map((version) => `needs ${version}`),
    ...foreign.map((name) => `imports ${name}`),
    ...(String(found.exports.sort()) === String(exported) ? [] : [`exports ${found.exports}`]),
    ...(isMadeFromSources(file) ? [] : ['is stale: npm run prebuild']),
  ];
}

/** The manifest's row has to speak of this very file. */
function faultsOfEntry(target, file) {
  const { size, sha256 } = readManifest()[target] ?? {};
  const bytes = readFileSync(inRoot(file));
  const isSame =
    size === bytes.length && sha256 === createHash('sha256').update(bytes).digest('hex');
  return isSame ? [] : ['is not what the manifest describes'];
}

/** Files with a fault each, which has to be found. */
async function controls() {
  prepare();
  const ordinary = '.cache/controls/ordinary.node';
  // As compilers link unless told otherwise, with a C++ library of their own inside.
  await compile('linux-x64', ordinary, (line) => [
    ...line.filter((word) => word !== '-nostdlib' && !word.startsWith('native/freestanding')),
    '-static-libstdc++',
  ]);
  const open = '.cache/controls/open.node';
  await compile('linux-x64', open, (line) => [
    ...line.filter((word) => !word.includes('--version-script')),
    '-fvisibility=default',
  ]);
  const stale = '.cache/controls/stale.node';
  await compile('linux-x64', stale, (line) =>
    line.map((word) =>
      word.startsWith('-DPROCSEEK_SOURCE_HASH') ? `${word.slice(0, -2)}-"` : word,
    ),
  );
  const cases = [
    ['a file with a C++ library inside', 'linux-x64', ordinary, /links with libc\.so\.6/],
    ['symbols of a certain glibc', 'linux-x64', ordinary, /needs GLIBC_/],
    ['more exports than two', 'linux-x64', open, /exports /],
    ['another machine’s file', 'linux-arm64', prebuildOf('linux-x64'), /is elf64-x86-64/],
    ['other sources’ file', 'linux-x64', stale, /is stale/],
  ];
  const missed = cases.filter(([what, target, file, fault]) => {
    const isFound = faultsOf(target, file).some((one) => fault.test(one));
    process.stdout.write(`${what}: ${isFound ? 'found' : 'MISSED'}\n`);
    return !isFound;
  });
  if (missed.length > 0) throw new Error('The gate lets pass what it should not');
}

await dispatch(import.meta.url, { prebuilds, controls });
