// What a lookup costs while the host is busy, by each engine, side by side: while a process renames
// itself, forks or executes in a loop, and when a crowd of one name has come or gone.
//
//   npm run build:js && node bench/storms.mjs [seconds] [crowd]
//
// Needs python3 and gcc. The crowd is of processes that share their memory.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { capabilities, openFinder } = require('../dist/index.js');

const [seconds = 2, crowd = 16_000] = process.argv.slice(2).map(Number);
const { engines } = capabilities();
const names = ['procfs', 'events', 'bpf'].filter((name) => engines[name].available);

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

async function start(...command) {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value } = await lines.next();
  return {
    greeting: value,
    async disperse() {
      child.stdin.write('\n');
      await lines.next();
    },
    async end() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.stdin.end();
      await ended;
    },
  };
}

/** Milliseconds of wall time, and of CPU. */
function once(finder, name = 'storm-absent') {
  const begin = performance.now();
  const { user, system } = process.cpuUsage();
  finder.findByNameSync(name);
  const after = process.cpuUsage();
  return {
    wall: performance.now() - begin,
    cpu: (after.user + after.system - user - system) / 1e3,
  };
}

function show(title, runs) {
  console.log(`\n${title}`);
  for (const [name, all] of runs) {
    const sorted = (what) => all.map((one) => one[what]).sort((a, b) => a - b);
    const [wall, cpu] = [sorted('wall'), sorted('cpu')];
    const at = (values, part) => values[Math.floor((values.length - 1) * part)].toFixed(2);
    console.log(
      `  ${name.padEnd(8)} ${String(all.length).padStart(6)} lookups; wall: median ${at(wall, 0.5)} ms, 99 % ${at(wall, 0.99)} ms, worst ${at(wall, 1)} ms; CPU: median ${at(cpu, 0.5)} ms, worst ${at(cpu, 1)} ms`,
    );
  }
}

async function finders() {
  return Promise.all(names.map(async (engine) => [engine, await openFinder({ engine })]));
}

/** They take turns, with a pause in between or none. */
async function storm(kind, pause) {
  const open = await finders();
  const busy =
    kind === 'nothing' ? undefined : await start('/usr/bin/python3', here('storms.py'), kind);
  const runs = new Map(names.map((name) => [name, []]));
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    for (const [name, finder] of open) runs.get(name).push(once(finder));
    await new Promise((resolve) => (pause ? setTimeout(resolve, pause) : setImmediate(resolve)));
  }
  await busy?.end();
  for (const [, finder] of open) finder.close();
  show(`${kind}, a lookup of each engine every ${pause} ms`, runs);
}

async function crowdOf(count) {
  const open = await finders();
  const folder = mkdtempSync(join(tmpdir(), 'procseek-bench-'));
  const program = join(folder, 'crowd');
  execFileSync('gcc', ['-O2', here('crowd.c'), '-o', program]);
  const crowd = await start(program, String(count));
  rmSync(folder, { recursive: true });
  const first = new Map();
  const then = new Map();
  const after = new Map();
  for (const [name, finder] of open) first.set(name, [once(finder)]);
  for (const [name, finder] of open)
    then.set(
      name,
      Array.from({ length: 9 }, () => once(finder)),
    );
  await crowd.disperse();
  for (const [name, finder] of open) after.set(name, [once(finder)]);
  await crowd.end();
  for (const [, finder] of open) finder.close();
  show(`the first lookup after ${crowd.greeting} processes of one name have come`, first);
  show('the next ones', then);
  show('the first one after all of them have gone', after);
}

for (const kind of seconds > 0 ? ['nothing', 'names', 'forks', 'execs'] : []) {
  await storm(kind, 0);
  await storm(kind, 50);
}
await crowdOf(crowd);
