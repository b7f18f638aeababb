/** Runs bundled tests in a runtime: a process for each file, some at a time. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { root } from '../../scripts/run.mjs';

/** Of the files that take longest, the first to be begun: else the last one runs alone. */
const longest = [
  'kill_tree',
  'watch_surroundings',
  'watch_iteration',
  'watch_storms',
  'watch_events',
  'names',
  'queries',
];

/** How many times the time for a test a whole file may take. */
const testsInFile = 10;

/**
 * @param runtime `command`, which is given a script and its arguments; `env` for it; `emulator` and
 *   `slowness` as in test/support/platform.ts; `addon`, the file that it must have loaded.
 * @param suite What bundle.mjs made: `main`, `tests` and `library`.
 * @param time Milliseconds for a test.
 */
export async function runSuite(runtime, suite, time, reports) {
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const cores = availableParallelism(); // tests wait a lot, emulators compute a lot
  const total = { passed: 0, skipped: [], failures: [], seconds: {} };
  const waiting = suite.tests.toSorted((a, b) => rank(a) - rank(b));
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const started = performance.now();
      const { passed, skipped, failures } = await runFile(runtime, suite, file, time, reports);
      total.seconds[basename(file, '.mjs')] = Math.round((performance.now() - started) / 100) / 10;
      total.passed += passed;
      total.skipped.push(...skipped);
      total.failures.push(...failures);
    }
  };
  await Promise.all(
    Array.from({ length: runtime.emulator === undefined ? cores + 1 : cores }, work),
  );
  return total;
}

function rank(file) {
  const place = longest.indexOf(basename(file, '.test.mjs'));
  return place === -1 ? longest.length : place;
}

async function runFile(runtime, suite, file, time, reports) {
  const name = basename(file, '.mjs');
  const path = join(reports, `${name}.json`);
  const limit = time * (runtime.slowness ?? 1);
  const args = [suite.main, file, path, String(limit)];
  const end = await run([...runtime.command, ...args], environment(runtime, suite), limit);
  const report = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8'))
    : { running: `${name}, before it was loaded`, passed: 0, skipped: [], failures: [] };
  const fail = (name, message) => report.failures.push({ name, message });
  if (report.running !== undefined) fail(report.running, `${end.how} in the middle\n${end.output}`);
  else if (report.failures.length > 0) return report;
  else if (!end.isClean) fail(name, `${end.how}\n${end.output}`);
  else if (report.passed + report.skipped.length === 0) fail(name, 'has run no test');
  else if (runtime.addon !== undefined && report.addon !== runtime.addon)
    fail(name, `loaded ${report.addon} instead of ${runtime.addon}`);
  return report;
}

function environment({ command, env, emulator, slowness }, { library }) {
  return {
    ...process.env,
    PREBUILDS_ONLY: '1',
    PROCSEEK_TEST_RUNTIME: JSON.stringify(command),
    PROCSEEK_TEST_NODE: process.execPath,
    PROCSEEK_TEST_LIBRARY: library,
    PROCSEEK_TEST_SLOWNESS: String(slowness ?? 1),
    ...(emulator === undefined ? {} : { PROCSEEK_TEST_EMULATOR: emulator }),
    ...env,
  };
}

/** Runs a command, which the kernel ends along with this process; how it ended, and what it said. */
function run(command, env, limit) {
  const tied = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL', '--'] : [];
  const [file, ...args] = [...tied, ...command];
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: root,
      env,
      timeout: limit * testsInFile,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (text) => {
      output = (output + text).slice(-20_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', ({ message }) => resolve({ isClean: false, how: message, output }));
    // Not when its output closes: what it has left behind may hold that open.
    child.on('exit', (code, signal) => {
      const how = child.killed ? 'took too long' : `ended with ${code ?? signal}`;
      setTimeout(() => resolve({ isClean: code === 0, how, output }), 50);
    });
  });
}
