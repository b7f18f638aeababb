// What lookups cost by each engine on this host, against bare loops and psutil, side by side.
//
//   npm run build:js && node bench/engines.mjs [processes] [threads] [opening]
//
// As root. Needs python3 and python3-psutil; for the bare program in the kernel also gcc, clang,
// bpftool and libbpf-dev.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const { findByNameSync, openFinder, scanSync } = require('../dist/index.js');
const binding = require('node-gyp-build')(fileURLToPath(new URL('..', import.meta.url)));

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'procseek-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const rounds = 9;
const absent = 'bench-absent';

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Somebody who says, line by line, what so many runs cost. */
function externalSubject(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    end: () => child.stdin.end(),
    async cost(runs) {
      child.stdin.write(`${runs}\n`);
      return Number((await lines.next()).value);
    },
  };
}

function subject(run) {
  return {
    end() {},
    async cost(runs) {
      const before = process.cpuUsage();
      for (let i = 0; i < runs; i++) run();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / runs;
    },
  };
}

function bareProgram() {
  const [object, skeleton] = ['count.o', 'count.skel.h'].map((file) => join(folder, file));
  const program = join(folder, 'bare');
  const triplet = spawnSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).stdout?.trim();
  const include = ['-I', `/usr/include/${triplet}`];
  const target = ['--target=bpfel', '-mcpu=v3', '-O2', '-g'];
  const steps = [
    ['clang', [...target, ...include, '-c', here('bare_bpf/count.bpf.c'), '-o', object]],
    ['bpftool', ['gen', 'skeleton', '-L', object, 'name', 'count']],
    ['gcc', ['-O2', '-I', folder, here('bare_bpf/main.c'), '-o', program]],
  ];
  for (const [command, args] of steps) {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) {
      console.log(`No bare program: ${stderr || command}`);
      return undefined;
    }
    if (command === 'bpftool') writeFileSync(skeleton, stdout);
  }
  return externalSubject(program, []);
}

async function sleepers(kind, count) {
  const child = spawn('/usr/bin/python3', [here('sleepers.py'), kind, String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  return async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.stdin.end();
    await ended;
  };
}

function drain(rows) {
  for (const _ of rows);
}

/** Medians, in microseconds of CPU per run, of rounds in which all take their turn. */
async function measure(subjects) {
  const costs = new Map();
  for (const [name, one] of subjects) {
    const first = await one.cost(2);
    const runs = Math.max(2, Math.min(5000, Math.ceil(40_000 / first)));
    costs.set(name, { runs, all: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, one] of subjects) {
      const { runs, all } = costs.get(name);
      all.push(await one.cost(runs));
    }
  }
  return new Map([...costs].map(([name, { all }]) => [name, median(all)]));
}

function show(title, costs, against) {
  console.log(`\n${title}`);
  for (const [name, cost] of costs) {
    const ratios = against
      .filter((other) => costs.has(other) && other !== name)
      .map((other) => `${(costs.get(other) / cost).toFixed(2)}x less than ${other}`);
    console.log(`  ${name.padEnd(34)} ${cost.toFixed(1).padStart(10)} us   ${ratios.join(', ')}`);
  }
}

async function finders(options) {
  return Promise.all(options.map(async (one) => [one, await openFinder(one)]));
}

const label = ({ engine, iteration }) => (iteration ? `${engine} (${iteration})` : engine);

const allEngines = [
  { engine: 'bpf', iteration: 'processes' },
  { engine: 'bpf', iteration: 'threads' },
  { engine: 'events' },
  { engine: 'procfs' },
];

async function atSize(count) {
  const present = readdirSync('/proc').filter((name) => /^\d/.test(name)).length;
  const end = await sleepers('processes', count - present - 1);
  const open = await finders(allEngines);
  const names = new Map([
    ['bare comm loop', subject(() => binding.floor(0, 0))],
    ['bare directory pass', subject(() => binding.floor(3, 0))],
    ...open.map(([one, finder]) => [label(one), subject(() => finder.findByNameSync(absent))]),
    ['no finder', subject(() => findByNameSync(absent))],
    ['psutil', externalSubject('/usr/bin/python3', [here('psutil_names.py')])],
  ]);
  const bare = bareProgram();
  if (bare) names.set('bare program', bare);
  const references = ['bare comm loop', 'bare directory pass', 'bare program', 'psutil'];
  show(`${count} processes, findByNameSync, absent`, await measure(names), references);
  const many = Array.from({ length: 1000 }, (_, i) => `bench-absent-${i}`);
  const several = new Map(
    open.flatMap(([one, finder]) =>
      [10, 1000].map((size) => [
        `${label(one)}, ${size} names`,
        subject(() => finder.findByNameSync(many.slice(0, size))),
      ]),
    ),
  );
  show('10 and 1,000 names', await measure(several), []);
  const scans = new Map([
    ['bare stat loop', subject(() => binding.floor(1, 0))],
    ...open.map(([one, finder]) => [label(one), subject(() => drain(finder.scanSync()))]),
    ['no finder', subject(() => drain(scanSync()))],
  ]);
  show('scanSync, default fields', await measure(scans), ['bare stat loop']);
  for (const [one, finder] of open) {
    const perProcess = finder.memory / count;
    console.log(`  ${label(one)} remembers ${finder.memory} bytes (${perProcess.toFixed(1)} each)`);
    finder.close();
  }
  for (const one of names.values()) one.end();
  await end();
}

async function withThreads(count) {
  const end = await sleepers('threads', count);
  const open = await finders([...allEngines, { engine: 'auto' }]);
  const names = new Map([
    ['bare comm loop', subject(() => binding.floor(0, 0))],
    ...open.map(([one, finder]) => [label(one), subject(() => finder.findByNameSync(absent))]),
  ]);
  show(`${count} idle threads, findByNameSync, absent`, await measure(names), ['procfs']);
  console.log(`  auto is ${open.at(-1)[1].engine}`);
  for (const [, finder] of open) finder.close();
  await end();
}

/** The first lookup of a finder against one without, and what opening it takes. */
async function opening(count) {
  const end = await sleepers('processes', count);
  const time = (run) => {
    const before = performance.now();
    run();
    return performance.now() - before;
  };
  console.log(`\nopening, and the first lookup, at ${count} processes more (wall time, medians)`);
  const without = [];
  for (let i = 0; i < rounds; i++) without.push(time(() => findByNameSync(absent)));
  console.log(`  without a finder ${median(without).toFixed(2)} ms`);
  for (const one of allEngines) {
    const opens = [];
    const firsts = [];
    for (let i = 0; i < rounds; i++) {
      const before = performance.now();
      const finder = await openFinder(one);
      opens.push(performance.now() - before);
      firsts.push(time(() => finder.findByNameSync(absent)));
      finder.close();
    }
    const more = median(firsts) - median(without);
    console.log(
      `  ${label(one).padEnd(18)} open ${median(opens).toFixed(2)} ms, first ${median(firsts).toFixed(2)} ms (${more.toFixed(2)} more)`,
    );
  }
  await end();
}

const sections = {
  processes: async () => {
    await atSize(1000);
    await atSize(10_000);
  },
  threads: () => withThreads(20_000),
  opening: async () => {
    await opening(1000);
    await opening(10_000);
  },
};
const chosen = process.argv.slice(2);
for (const [name, section] of Object.entries(sections)) {
  if (chosen.length === 0 || chosen.includes(name)) await section();
}
