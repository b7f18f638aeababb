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
  return {
    ...result,
    ...(await countPerCall(ask, task.contender)),
    ...(await cpuPerCall(ask, task.budget)),
    wall: await wallPerCall(ask, task.budget),
    loopDelay: await worstLoopDelay(ask, task.budget / 2),
  };
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

/** Rounds of as many calls as take some milliseconds, for the clock's resolution not to matter. */
async function cpuPerCall(ask: Ask, budget: number): Promise<{ cpu: number[]; rss: number[] }> {
  const cpu: number[] = [];
  const rss: number[] = [process.memoryUsage.rss()];
  const end = performance.now() + budget;
  let calls = 1;
  while (cpu.length === 0 || performance.now() < end) {
    const before = cpuTime();
    for (let i = 0; i < calls; i++) {
      const answer = ask.ask();
      if (answer instanceof Promise) await answer;
    }
    const used = cpuTime() - before;
    rss.push(process.memoryUsage.rss());
    if (used < 2000 && calls < 1e6) calls *= 2;
    else cpu.push(used / calls);
  }
  return { cpu, rss };
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
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    const before = process.memoryUsage().heapUsed;
    await ask.ask();
    samples.push(process.memoryUsage().heapUsed - before);
  }
  samples.sort((a, b) => a - b);
  return Math.max(0, samples[2] ?? 0);
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
