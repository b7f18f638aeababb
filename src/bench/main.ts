/** `procseek bench`: what each question costs on this host, with this library and with others. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findByNameSync, findByPidSync } from 'procseek';
import { version } from '../../package.json';
import type { Targets } from './contender.js';
import { Crowd, crowdName, whyNot } from './crowd.js';
import { describeHost } from './host.js';
import { lineUp } from './lineup.js';
import type { Participant } from './participant.js';
import { pileUp } from './pile_up.js';
import { askAll, type Effort, questionTitles } from './questions.js';
import { renderHtml } from './render/html.js';
import { renderMarkdown } from './render/markdown.js';
import { renderText } from './render/text.js';
import { type QuestionId, type Report, reportVersion } from './report.js';
import { byProcesses, byThreads } from './scale.js';

export const benchUsage = `procseek bench [--quick] [--processes N] [--json FILE] [--markdown FILE] [--html FILE]

  --quick          20 seconds at most, instead of some minutes
  --processes N    adds N sleeping processes while the questions are asked
  --json FILE      writes the report; so do --markdown and --html
`;

interface Options {
  quick: boolean;
  processes: number;
  files: Partial<Record<'json' | 'markdown' | 'html', string>>;
}

/** A crowd of a few is always there: the first of many is looked for among them. */
const fewSleepers = 8;
const longName = `bench-script-of-a-very-long-name-${process.pid}`;

function parseOptions(argv: string[]): Options | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      processes: { type: 'string', default: '0' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      html: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const processes = Number(values.processes);
  if (!Number.isInteger(processes) || processes < 0) {
    throw new Error(`--processes takes a whole number, not ${values.processes}`);
  }
  const { quick, json, markdown, html } = values;
  const files = { ...(json && { json }), ...(markdown && { markdown }), ...(html && { html }) };
  return { quick, processes, files };
}

export async function bench(argv: string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options === undefined) {
    process.stdout.write(benchUsage);
    return 0;
  }
  const reason = whyNot(options.processes + fewSleepers);
  if (reason !== undefined) throw new Error(reason);
  const crowds = { few: new Crowd(), many: new Crowd() };
  const end = () => Promise.all([crowds.few.end(), crowds.many.end()]);
  // Ctrl-C and the like: the sleepers end with this process, what they lie in has to be removed.
  process.once('SIGINT', () => end().finally(() => process.exit(130)));
  process.once('SIGTERM', () => end().finally(() => process.exit(143)));
  try {
    const report = await run(options, crowds, `npx procseek bench ${argv.join(' ')}`.trim());
    process.stdout.write(renderText(report));
    write(report, options.files);
  } finally {
    await end();
  }
  return 0;
}

function write(report: Report, { json, markdown, html }: Options['files']): void {
  if (json) writeFileSync(json, `${JSON.stringify(report, null, 1)}\n`);
  if (markdown) writeFileSync(markdown, renderMarkdown(report));
  if (html) writeFileSync(html, renderHtml(report));
}

/** Where there is somebody to read it, and out of the way of what is printed. */
function progress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${message}`);
}

interface Crowds {
  /** There throughout. */
  few: Crowd;
  /** There while the questions are asked, as many as the user wants. */
  many: Crowd;
}

async function run(
  { quick, processes }: Options,
  { few, many }: Crowds,
  command: string,
): Promise<Report> {
  const start = performance.now();
  await few.addProcesses(fewSleepers);
  await many.addProcesses(processes);
  const targets = await findTargets(few);
  const { participants, absent } = await lineUp(targets);
  const leftOut: string[] = [];
  const effort: Effort = quick
    ? { budget: 30, rounds: 1, patience: 1_000, leftOut }
    : { budget: 600, rounds: 3, patience: Number.POSITIVE_INFINITY, leftOut };
  try {
    const host = describeHost(processes + fewSleepers + 1);
    const questions = await ask(participants, targets, effort);
    await many.end();
    const fewTargets = { ...targets, commonPids: findCrowd() };
    const scale = await measureScale(participants, fewTargets, quick, start);
    progress('a scheduled lookup on a starved CPU');
    const piled = await pileUp(targets, quick ? 2_000 : 20_000, quick ? 200 : 1_000);
    progress('');
    return {
      version: reportVersion,
      procseek: version,
      takenAt: new Date().toISOString(),
      command,
      quick,
      host,
      contenders: participants.map(({ id, title, version }) => ({ id, title, version })),
      absent,
      questions,
      ...scale,
      leftOut: [...leftOut, ...scale.leftOut],
      pileUp: piled,
    };
  } finally {
    for (const participant of participants) await participant.end();
  }
}

async function findTargets(crowd: Crowd): Promise<Targets> {
  const longPid = await crowd.addLongNamed(longName);
  const self = findByPidSync(process.pid);
  return {
    pid: process.pid,
    pidName: self?.name ?? 'node',
    absentName: 'procseek-bench-absent',
    commonName: crowdName,
    commonPids: findCrowd(),
    longName,
    longPid,
  };
}

function findCrowd(): number[] {
  return findByNameSync(crowdName).map(({ pid }) => pid);
}

async function ask(participants: readonly Participant[], targets: Targets, effort: Effort) {
  const results: Report['questions'] = [];
  for (const id of Object.keys(questionTitles) as QuestionId[]) {
    progress(questionTitles[id]);
    results.push(await askAll(id, participants, targets, effort));
  }
  return results;
}

async function measureScale(
  participants: readonly Participant[],
  targets: Targets,
  quick: boolean,
  start: number,
) {
  const host = describeHost(0);
  const options = {
    participants,
    targets,
    budget: quick ? 20 : 600,
    deadline: quick ? start + 12_000 : Number.POSITIVE_INFINITY,
    progress,
  };
  const sizes = quick ? [100, 500] : [100, 1_000, 5_000, 10_000];
  const processes = await byProcesses(sizes, host.processes, options);
  const threads = quick
    ? { series: [], leftOut: ['threads: not in a quick run'] }
    : await byThreads([1_000, 5_000, 20_000], host.threads, options);
  return {
    byProcesses: processes.series,
    byThreads: threads.series,
    leftOut: [...processes.leftOut, ...threads.leftOut],
  };
}
