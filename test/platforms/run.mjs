// Holds what there are prebuilds for to the contract, in the runtimes they are for.
//
//   node test/platforms/run.mjs [--tests=<directory>] [--time=<ms for a test>] [cell…]
//
// A cell is a runtime on a target (cells.mjs); all of them unless some are named. What they need is
// installed. Where that cannot be, the cell is left out; in CI, it has failed.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { inRoot, messageOf, root } from '../../scripts/run.mjs';
import { bundleLibrary, bundleTests } from './bundle.mjs';
import { cells } from './cells.mjs';
import { runSuite } from './suite.mjs';
import { complaintOf, installTarball } from './tarball.mjs';

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    tests: { type: 'string' }, // instead of the contract
    time: { type: 'string', default: '30000' },
    output: { type: 'string', default: inRoot('.cache/platforms') },
  },
});

const unknown = wanted.filter((id) => !cells.some((cell) => cell.id === id));
if (unknown.length > 0) {
  throw new Error(`no cell is called ${unknown}; there are ${cells.map(({ id }) => id).join(' ')}`);
}

let installed;

/** Whether the package, as it is packed, works in the runtime. */
function tryTarball(runtime) {
  installed ??= installTarball();
  const message = complaintOf(runtime, installed);
  return message === undefined ? [] : [{ name: 'installed from the tarball', message }];
}

const suites = new Map();

/** The tests of a folder, or some files, bundled once. */
function suiteOf(tests) {
  const key = String(tests);
  if (!suites.has(key)) suites.set(key, bundle(tests.flatMap(filesOf), String(suites.size)));
  return suites.get(key);
}

function filesOf(path) {
  const place = resolve(root, path);
  if (path.endsWith('.ts')) return [place];
  const names = readdirSync(place).filter((name) => name.endsWith('.ts'));
  return names.map((name) => join(place, name));
}

async function bundle(paths, name) {
  const directory = join(options.output, 'suites', name);
  const { main, tests } = await bundleTests(paths, directory);
  return { main, tests, library: await bundleLibrary(join(directory, 'procseek.cjs')) };
}

function countBy(list, key) {
  const counts = {};
  for (const one of list) counts[key(one)] = (counts[key(one)] ?? 0) + 1;
  return counts;
}

async function runCell(cell) {
  const started = performance.now();
  let runtime;
  try {
    runtime = await cell.prepare();
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return { leftOut: messageOf(error) };
  }
  const installed = performance.now();
  const addon = inRoot(cell.addon);
  if (!existsSync(addon)) throw new Error(`${cell.addon} is missing`);
  const reports = join(options.output, 'reports', cell.id);
  const result = runtime.check
    ? await runtime.check(addon)
    : await runSuite(
        { addon, ...runtime },
        await suiteOf(options.tests === undefined ? cell.tests : [options.tests]),
        Number(options.time),
        reports,
      );
  if (runtime.check === undefined && options.tests === undefined) {
    const failures = tryTarball(runtime);
    result.failures.push(...failures);
    if (failures.length === 0) result.passed++;
  }
  const seconds = (from, to) => Math.round((to - from) / 100) / 10;
  return {
    ...result,
    time: { install: seconds(started, installed), run: seconds(installed, performance.now()) },
  };
}

function tell(cell, { leftOut, passed, failures, skipped, time }) {
  const say = (line) => process.stdout.write(`${line}\n`);
  if (leftOut !== undefined) return say(`${cell.name}: left out, ${leftOut.split('\n')[0]}`);
  const counts = `${passed} passed, ${failures.length} failed, ${skipped.length} skipped`;
  say(`${cell.name}: ${counts}${time ? ` (${time.run} s)` : ''}`);
  for (const [reason, count] of Object.entries(countBy(skipped, ({ reason }) => reason)))
    say(`    ${count} skipped: ${reason}`);
  for (const { name, message } of failures)
    say(`    FAILED ${name}\n${message.replace(/^/gm, '      ')}`);
}

const report = [];
for (const cell of cells) {
  if (wanted.length > 0 && !wanted.includes(cell.id)) continue;
  let result;
  try {
    result = await runCell(cell);
  } catch (error) {
    const message = messageOf(error);
    result = { passed: 0, skipped: [], failures: [{ name: cell.name, message }] };
  }
  tell(cell, result);
  report.push({ id: cell.id, name: cell.name, ...result });
}

mkdirSync(options.output, { recursive: true });
writeFileSync(join(options.output, 'report.json'), JSON.stringify(report, null, 2));
const sum = (count) => report.reduce((total, result) => total + count(result), 0);
const passed = sum((result) => result.passed ?? 0);
const failed = sum((result) => result.failures?.length ?? 0);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
