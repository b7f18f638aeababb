/**
 * The story this library exists for: a scheduled lookup on a device with too little CPU. Once as a
 * full scan that nobody keeps from overlapping, once with findByName().
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { findByPidSync } from 'procseek';
import type { Targets } from './contender.js';
import { jsContenders } from './contenders/index.js';
import type { PileUp, PileUpRun, PileUpSample } from './report.js';
import { starve } from './starve.js';

/** What the starved process tells of itself. */
interface Tally {
  ticks: number;
  answered: number;
}

interface Schedule {
  contender: 'fs-promises' | 'procseek-async';
  period: number;
  targets: Targets;
}

const sampleEvery = 100; // milliseconds

export async function pileUp(
  targets: Targets,
  { duration, period }: { duration: number; period: number },
): Promise<PileUp> {
  const runs: PileUpRun[] = [];
  let starvedBy = '';
  for (const contender of ['fs-promises', 'procseek-async'] as const) {
    const { run, how } = await starved({ contender, period, targets }, duration);
    runs.push(run);
    starvedBy = how;
  }
  return { period, duration, starvedBy, summary: summarize(runs, period), runs };
}

async function starved(schedule: Schedule, duration: number) {
  const child = fork(process.argv[1] ?? '', ['bench-agent'], { serialization: 'json' });
  const pid = child.pid ?? 0;
  const tally: Tally = { ticks: 0, answered: 0 };
  await once(child, 'message'); // it has loaded, which is not part of the story
  child.on('message', (told: Tally) => Object.assign(tally, told));
  const starvation = starve(pid);
  try {
    child.send(schedule);
    const samples = await watch(pid, tally, schedule.period, duration);
    return { run: summarizeRun(schedule.contender, samples, tally), how: starvation.how };
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await sleep(50); // until the kernel has let go of its control group
    starvation.end();
  }
}

/** From outside: the starved process would be late. */
async function watch(pid: number, tally: Tally, period: number, duration: number) {
  const samples: PileUpSample[] = [];
  const start = performance.now();
  for (let at = 0; at < duration; at = performance.now() - start) {
    const due = Math.floor(at / period);
    samples.push({
      at: Math.round(at),
      inFlight: tally.ticks - tally.answered,
      rss: findByPidSync(pid, { fields: ['rss'] })?.rss ?? 0,
      missed: Math.max(0, due - tally.ticks),
    });
    await sleep(sampleEvery);
  }
  return samples;
}

function summarizeRun(contender: string, samples: PileUpSample[], tally: Tally): PileUpRun {
  return {
    contender,
    ...tally,
    mostInFlight: Math.max(...samples.map(({ inFlight }) => inFlight)),
    mostRss: Math.max(...samples.map(({ rss }) => rss)),
    missed: samples[samples.length - 1]?.missed ?? 0,
    samples,
  };
}

function summarize(runs: readonly PileUpRun[], period: number): string {
  const said = runs.map(({ contender, ticks, answered, mostInFlight, mostRss, samples }) => {
    const grown = Math.max(0, mostRss - (samples[0]?.rss ?? 0)) / 2 ** 20;
    const who = contender === 'procseek-async' ? 'findByName()' : 'a full scan';
    return `${who} answered ${answered} of ${ticks} lookups, had up to ${mostInFlight} in flight and grew by up to ${grown.toFixed(0)} MiB`;
  });
  return `Asked every ${period} ms on a starved CPU, ${said.join('; ')}.`;
}

/** The entry of the starved process. */
export function runAgent(): void {
  process.on('disconnect', () => process.exit());
  process.once('message', ({ contender, period, targets }: Schedule) => {
    const tally: Tally = { ticks: 0, answered: 0 };
    const look = lookup(contender, targets);
    setInterval(() => {
      tally.ticks++;
      process.send?.(tally);
      Promise.resolve(look()).then(() => {
        tally.answered++;
        process.send?.(tally);
      });
    }, period);
  });
  process.send?.('ready');
}

/** The story's full scan loads every process with every field that a table shows, and matches. */
function lookup(contender: Schedule['contender'], targets: Targets): () => unknown {
  const question = contender === 'fs-promises' ? 'all-default' : 'name-absent';
  const ask = jsContenders.find(({ id }) => id === contender)?.question(question, targets);
  return () => ask?.ask();
}
