/** Every kind of lookup on this machine, and an honest comparison of what each costs. */
import {
  exists,
  fieldNames,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  scan,
} from 'procseek';
import { fsSync } from '../bench/contenders/node_fs.js';
import type { QuestionId } from '../bench/report.js';
import { printable, printableJson } from '../printable.js';

const absent = 'procseek-absent';

export async function demo(): Promise<number> {
  heading('By PID', `await findByPid(${process.pid}, { fields: ['name', 'exe', 'rss'] })`);
  show(await findByPid(process.pid, { fields: ['name', 'exe', 'rss'] }));

  const self = await findByPid(process.pid);
  const name = self?.name ?? 'node';
  heading('By name', `await findByName('${name}')`);
  for (const found of await findByName(name)) show(found);

  heading('As a stream', 'for await (const { pid, name } of scan()) …');
  const names: string[] = [];
  for await (const found of scan()) names.push(found.name);
  process.stdout.write(
    `  ${names.length} processes: ${[...new Set(names)].slice(0, 8).map(printable).join(', ')}, …\n`,
  );

  heading('What a question costs here', 'CPU time, user and system; median');
  compare();
  return 0;
}

function heading(title: string, how: string): void {
  process.stdout.write(`\n${title}   ${printable(how)}\n`);
}

function show(record: unknown): void {
  process.stdout.write(`  ${printableJson(record)}\n`);
}

function compare(): void {
  const point = cost(() => findByPidSync(process.pid));
  const byName = cost(() => findByNameSync(absent));
  const everyComm = cost(rival('name-absent'));
  const fullScan = cost(rival('all-default'));
  const rows: [string, number, string][] = [
    ['exists(pid)', cost(() => exists(process.pid)), ''],
    ['findByPidSync(pid)', point, ''],
    [
      `  every field (${fieldNames.length})`,
      cost(() => findByPidSync(process.pid, { fields: fieldNames })),
      '',
    ],
    ['findByNameSync, no such name', byName, ''],
    ['node:fs, the comm of every process', everyComm, ratio(everyComm, byName, 'by name')],
    ['full scan, then match *', fullScan, ratio(fullScan, byName, 'by name')],
    ['', Number.NaN, ratio(fullScan, point, 'by PID')],
  ];
  for (const [what, microseconds, against] of rows) {
    const shown = Number.isNaN(microseconds) ? '' : `${microseconds.toFixed(1)} µs`;
    process.stdout.write(`  ${what.padEnd(36)}${shown.padStart(12)}  ${against}\n`);
  }
  process.stdout.write(
    '\n  * stat, status, cmdline and exe of every process by node:fs, as libraries do that load the\n' +
      '    process table to find one row. The gap to a lookup by PID grows with the number of\n' +
      '    processes; reading every comm by node:fs is the honest rival by name. `procseek bench`\n' +
      '    measures more, and others.\n',
  );
}

/** The same question, as a careful author asks it by node:fs. */
function rival(question: QuestionId): () => unknown {
  const targets = { absentName: absent, commonName: '', longName: '', pidName: '' };
  const pids = { pid: process.pid, longPid: 0, commonPids: [] };
  const ask = fsSync.question(question, { ...targets, ...pids });
  if (ask === undefined) throw new Error(`node:fs has no answer to ${question}`);
  return () => ask.ask();
}

function ratio(cost: number, base: number, what: string): string {
  return `${(cost / base).toFixed(1)} × the lookup ${what}`;
}

/** Microseconds of CPU time per call: the median of several rounds of some milliseconds each. */
function cost(question: () => unknown): number {
  const rounds: number[] = [];
  let calls = 1;
  while (rounds.length < 15) {
    const before = process.cpuUsage();
    for (let i = 0; i < calls; i++) question();
    const { user, system } = process.cpuUsage(before);
    if (user + system < 3000 && calls < 100_000) calls *= 2;
    else rounds.push((user + system) / calls);
  }
  rounds.sort((a, b) => a - b);
  return rounds[rounds.length >> 1] ?? Number.NaN;
}
