// Makes a fresh clone ready. Does only what is missing; needs nothing but Node.js and npm.
//
//   node scripts/setup.mjs run    to use the package: no compiler needed, a prebuild will do
//   node scripts/setup.mjs test   to test it: with the addon compiled here, if that is possible
//   node scripts/setup.mjs ci     to test it on a bare Debian, and to run the gates
import { statSync } from 'node:fs';
import { build, isStale } from './build.mjs';
import { discard, isBuilt, isFresh, rebuild } from './native.mjs';
import { dispatch, inRoot, run } from './run.mjs';
import { nodeRuntimes } from './runtimes.mjs';
import { hasCompiler, installBuildTools, installTestTools } from './system.mjs';

function installPackages() {
  const wanted = statSync(inRoot('package-lock.json')).mtimeMs;
  const marker = inRoot('node_modules/.package-lock.json'); // npm writes it last
  const installed = statSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (installed < wanted) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
}

/** A build of other sources must go in any case: it would be loaded before any prebuild. */
function renewAddon() {
  if (isFresh()) return;
  if (hasCompiler()) rebuild();
  else discard();
}

async function setUpToRun() {
  installPackages();
  if (isStale()) await build();
  if (isBuilt()) renewAddon();
}

async function setUpToTest() {
  installPackages();
  if (process.platform === 'linux') installTestTools();
  nodeRuntimes();
  await setup();
}

async function setUpCi() {
  installBuildTools();
  await setUpToTest();
}

/** Vitest calls this: started by hand, too, it tests the sources as they are. */
export async function setup() {
  if (isStale()) await build();
  renewAddon();
}

await dispatch(import.meta.url, { run: setUpToRun, test: setUpToTest, ci: setUpCi });
