/** A benchmark run, from lining up to the report. */
import { setTimeout as sleep } from 'node:timers/promises';
import { findByNameSync, findByPidSync } from 'procseek';
import { version } from '../../package.json';
import { observe } from './conditions.js';
import type { Targets } from './contender.js';
import { type Crowd, crowdName } from './crowd.js';
import { countTasks, describeHost } from './host.js';
import { lineUp } from './lineup.js';
import { judgeNoise, typicalDrift } from './noise.js';
import { type Options, runParts } from './options.js';
import { pileUp } from './pile_up.js';
import { progressOn } from './progress.js';
import { survey } from './questions.js';
import { type Report, reportVersion } from './report.js';
import { byProcesses, byThreads, type ScaleOptions } from './scale.js';

/** A crowd of a few is always there: the first of many is looked for among them. */
export const fewSleepers = 8;
const longName = `bench-script-of-a-very-long-name-${process.pid}`;

/** Milliseconds. */
const quickPileUp = { duration: 1_500, period: 100 };
const fullPileUp = { duration: 15_000, period: 1_000 };
/** A quick run is over after 20 s: what is left is for the report, and for everybody to end. */
const quickTime = 16_500;
const quickPatience = 3_000;
const fullPatience = 120_000;

export interface Crowds {
  /** There throughout. */
  few: Crowd;
  /** There while the questions are asked and lookups pile up, as many as the user wants. */
  many: Crowd;
}

/** `elapsed` is for how many milliseconds this process has run already. */
export async function run(options: Options, crowds: Crowds, elapsed: number): Promise<Report> {
  const { quick, processes, questions: ids, parts, command } = options;
  const { few, many } = crowds;
  const limit = quick ? quickTime - elapsed : options.minutes * 60_000;
  const time = parts.includes('questions') ? limit : Number.POSITIVE_INFINITY;
  const deadline = Date.now() + time;
  const progress = progressOn(process.stderr, quick ? time : Number.POSITIVE_INFINITY);
  const told = observe(); // before the run itself is part of the load
  await few.addProcesses(fewSleepers);
  await many.addProcesses(processes);
  const targets = await findTargets(few);
  progress.step('looking for who is installed here');
  const patience = quick ? quickPatience : fullPatience;
  const { participants, absent } = await lineUp(targets, patience);
  try {
    const host = describeHost(processes + fewSleepers + 1);
    const effort = quick ? { rounds: 6, budget: 30 } : { rounds: 3, budget: 120 };
    const asked = { ids: parts.includes('questions') ? ids : [], participants, targets };
    const { questions, leftOut } = await survey({
      ...{ ...asked, ...effort, isRanked: Number.isFinite(time), deadline, progress },
    });
    const noise = judgeNoise(host, { ...told(), drift: typicalDrift(questions) });
    const how = { participants, targets, progress };
    const pile = parts.includes('pile-up')
      ? await pileUp({ ...how, ...(quick ? quickPileUp : fullPileUp) })
      : null;
    await many.end();
    // Two dozen idle processes would hide what a small host is like.
    for (const participant of participants) participant.rest();
    const scale = parts.includes('scale') ? await measureScale(how, quick) : nothingScaled;
    return {
      version: reportVersion,
      procseek: version,
      takenAt: new Date().toISOString(),
      command,
      quick,
      host,
      noise,
      contenders: participants.map(({ id, title, version }) => ({ id, title, version })),
      absent,
      questions,
      ...scale,
      leftOut: [...leftOut, ...scale.leftOut, ...notAsked(options)],
      pileUp: pile,
    };
  } finally {
    progress.done();
    for (const participant of participants) participant.end();
  }
}

const nothingScaled = { byProcesses: [], byThreads: [], leftOut: [] };

function notAsked({ quick, parts }: Options): string[] {
  const why = quick ? 'not in a quick run' : 'not asked for';
  return runParts.filter((part) => !parts.includes(part)).map((part) => `${part}: ${why}`);
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

async function measureScale(how: Omit<ScaleOptions, 'budget'>, quick: boolean) {
  await sleep(500); // for the last of them to be gone
  const present = countTasks();
  const options = {
    ...how,
    targets: { ...how.targets, commonPids: findCrowd() },
    budget: quick ? 20 : 400,
  };
  const sizes = quick ? [100, 500] : [100, 1_000, 5_000, 10_000];
  const processes = await byProcesses(sizes, present.processes, options);
  const threads = quick
    ? { series: [], leftOut: ['threads: not in a quick run'] }
    : await byThreads([1_000, 5_000, 20_000], present.threads, options);
  return {
    byProcesses: processes.series,
    byThreads: threads.series,
    leftOut: [...processes.leftOut, ...threads.leftOut],
  };
}
