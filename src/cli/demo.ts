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
import type { JsContender } from '../bench/contender.js';
import { fsSync } from '../bench/contenders/node_fs.js';
import { processTable } from '../bench/contenders/process_table.js';
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
  const oneStat = cost(rival(fsSync, 'pid'));
  const everyComm = cost(rival(fsSync, 'name-absent'));
  const table = cost(rival(processTable, 'name-absent'));
  const rows: [string, number, string][] = [
    ['exists(pid)', cost(() => exists(process.pid)), ''],
    ['findByPidSync(pid)', point, ''],
    [
      `  every field (${fieldNames.length})`,
      cost(() => findByPidSync(process.pid, { fields: fieldNames })),
      '',
    ],
    ['careful node:fs, its stat', oneStat, ratio(oneStat, point, 'by PID')],
    ['findByNameSync, no such name', byName, ''],
    ['careful node:fs, every comm', everyComm, ratio(everyComm, byName, 'by name')],
    ['the whole table, then a match *', table, ratio(table, byName, 'by name')],
    ['', Number.NaN, ratio(table, point, 'by PID')],
  ];
  for (const [what, microseconds, against] of rows) {
    const shown = Number.isNaN(microseconds) ? '' : `${microseconds.toFixed(1)} µs`;
    process.stdout.write(`  ${what.padEnd(36)}${shown.padStart(12)}  ${against}\n`);
  }
  process.stdout.write(
    '\n  * stat, status, cmdline and exe of every process by node:fs, as libraries do that load the\n' +
      '    process table to find one row. Its cost grows with the number of processes, that of a\n' +
      '    lookup by PID does not. The careful rows are the honest rivals; `procseek bench` measures\n' +
      '    more, and others.\n',
  );
}

/** The same question, as another asks it. */
function rival(contender: JsContender, question: QuestionId): () => unknown {
  const targets = { absentName: absent, commonName: '', longName: '', pidName: '' };
  const pids = { pid: process.pid, longPid: 0, commonPids: [] };
  const ask = contender.question(question, { ...targets, ...pids });
  if (ask === undefined) throw new Error(`${contender.title} has no answer to ${question}`);
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
