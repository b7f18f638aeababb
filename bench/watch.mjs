// What a watch tells, how soon, and what it costs, on this host.
//
//   npm run build:js && node bench/watch.mjs [latency] [storm] [idle] [waits] [polling]
//
// Without arguments all but the last, which takes a minute and a half. Needs python3, for the load.
import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const { findByName, waitForExit, waitStats, watch } = createRequire(import.meta.url)(
  '../dist/index.js',
);

const folder = mkdtempSync(join(tmpdir(), 'procseek-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function program(name) {
  const path = join(folder, name);
  copyFileSync('/bin/sleep', path);
  return path;
}

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const shown = [0.5, 0.9, 0.99, 1].map((share) => at(share)?.toFixed(2));
  return `p50 ${shown[0]} · p90 ${shown[1]} · p99 ${shown[2]} · most ${shown[3]} ms (${sorted.length})`;
}

/** Clock ticks of 10 ms that a process has used, user and system. */
function ticks() {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return Number(user) + Number(system);
}

async function latency(options = {}, rate = 500, seconds = 20) {
  const name = 'bench-target';
  const watcher = watch(name, options);
  const seen = new Map();
  const note = (what) => (event) => {
    const now = process.hrtime.bigint();
    const times = seen.get(event.process.pid) ?? {};
    seen.set(event.process.pid, { ...times, [what]: now });
  };
  watcher.on('start', note('start')).on('exit', note('exit'));
  await watcher.ready;
  const load = fileURLToPath(new URL('watch_load.py', import.meta.url));
  const args = [load, program(name), String(rate), String(seconds)];
  const child = spawn('/usr/bin/python3', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const starts = [];
  const exits = [];
  let missed = 0;
  let actual = '';
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) lines.push(line);
  await sleep(2 * (options.interval ?? 100));
  for (const line of lines) {
    const [pid, started, killed] = line.split(' ');
    if (pid === 'rate') {
      actual = started;
      continue;
    }
    const times = seen.get(Number(pid));
    if (times?.start === undefined || times.exit === undefined) missed++;
    else {
      starts.push(Number(times.start - BigInt(started)) / 1e6);
      exits.push(Number(times.exit - BigInt(killed)) / 1e6);
    }
  }
  const { backend, cpuTime, events, dropped, resyncs } = watcher.stats;
  watcher.close();
  console.log(`latency, ${backend}, ${actual} executions a second for ${seconds} s:`);
  console.log(`  start ${quantiles(starts)}\n  exit  ${quantiles(exits)}\n  missed ${missed}`);
  console.log(`  ${events} events, ${dropped} dropped, ${resyncs} resyncs,`);
  console.log(`  CPU ${((cpuTime / seconds / 1000) * 100).toFixed(2)} % of a core`);
}

async function storm(count = 20_000) {
  const name = 'bench-stable';
  const stable = program(name);
  const watcher = watch(name);
  await watcher.ready;
  const half = count / 2 / 100;
  // Two shells of short-lived processes; every hundredth is followed by one that stays.
  const script = `i=0; while [ $i -lt ${half} ]; do
      j=0; while [ $j -lt 100 ]; do /bin/true; j=$((j + 1)); done
      ${stable} 1000 & i=$((i + 1)); done; echo done; read -r _; kill $(jobs -p)`;
  const begun = performance.now();
  const shells = [0, 1].map(() =>
    spawn('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(shells.map((shell) => new Promise((done) => shell.stdout.once('data', done))));
  const seconds = (performance.now() - begun) / 1000;
  await sleep(300);
  const exact = (await findByName(name)).map(({ pid }) => pid).join();
  const told = [...watcher.processes.keys()].sort((a, b) => a - b).join();
  for (const shell of shells) shell.stdin.end();
  await sleep(500);
  const { events, dropped, resyncs, cpuTime } = watcher.stats;
  const left = watcher.processes.size;
  watcher.close();
  console.log(`storm of ${count} short-lived processes in ${seconds.toFixed(1)} s:`);
  console.log(
    `  stable matches ${exact.split(',').length}, told exactly: ${exact === told}; left: ${left}`,
  );
  console.log(
    `  ${events} events, ${dropped} dropped, ${resyncs} resyncs, CPU ${cpuTime.toFixed(0)} ms`,
  );
}

/** In processes of their own, which have nothing else to do: one with a watch, one without. */
async function idle(seconds = 60) {
  const measure = async (isWatching) => {
    const library = JSON.stringify(fileURLToPath(new URL('../dist/index.js', import.meta.url)));
    const script = `
      const { readFileSync } = require('node:fs');
      const { setTimeout: sleep } = require('node:timers/promises');
      const { watch } = require(${library});
      const ticks = ${ticks.toString()};
      (async () => {
        const watcher = watch('bench-absent');
        await watcher.ready;
        if (!${isWatching}) watcher.close();
        await sleep(1000);
        const [before, cpu] = [ticks(), process.cpuUsage()];
        const heard = watcher.stats;
        await sleep(${seconds * 1000});
        const { user, system } = process.cpuUsage(cpu);
        const { backend, cpuTime, events } = watcher.stats;
        const thread = ((cpuTime - heard.cpuTime) * 1000).toFixed(0);
        console.log((ticks() - before) + ' ticks of 10 ms, ' + (user + system) + ' µs of CPU, of which '
          + thread + ' µs for ' + (events - heard.events) + ' events (' + backend + ')');
        process.exit();
      })();`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    return new Promise((resolve) =>
      child.stdout.once('data', (line) => resolve(String(line).trim())),
    );
  };
  const [watching, alone] = await Promise.all([measure(true), measure(false)]);
  console.log(`idle for ${seconds} s:\n  with a watch    ${watching}\n  without one     ${alone}`);
}

async function waits(count = 1000) {
  const waited = program('bench-waited');
  const children = Array.from({ length: count }, () =>
    spawn(waited, ['1000'], { stdio: 'ignore' }),
  );
  await sleep(1000);
  const fds = () => readdirSync('/proc/self/fd').length;
  const before = fds();
  const all = children.map(({ pid }) => waitForExit(pid));
  await sleep(200);
  const { polled, polls } = waitStats();
  console.log(
    `${count} waits: ${fds() - before} file descriptors, ${polled} polled, ${polls} polls`,
  );
  for (const child of children) child.kill('SIGKILL');
  const ends = await Promise.all(all);
  const known = ends.filter(({ signal }) => signal === 'SIGKILL').length;
  await sleep(200);
  console.log(`  told how: ${known}; file descriptors left: ${fds() - before}`);
}

const measurements = {
  latency,
  storm,
  waits,
  idle,
  polling: () => latency({ backend: 'polling', interval: 100 }, 200, 20),
};
const wanted = process.argv.slice(2);
for (const name of wanted.length > 0 ? wanted : ['latency', 'storm', 'waits', 'idle']) {
  await measurements[name]();
}
