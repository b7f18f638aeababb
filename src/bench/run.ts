/** A benchmark run, from lining up to the report. */
import { setTimeout as sleep } from 'node:timers/promises';
import { findByNameSync, findByPidSync } from 'procseek';
import { version } from '../../package.json';
import type { Targets } from './contender.js';
import { type Crowd, crowdName } from './crowd.js';
import { describeHost } from './host.js';
import { lineUp } from './lineup.js';
import type { Options } from './options.js';
import type { Participant } from './participant.js';
import { pileUp } from './pile_up.js';
import { askAll, type Effort, questionTitles } from './questions.js';
import { type QuestionId, type Report, reportVersion } from './report.js';
import { byProcesses, byThreads } from './scale.js';

/** A crowd of a few is always there: the first of many is looked for among them. */
export const fewSleepers = 8;
const longName = `bench-script-of-a-very-long-name-${process.pid}`;

/** Milliseconds. */
const quickPileUp = { duration: 2_000, period: 200 };
const fullPileUp = { duration: 20_000, period: 1_000 };

/** Where there is somebody to read it, and out of the way of what is printed. */
function progress(message: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${message}`);
}

export interface Crowds {
  /** There throughout. */
  few: Crowd;
  /** There while the questions are asked and lookups pile up, as many as the user wants. */
  many: Crowd;
}

export async function run(
  { quick, processes, questions: ids, isPartial }: Options,
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
    ? {
        budget: 30,
        rounds: 1,
        patience: (start + 8_000 - performance.now()) / ids.length,
        leftOut,
      }
    : { budget: 360, rounds: 3, patience: Number.POSITIVE_INFINITY, leftOut };
  try {
    const host = describeHost(processes + fewSleepers + 1);
    const questions = await ask(ids, participants, targets, effort);
    progress('a scheduled lookup on a starved CPU');
    const piled = isPartial ? null : await pileUp(targets, quick ? quickPileUp : fullPileUp);
    await many.end();
    // Two dozen idle processes would hide what a small host is like.
    for (const participant of participants) participant.rest();
    const fewTargets = { ...targets, commonPids: findCrowd() };
    const scale = isPartial
      ? { byProcesses: [], byThreads: [], leftOut: ['scale and pile-up: not asked for'] }
      : await measureScale(participants, fewTargets, quick, start);
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
    for (const participant of participants) participant.end();
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

async function ask(
  ids: readonly QuestionId[],
  participants: readonly Participant[],
  targets: Targets,
  effort: Effort,
) {
  const results: Report['questions'] = [];
  for (const id of ids) {
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
  await sleep(500); // for the last of them to be gone
  const host = describeHost(0);
  const options = {
    participants,
    targets,
    budget: quick ? 20 : 400,
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
