/**
 * The story this library exists for: a lookup by name on a schedule, on a device with too little
 * CPU. By the library and by others, with a guard that keeps lookups from overlapping and without.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { children, findByPid } from 'procseek';
import type { Schedule, Tally, Targets } from './contender.js';
import { jsContenders } from './contenders/index.js';
import { countTasks } from './host.js';
import { ExternalParticipant, type Participant } from './participant.js';
import type { Progress } from './progress.js';
import type { PileUp, PileUpRun, PileUpSample } from './report.js';
import { kill, startProgram, startSelf } from './started.js';
import { starve } from './starve.js';

/** Whoever of them is there: what people look processes up with, beside the plain way. */
const asked = ['procseek-async', 'fs-promises', 'psutil', 'gopsutil', 'find-process'];

const sampleEvery = 100; // milliseconds

export interface PileUpOptions {
  participants: readonly Participant[];
  targets: Targets;
  /** Milliseconds of each run, and between ticks. */
  duration: number;
  period: number;
  progress: Progress;
}

export async function pileUp(options: PileUpOptions): Promise<PileUp> {
  const { participants, targets, duration, period, progress } = options;
  const present = asked.flatMap((id) => participants.find((one) => one.id === id) ?? []);
  progress.expect(2 * present.length);
  const runs: PileUpRun[] = [];
  let starvedBy = '';
  for (const participant of present) {
    for (const guarded of [false, true]) {
      progress.step(`on a starved CPU: ${participant.title}${guarded ? ', guarded' : ''}`);
      const schedule = { name: targets.absentName, period, guarded };
      const { run, how } = await starved(participant, schedule, duration);
      runs.push(run);
      starvedBy = how;
    }
  }
  return { period, duration, starvedBy, processes: countTasks().processes, runs };
}

/** A process that waits to be told the schedule, and then tells what becomes of it. */
interface Agent {
  child: ChildProcess;
  tell(schedule: Schedule): void;
}

async function startAgent(participant: Participant, hear: (told: Tally) => void): Promise<Agent> {
  if (participant instanceof ExternalParticipant) {
    const { command, args } = participant.prepared;
    const child = startProgram(command, [...args, 'agent']);
    child.stdin.on('error', () => {}); // it may be ended while it is told
    createInterface({ input: child.stdout }).on('line', (line) => hear(JSON.parse(line)));
    await sleep(500); // it loads, which is not part of the story
    return { child, tell: (schedule) => child.stdin.write(`${JSON.stringify(schedule)}\n`) };
  }
  const child = startSelf('bench-agent');
  await once(child, 'message'); // likewise
  child.on('message', hear);
  return { child, tell: (schedule) => child.send({ contender: participant.id, ...schedule }) };
}

async function starved(participant: Participant, schedule: Schedule, duration: number) {
  const tally: Tally = { ticks: 0, answered: 0, skipped: 0 };
  const { child, tell } = await startAgent(participant, (told) => Object.assign(tally, told));
  const starvation = starve(child.pid ?? 0);
  try {
    tell(schedule);
    const samples = await watch(child.pid ?? 0, tally, schedule.period, duration);
    const run = summarizeRun(participant.id, schedule.guarded, samples, tally);
    return { run, how: starvation.how };
  } finally {
    kill(child);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await starvation.end();
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
      inFlight: tally.ticks - tally.answered - tally.skipped,
      rss: await memory(pid),
      missed: Math.max(0, due - tally.ticks),
    });
    await sleep(sampleEvery);
  }
  return samples;
}

async function memory(pid: number): Promise<number> {
  const fields = ['rss'] as const;
  const all = [
    await findByPid(pid, { fields }),
    ...(await children(pid, { recursive: true, fields })),
  ];
  return all.reduce((sum, one) => sum + (one?.rss ?? 0), 0);
}

function summarizeRun(
  contender: string,
  guarded: boolean,
  samples: PileUpSample[],
  tally: Tally,
): PileUpRun {
  return {
    contender,
    guarded,
    ...tally,
    mostInFlight: Math.max(...samples.map(({ inFlight }) => inFlight)),
    mostRss: Math.max(...samples.map(({ rss }) => rss)),
    missed: samples.at(-1)?.missed ?? 0,
    samples,
  };
}

/** The entry of the starved process. */
export function runAgent(): void {
  process.on('disconnect', () => process.exit());
  process.once('message', (told: Schedule & { contender: string }) => {
    look(told).catch((error: unknown) => {
      process.stderr.write(`procseek: ${error instanceof Error ? error.message : error}\n`);
      process.exit(1);
    });
  });
  process.send?.('ready');
}

async function look({ contender, name, period, guarded }: Schedule & { contender: string }) {
  const found = jsContenders.find(({ id }) => id === contender);
  const others = { pid: 0, pidName: '', commonName: '', commonPids: [], longName: '', longPid: 0 };
  const ask = found?.question('name-absent', { ...others, absentName: name });
  if (ask === undefined) throw new Error(`${contender} looks nothing up by name`);
  const tally: Tally = { ticks: 0, answered: 0, skipped: 0 };
  const count = (what: keyof Tally) => {
    tally[what]++;
    process.send?.(tally);
  };
  setInterval(() => {
    count('ticks');
    if (guarded && tally.ticks - 1 > tally.answered + tally.skipped) return count('skipped');
    Promise.resolve(ask.ask()).then(() => count('answered'));
  }, period);
}
