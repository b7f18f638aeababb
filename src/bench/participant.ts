/** Contenders as the run sees them: something that answers questions, in a process of its own. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { findByPidSync } from 'procseek';
import type { ExternalAnswer, ExternalContender, ExternalQuestion, Targets } from './contender.js';
import type { QuestionId } from './report.js';
import { kill, startProgram, startSelf } from './started.js';
import { judge, processCount } from './verify.js';
import { type Task, type TaskResult, tooSlow } from './worker.js';

export interface Participant {
  readonly id: string;
  readonly title: string;
  readonly version: string;
  /** Whether it has an answer to the question. */
  answers(question: QuestionId): boolean;
  /** Undefined when there was no answer in time. */
  measure(question: QuestionId, targets: Targets, effort: Effort): Promise<TaskResult | undefined>;
  /** The same, for the bytes that JavaScript allocates alone. */
  allocation(question: QuestionId, targets: Targets, deadline: number): Promise<number | null>;
  /** Ends its processes, until it is asked again. */
  rest(): void;
  /** Does away with all it holds. */
  end(): void;
}

export interface Effort {
  /** Milliseconds for each of the measurements. */
  budget: number;
  /** When the answer comes too late to be of use, in milliseconds since 1970. */
  deadline: number;
}

const patience = 60_000; // milliseconds for one answer

function failed(problem: string): TaskResult {
  const nothing = { wall: [], cpu: [], rss: [], allocated: null, spawned: null };
  return { verdict: 'failed', problem, ...nothing, loopDelay: null, systemCalls: null };
}

class Late extends Error {}

/** For what never settles, or does when nobody waits for it any more. */
async function inTime<T>(answer: Promise<T>, deadline: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const time = deadline - Date.now();
  const late = new Promise<never>((_, reject) => {
    const error = time < patience ? new Late() : new Error(`no answer within ${patience / 1000} s`);
    timer = setTimeout(() => reject(error), Math.min(patience, Math.max(0, time)));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unanswered(error: unknown): TaskResult | undefined {
  if (error instanceof Late) return undefined;
  return failed(error instanceof Error ? error.message : String(error));
}

/** A contender in Node.js. */
export class JsParticipant implements Participant {
  #workers = new Map<boolean, ChildProcess>();

  constructor(
    readonly id: string,
    readonly title: string,
    readonly version: string,
    readonly answers: (question: QuestionId) => boolean,
  ) {}

  async measure(question: QuestionId, targets: Targets, effort: Effort) {
    return this.#perform({ contender: this.id, question, targets, ...effort, isAllocation: false });
  }

  async allocation(question: QuestionId, targets: Targets, deadline: number) {
    const task = { contender: this.id, question, targets, budget: 0, deadline, isAllocation: true };
    return (await this.#perform(task))?.allocated ?? null;
  }

  rest() {
    for (const worker of this.#workers.values()) worker.disconnect();
    this.#workers.clear();
  }

  end() {
    for (const worker of this.#workers.values()) kill(worker);
    this.#workers.clear();
  }

  async #perform(task: Task): Promise<TaskResult | undefined> {
    const worker = this.#worker(task.isAllocation);
    const settled = new AbortController();
    const { signal } = settled;
    const ended = once(worker, 'exit', { signal }).then(() => failed('its process ended'));
    const answered = once(worker, 'message', { signal }).then(([result]) => result as TaskResult);
    const first = Promise.race([answered, ended]);
    worker.send(task);
    try {
      return await inTime(first, task.deadline);
    } catch (error) {
      kill(worker);
      this.#workers.delete(task.isAllocation);
      return unanswered(error);
    } finally {
      for (const promise of [ended, answered]) promise.catch(() => {});
      settled.abort();
    }
  }

  /** One for times, one that keeps garbage for it to be counted. */
  #worker(isAllocation: boolean): ChildProcess {
    const running = this.#workers.get(isAllocation);
    if (running?.connected) return running;
    const execArgv = isAllocation ? ['--expose-gc', '--max-semi-space-size=128'] : [];
    const worker = startSelf('bench-worker', { execArgv });
    this.#workers.set(isAllocation, worker);
    return worker;
  }
}

/** A contender that speaks JSON by lines. */
export class ExternalParticipant implements Participant {
  readonly id: string;
  readonly title: string;
  #child: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor(
    readonly contender: ExternalContender,
    readonly prepared: Awaited<ReturnType<ExternalContender['prepare']>>,
  ) {
    this.id = contender.id;
    this.title = contender.title;
  }

  get version() {
    return this.prepared.version;
  }

  async measure(question: QuestionId, targets: Targets, { budget, deadline }: Effort) {
    try {
      return await inTime(this.#measure(question, targets, budget), deadline);
    } catch (error) {
      this.#kill();
      return unanswered(error);
    }
  }

  answers(question: QuestionId) {
    return this.contender.questions.includes(question);
  }

  async allocation() {
    return null;
  }

  rest() {
    this.#child?.stdin?.end();
    this.#child = undefined;
  }

  end() {
    this.#kill();
    this.prepared.dispose?.();
  }

  #kill() {
    if (this.#child) kill(this.#child);
    this.#child = undefined;
  }

  async #measure(question: QuestionId, targets: Targets, budget: number): Promise<TaskResult> {
    const { pid } = targets;
    const before = processCount();
    const first = await this.#ask({ question, pid, name: nameOf(question, targets), calls: 1 });
    const found = first.found.map(([found, name]) => ({ pid: found, name }));
    const judgement = judge(question, targets, found, before);
    const rss = [this.#rss()];
    if (judgement.verdict !== 'right') return { ...failed(''), ...judgement };
    const each = Math.max(1, first.wall[0] ?? 1) / 1e6;
    const calls = Math.min(2000, Math.max(2, Math.ceil(budget / each)));
    const rest =
      each > tooSlow * budget
        ? first
        : await this.#ask({ question, pid, name: nameOf(question, targets), calls });
    rss.push(this.#rss());
    const microseconds = (nanoseconds: number) => nanoseconds / 1000;
    return {
      ...{ ...judgement, rss, allocated: null, spawned: 0, loopDelay: null, systemCalls: null },
      wall: rest.wall.map(microseconds),
      cpu: rest.cpu.map(microseconds),
    };
  }

  #rss(): number {
    return findByPidSync(this.#child?.pid ?? 0, { fields: ['rss'] })?.rss ?? 0;
  }

  async #ask(question: ExternalQuestion): Promise<ExternalAnswer> {
    if (this.#child === undefined || this.#child.exitCode !== null) {
      const { command, args } = this.prepared;
      const child = startProgram(command, args);
      child.stdin.on('error', () => {}); // it has ended, which its missing answer tells
      this.#child = child;
      this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    }
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    const line = await this.#lines?.next();
    if (line === undefined || line.done) throw new Error('its process ended');
    return JSON.parse(line.value) as ExternalAnswer;
  }
}

function nameOf(question: QuestionId, targets: Targets): string {
  if (question === 'name-first') return targets.commonName;
  if (question === 'name-long') return targets.longName;
  return question === 'name-absent' ? targets.absentName : targets.pidName;
}
