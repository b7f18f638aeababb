// Compiles the addon for every machine it is for, on a Linux host.
//
//   node scripts/prebuilds.mjs build [target…]   prebuilds/, to be committed
//   node scripts/prebuilds.mjs check             whether these are what the sources give
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname } from 'node:path';
import { dispatch, inRoot, output, runAside } from './run.mjs';
import { installPackages } from './system.mjs';
import { prebuildOf, sourcesOf, targets } from './targets.mjs';

const { sourceHash } = createRequire(import.meta.url)('../native/source_hash.js');
const manifestFile = 'prebuilds/manifest.json';

/** Compiles and links in one go. The same sources give the same bytes, wherever they lie. */
export async function compile(target, file, change = (line) => line) {
  const { compiler, flags, libraries } = targets[target];
  const line = [
    ...flags,
    `-DPROCSEEK_SOURCE_HASH="${sourceHash()}"`,
    ...['-Inative', '-Inode_modules/node-api-headers/include'],
    ...sourcesOf(target),
    'native/freestanding/runtime.cc',
    ...['-o', file],
    ...libraries,
  ];
  mkdirSync(dirname(inRoot(file)), { recursive: true });
  await runAside(compiler, change(line));
}

/** Installs what compiles for the targets, and reads what was compiled. */
export function prepare() {
  const packages = Object.values(targets).map((target) => target.packages);
  installPackages(Object.assign({}, ...packages));
  for (const target of Object.values(targets)) target.prepare();
}

function compilerOf(target) {
  return output(targets[target].compiler, ['--version']).split('\n')[0].trim();
}

function describe(target) {
  const bytes = readFileSync(inRoot(prebuildOf(target)));
  return {
    file: basename(prebuildOf(target)),
    status: targets[target].isUntried ? 'built, never executed' : 'executed in CI',
    compiler: compilerOf(target),
    sources: sourceHash(),
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  };
}

export function readManifest() {
  return JSON.parse(readFileSync(inRoot(manifestFile), 'utf8'));
}

/** Two at a time. */
async function forEachTarget(names, work) {
  const rest = [...names];
  const next = async () => {
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) await work(name);
  };
  await Promise.all([next(), next()]);
}

async function build() {
  const [, , , ...chosen] = process.argv;
  const names = Object.keys(targets);
  if (chosen.length === 0) rmSync(inRoot('prebuilds'), { recursive: true, force: true });
  prepare();
  const built = chosen.length === 0 ? names : chosen;
  await forEachTarget(built, (target) => compile(target, prebuildOf(target)));
  const before = chosen.length === 0 ? {} : readManifest();
  const now = names.map((target) => [
    target,
    built.includes(target) ? describe(target) : before[target],
  ]);
  writeFileSync(inRoot(manifestFile), `${JSON.stringify(Object.fromEntries(now), null, 2)}\n`);
}

/** Builds all again: the same compiler has to give the committed bytes. */
async function check() {
  prepare();
  const manifest = readManifest();
  const faults = [];
  await forEachTarget(Object.keys(targets), async (target) => {
    const committed = readFileSync(inRoot(prebuildOf(target)));
    if (manifest[target]?.compiler !== compilerOf(target)) {
      process.stdout.write(`${target}: another compiler than the committed file's\n`);
      return;
    }
    const again = `.cache/${prebuildOf(target)}`;
    await compile(target, again);
    const isSame = readFileSync(inRoot(again)).equals(committed);
    process.stdout.write(`${target}: ${isSame ? 'the same bytes' : 'OTHER BYTES'}\n`);
    if (!isSame) faults.push(target);
  });
  if (faults.length > 0) {
    throw new Error(`${faults.join(', ')}: not what the sources give: npm run prebuild`);
  }
}

await dispatch(import.meta.url, { build, check });
