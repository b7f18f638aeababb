// Makes a fresh clone ready. Does only what is missing; needs nothing but Node.js and npm.
//
//   node scripts/setup.mjs run       to use the package: no compiler needed, a prebuild will do
//   node scripts/setup.mjs test      to test it: with the addon compiled here, if that is possible
//   node scripts/setup.mjs thorough  to test it in several versions of Node.js, which are fetched
//   node scripts/setup.mjs ci        to test it on a bare Debian, and to run the gates
import { statSync } from 'node:fs';
import { build, isStale } from './build.mjs';
import { discard, hasPrebuild, isBuilt, isFresh, rebuild } from './native.mjs';
import { dispatch, inRoot, messageOf, runQuietly, say } from './run.mjs';
import { nodeRuntimes } from './runtimes.mjs';
import { hasCompiler, installBuildTools, installTestTools } from './system.mjs';

function installPackages() {
  const wanted = statSync(inRoot('package-lock.json')).mtimeMs;
  const marker = inRoot('node_modules/.package-lock.json'); // npm writes it last
  const installed = statSync(marker, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (installed >= wanted) return;
  say('Installing what package.json names, with npm …');
  runQuietly('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
}

/**
 * A build of other sources must go in any case: it would be loaded before any prebuild. Where none
 * can be made, as without the headers of Node.js and a network to fetch them, a prebuild will do.
 */
function renewAddon() {
  if (isFresh()) return;
  discard();
  if (!hasCompiler()) return needPrebuilt('There is no compiler');
  say('Compiling the addon …');
  try {
    rebuild();
  } catch (error) {
    const reason = messageOf(error);
    needPrebuilt(reason);
    say(`The prebuilt addon is used, because this failed: ${reason}`);
  }
}

function needPrebuilt(reason) {
  if (hasPrebuild()) return;
  throw new Error(
    `${reason}, and prebuilds/ has none of these sources for this machine: install a compiler, or mend what it tells.`,
  );
}

async function setUpToRun() {
  installPackages();
  if (isStale()) await build();
  if (isBuilt() || !hasPrebuild()) renewAddon();
}

async function setUpToTest() {
  installPackages();
  if (process.platform === 'linux') installTestTools();
  if (!hasCompiler()) say('There is no compiler, so the prebuilt addon is used.');
  await setup();
}

async function setUpToTestThoroughly() {
  await setUpToTest();
  nodeRuntimes();
}

async function setUpCi() {
  installBuildTools();
  await setUpToTestThoroughly();
}

/** Vitest calls this: started by hand, too, it tests the sources as they are. */
export async function setup() {
  if (isStale()) await build();
  renewAddon();
}

await dispatch(import.meta.url, {
  run: setUpToRun,
  test: setUpToTest,
  thorough: setUpToTestThoroughly,
  ci: setUpCi,
});
