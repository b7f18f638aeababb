/**
 * The process that one JavaScript contender is measured in. Takes Tasks as messages, answers each by
 * a TaskResult, and ends when its parent does.
 */
import childProcess from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bench } from 'tinybench';
import { binding } from '../binding.js';
import type { Ask, Targets } from './contender.js';
import { jsContenders } from './contenders/index.js';
import { floor } from './floor.js';
import type { QuestionId } from './report.js';
import { type Judgement, judge, processCount } from './verify.js';

export interface Task {
  contender: string;
  question: QuestionId;
  targets: Targets;
  /** Milliseconds for each of the measurements. */
  budget: number;
  /** Milliseconds since 1970 from when on nothing more is measured than what has to be. */
  deadline: number;
  /** Counts the bytes that JavaScript allocates, instead of taking times. */
  isAllocation: boolean;
}

export interface TaskResult extends Judgement {
  /** Microseconds, of single calls. */
  wall: number[];
  /** Microseconds per call. */
  cpu: number[];
  rss: number[];
  allocated: number | null;
  spawned: number | null;
  loopDelay: number | null;
  systemCalls: number | null;
}

/** Of these, the system calls are made on the thread that counts them. */
const synchronous: readonly string[] = ['procseek-sync', 'finder-bpf', 'finder-events'];

/** One call that takes so many budgets is all that is asked for. */
export const tooSlow = 8;

let spawned = 0;

/** Contenders start processes by whatever function; each leads to one of these. */
function countSpawned(): void {
  const prototype = childProcess.ChildProcess.prototype as unknown as Record<'spawn', Callable>;
  count(prototype, 'spawn');
  const functions = childProcess as unknown as Record<string, Callable>;
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) count(functions, name);
}

type Callable = (this: unknown, ...args: unknown[]) => unknown;

function count<K extends string>(owner: Record<K, Callable>, name: K): void {
  const original = owner[name];
  owner[name] = function (...args) {
    spawned++;
    return original.apply(this, args);
  };
}

async function perform(task: Task): Promise<TaskResult> {
  const contender = [floor, ...jsContenders].find(({ id }) => id === task.contender);
  await contender?.prepare?.();
  const ask = contender?.question(task.question, task.targets);
  if (ask === undefined) throw new Error(`${task.contender} has no answer to ${task.question}`);
  const before = processCount();
  const { answer, ...first } = await askOnce(ask);
  const judgement: Judgement =
    contender === floor
      ? { verdict: 'right' }
      : judge(task.question, task.targets, ask.found(answer), before);
  const nothing = { wall: [], cpu: [], rss: [], allocated: null, spawned: null };
  const result = { ...judgement, ...nothing, loopDelay: null, systemCalls: null };
  if (judgement.verdict !== 'right') return result;
  if (task.isAllocation) return { ...result, allocated: await bytesPerCall(ask) };
  if ((first.wall[0] ?? 0) > tooSlow * task.budget * 1000) return { ...result, ...first };
  const hasTime = () => Date.now() < task.deadline;
  const calls = await warmUp(ask, task);
  const counts = await countPerCall(ask, task.contender);
  const times = await timesPerCall(ask, task.budget, calls);
  if (calls > 1) times.wall = await wallPerCall(ask, task.budget);
  const loopDelay = hasTime() ? await worstLoopDelay(ask, task.budget / 2) : null;
  return { ...result, ...counts, ...times, loopDelay };
}

async function askOnce(ask: Ask) {
  const rss = [process.memoryUsage.rss()];
  const before = { wall: performance.now(), cpu: cpuTime() };
  const answer = await ask.ask();
  const wall = [(performance.now() - before.wall) * 1000];
  return { answer, wall, cpu: [cpuTime() - before.cpu], rss: [...rss, process.memoryUsage.rss()] };
}

async function countPerCall(ask: Ask, contender: string) {
  const before = { calls: binding.systemCalls(), spawned };
  await ask.ask();
  const systemCalls = binding.systemCalls() - before.calls;
  const isCounted = synchronous.includes(contender) && systemCalls > 0;
  return { spawned: spawned - before.spawned, systemCalls: isCounted ? systemCalls : null };
}

/** In microseconds, ended child processes included. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system + binding.childrenCpuTime();
}

/** A round of calls takes so many microseconds of CPU time, for the clock's resolution not to matter. */
const roundTime = 2000;

async function round(ask: Ask, calls: number): Promise<{ cpu: number; wall: number }> {
  const before = { wall: performance.now(), cpu: cpuTime() };
  for (let i = 0; i < calls; i++) {
    const answer = ask.ask();
    if (answer instanceof Promise) await answer;
  }
  return { cpu: cpuTime() - before.cpu, wall: (performance.now() - before.wall) * 1000 };
}

/**
 * A cheap call is compiled after some thousand of them, by threads whose time would be counted.
 * Milliseconds of CPU time, which take longer on a busy host, but not so many times longer.
 */
const leastWarmUp = 60;
const mostWarmUp = 300;
const mostWaiting = 5;
/** Rounds that cost the same within so much mean that nothing is compiled any more. */
const steadiness = 1.1;

/** Asks until that costs the same each time; returns how many calls make a round. */
async function warmUp(ask: Ask, { deadline }: Task): Promise<number> {
  const end = performance.now() + mostWaiting * mostWarmUp;
  const costs: number[] = [];
  let calls = 1;
  let warmed = 0;
  while (warmed < mostWarmUp && performance.now() < end && Date.now() < deadline) {
    const { cpu } = await round(ask, calls);
    warmed += cpu / 1000;
    if (cpu < roundTime && calls < 1e6) calls *= 2;
    else if (calls === 1)
      return calls; // most of its cost is the system's, or another program's
    else costs.push(cpu / calls);
    const last = costs.slice(-4);
    const isSteady = last.length === 4 && Math.max(...last) < steadiness * Math.min(...last);
    if (isSteady && warmed > leastWarmUp) break;
  }
  return calls;
}

/** The wall times are those of single calls, where a round is one. */
async function timesPerCall(ask: Ask, budget: number, calls: number) {
  const times = { cpu: [] as number[], wall: [] as number[], rss: [process.memoryUsage.rss()] };
  const end = performance.now() + budget;
  do {
    const { cpu, wall } = await round(ask, calls);
    times.cpu.push(cpu / calls);
    times.wall.push(wall / calls);
    times.rss.push(process.memoryUsage.rss());
  } while (performance.now() < end);
  return times;
}

async function wallPerCall(ask: Ask, budget: number): Promise<number[]> {
  const bench = new Bench({
    time: budget,
    iterations: 1,
    warmup: false, // the CPU rounds were
    retainSamples: true,
    throws: true,
  });
  bench.add('ask', async () => {
    const answer = ask.ask();
    if (answer instanceof Promise) await answer;
  });
  const [task] = await bench.run();
  const result = task?.result;
  if (result === undefined || !('latency' in result)) return [];
  return thinned((result.latency.samples ?? []).map((milliseconds) => milliseconds * 1000));
}

/** Enough for a 99th percentile, without moving millions of numbers between processes. */
function thinned(samples: readonly number[]): number[] {
  const step = Math.ceil(samples.length / 5000);
  return samples.filter((_, i) => i % step === 0);
}

async function worstLoopDelay(ask: Ask, budget: number): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  const end = performance.now() + budget;
  do {
    await sleep(3);
    await ask.ask();
    await sleep(3);
  } while (performance.now() < end);
  histogram.disable();
  return histogram.max / 1e6;
}

/** Needs --expose-gc, and a young generation so large that nothing is collected meanwhile. */
async function bytesPerCall(ask: Ask): Promise<number> {
  const samples: number[] = [];
  const end = performance.now() + 1000;
  do {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await ask.ask();
    samples.push(process.memoryUsage().heapUsed - before);
  } while (samples.length < 5 && performance.now() < end);
  samples.sort((a, b) => a - b);
  return Math.max(0, samples[samples.length >> 1] ?? 0);
}

/** The entry of a worker process. */
export function work(): void {
  countSpawned();
  process.on('disconnect', () => process.exit());
  process.on('message', (task: Task) => {
    perform(task).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        const problem = error instanceof Error ? error.message : String(error);
        process.send?.({
          ...{ verdict: 'failed', problem, wall: [], cpu: [], rss: [], allocated: null },
          ...{ spawned: null, loopDelay: null, systemCalls: null },
        } satisfies TaskResult);
      },
    );
  });
}
