// Holds the core's lookups against the floor (bench/floor.c), plain fs and psutil: CPU time, one
// round of each in turn, medians, without privileges. Linux; needs a C compiler.
//
//   node bench/core.mjs [--processes 1000,10000] [--rounds 31]
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '1000,10000' },
    rounds: { type: 'string', default: '31' },
  },
});
const here = fileURLToPath(new URL('.', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'procseek-bench-'));
const floor = join(directory, 'floor');
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

/** A process that answers lines by lines. */
class Contender {
  constructor(command, ...args) {
    this.child = spawn(command, args, { ...nobody, stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }
  async line() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.child.spawnargs.join(' ')} ended early`);
    return value;
  }
  async ask(question) {
    this.child.stdin.write(`${question}\n`);
    const [ns, count] = (await this.line()).split(' ').map(Number);
    return { ns, count };
  }
  async end() {
    this.child.stdin.end();
    await new Promise((resolve) => this.child.once('close', resolve));
  }
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function measure(extra, rounds) {
  const sleepers = new Contender(floor, 'spawn', String(extra));
  await sleepers.line();
  const c = new Contender(floor);
  const js = new Contender(process.execPath, join(here, 'node_contenders.cjs'));
  const python = new Contender('/usr/bin/python3', join(here, 'psutil_names.py'));
  const cases = [
    ['bare comm loop', c, 'comm'],
    ['findByNameSync, absent', js, 'name sync', 'bare comm loop', '<= 1.10'],
    ['findByName, absent', js, 'name async', 'bare comm loop', '<= 1.15'],
    ['sync fs, every comm', js, 'fs sync', 'findByNameSync, absent', '>= 2.4'],
    ["psutil process_iter(['name'])", python, 'names', 'findByNameSync, absent', '>= 6'],
    ['bare stat loop', c, 'stat'],
    ['scanSync, default fields', js, 'scan', 'bare stat loop', '<= 1.15'],
    ['bare stat of one PID', c, `pid ${process.pid}`],
    ['findByPidSync, default fields', js, 'pid', 'bare stat of one PID', '<= 2'],
  ];
  const samples = new Map(cases.map(([name]) => [name, []]));
  for (let round = -5; round < rounds; round++) {
    for (const [name, contender, question] of cases) {
      const { ns } = await contender.ask(question);
      if (round >= 0) samples.get(name).push(ns);
    }
  }
  const { count } = await c.ask('comm');
  console.log(`\n${count} processes, ${rounds} rounds, median CPU time`);
  for (const [name, , , base, goal] of cases) {
    const all = samples.get(name);
    const ratio = base ? median(all.map((ns, i) => ns / samples.get(base)[i])) : 0;
    const against = base ? `${ratio.toFixed(2)} x ${base} (goal ${goal})` : '';
    console.log(
      `${name.padEnd(30)} ${(median(all) / 1000).toFixed(1).padStart(10)} us  ${against}`,
    );
  }
  for (const contender of [c, js, python, sleepers]) await contender.end();
}

try {
  execFileSync('cc', ['-O2', '-o', floor, join(here, 'floor.c')]);
  if (nobody.uid) execFileSync('chmod', ['-R', 'a+rX', directory]);
  for (const extra of values.processes.split(','))
    await measure(Number(extra), Number(values.rounds));
} finally {
  rmSync(directory, { recursive: true });
}
