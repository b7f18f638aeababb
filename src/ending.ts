/** How processes are ended: they are asked to, and those that are left are killed. */
import { setImmediate as turn } from 'node:timers/promises';
import { onAbort } from './abort.js';
import { binding } from './binding.js';
import type { Process } from './fields.js';
import type { Member, Members } from './members.js';
import type { Exit } from './monitor.js';

/** A process that has ended, and how. */
export type EndedProcess = Process & {
  /** As `waitForExit` tells it: neither code nor signal where the system does not tell. */
  exit: Exit;
};

/**
 * Why a process is still there:
 *
 * - `'denied'`: this user may not signal it.
 * - `'frozen'`: its control group is frozen (the `freezer` of cgroups version 1), so that it ends only
 *   once that is thawed; it has been killed.
 * - `'uninterruptible'`: it waits in the kernel for what nothing interrupts, such as a file server
 *   that does not answer; it has been killed.
 * - `'unknown'`: neither, as when time was up before the system had ended it.
 */
export type RemainingReason = 'denied' | 'frozen' | 'uninterruptible' | 'unknown';

/** A process that is still there, and why. */
export type RemainingProcess = Process & { reason: RemainingReason };

/** What became of the processes that were to be ended. Each is in `ended`, `killed` or `remaining`. */
export interface KillTreeResult {
  /** Those that ended by the first signal, or by themselves. */
  ended: EndedProcess[];
  /** Those that had to be killed, and have ended. */
  killed: EndedProcess[];
  /** Those that are still there. */
  remaining: RemainingProcess[];
  /** Those of `remaining` that this user may not signal. */
  denied: RemainingProcess[];
}

/** Of those that have been looked at completely, or as far as time allowed. */
export interface Sweep {
  readonly isComplete: boolean;
}

/** Processes that belong together and may grow while they are being ended. */
export interface Population {
  readonly members: Members;
  /** Finds those that are there. */
  explore(): void;
  /**
   * Signals all members for which `mark` says so, and those for which it does that are found to have
   * been started by them meanwhile.
   */
  sweep(signal: number, mark: (member: Member) => boolean): Sweep;
  /** Returns those found since. Some ways to find them are only worth it when members have ended. */
  look(haveSomeEnded: boolean): Promise<Member[]>;
}

export interface EndingOptions {
  readonly first: number;
  readonly grace: number;
  readonly patience: number;
  readonly signal: AbortSignal | undefined;
}

const sigkill = 9;

const holds: readonly RemainingReason[] = ['unknown', 'frozen', 'uninterruptible'];

/** Milliseconds between two looks for those that were started meanwhile. */
const shortestPause = 10;
const longestPause = 250;

/** A look may miss one that was started behind it: of those that start others, it takes some. */
const enoughLooks = 3;

/** For how many times the patience those are waited for at most that others start again and again. */
const mostPatience = 10;

/** How many times as long a pause is as the look before it took: looking takes 5 % of a core. */
const restraint = 20;

/** Up to its first `await`, which is when all have been asked, it takes no turn of the event loop. */
export async function end(population: Population, options: EndingOptions): Promise<KillTreeResult> {
  const ending = new Ending(population, options);
  try {
    return await ending.run();
  } finally {
    ending.close();
  }
}

class Ending {
  readonly #population: Population;
  readonly #members: Members;
  readonly #first: number;
  readonly #signal: AbortSignal | undefined;
  readonly #grace: number;
  readonly #patience: number;
  readonly #stopListening: (() => void) | undefined;
  #haveSomeEnded = false;
  /** Some have been started since all were asked. */
  #isGrowing = false;
  #isChecking = false;
  #wake = () => {};

  constructor(population: Population, { first, grace, patience, signal }: EndingOptions) {
    this.#population = population;
    this.#members = population.members;
    this.#first = first;
    this.#signal = signal;
    this.#grace = grace;
    this.#patience = patience;
    this.#stopListening = signal && onAbort(signal, () => this.#wake());
    this.#members.listen(() => this.#hear());
  }

  async run(): Promise<KillTreeResult> {
    this.#population.explore();
    if (this.#first !== sigkill) await this.#linger();
    await this.#kill();
    this.#signal?.throwIfAborted();
    this.#members.lookAgain(true);
    this.#members.check();
    return this.#result();
  }

  close(): void {
    this.#stopListening?.();
    this.#members.close();
  }

  /**
   * All but those that others have started in order to end, as far as one can tell: these are asked
   * when the one that started them has ended without them.
   */
  #ask(): boolean {
    const { isComplete } = this.#population.sweep(this.#first, (member) => {
      const isHelping =
        member.isLate && member.parent?.exit === undefined && member.parent !== undefined;
      if (member.isAsked || isHelping) return false;
      member.isAsked = true;
      return true;
    });
    return isComplete;
  }

  /** Asks, and leaves them time to end, from when all have been asked that were there. */
  async #linger(): Promise<void> {
    const latest = performance.now() + this.#grace + this.#patience; // of a tree that does not stop growing
    let until = latest;
    for (let pause = shortestPause; ; ) {
      const isComplete = this.#ask();
      if (isComplete) until = Math.min(until, performance.now() + this.#grace);
      if (isComplete) await this.#pause(Math.min(pause, until - performance.now()));
      else await turn();
      if (performance.now() >= until) return;
      const started = binding.cpuTime();
      const hasMore = await this.#findLate();
      if (!hasMore && !this.#hasTargets()) return;
      pause = pauseAfter(hasMore ? shortestPause : pause, binding.cpuTime() - started);
    }
  }

  async #kill(): Promise<void> {
    const latest = performance.now() + mostPatience * this.#patience;
    let until = performance.now() + this.#patience;
    let pause = shortestPause;
    let calmLooks = 0;
    for (let isFirst = true; ; isFirst = false) {
      if (isFirst && !this.#hasTargets()) return;
      const started = binding.cpuTime();
      const { isComplete } = this.#population.sweep(sigkill, (member) => {
        if (member.isKilled) return false;
        member.isKilled = true;
        return true;
      });
      this.#haveSomeEnded = true;
      const hasMore = !isComplete || (await this.#findLate());
      calmLooks = hasMore ? 0 : calmLooks + 1;
      if (!this.#hasTargets() && calmLooks >= (this.#isGrowing ? enoughLooks : 1)) return;
      if (hasMore) until = Math.min(performance.now() + this.#patience, latest);
      if (performance.now() >= until) return;
      const cost = binding.cpuTime() - started;
      if (hasMore) await turn();
      else await this.#pause(Math.min(pause, until - performance.now()));
      pause = pauseAfter(hasMore ? shortestPause : pause, cost);
      this.#signal?.throwIfAborted();
    }
  }

  async #findLate(): Promise<boolean> {
    const haveSomeEnded = this.#haveSomeEnded;
    this.#haveSomeEnded = false;
    this.#members.lookAgain();
    const late = await this.#population.look(haveSomeEnded);
    this.#signal?.throwIfAborted();
    for (const member of late) member.isLate = true;
    this.#isGrowing ||= late.length > 0;
    return late.length > 0;
  }

  #hasTargets(): boolean {
    return this.#members.targets().length > 0;
  }

  /** Ends early when all have ended, or the call is aborted. */
  async #pause(milliseconds: number): Promise<void> {
    this.#signal?.throwIfAborted();
    if (!this.#hasTargets()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
    this.#signal?.throwIfAborted();
  }

  /** Many may end at once: whether that was all is asked once for all of them. */
  #hear(): void {
    this.#haveSomeEnded = true;
    if (this.#isChecking) return;
    this.#isChecking = true;
    setImmediate(() => {
      this.#isChecking = false;
      if (!this.#hasTargets()) this.#wake();
    });
  }

  #result(): KillTreeResult {
    const result: KillTreeResult = { ended: [], killed: [], remaining: [], denied: [] };
    for (const { process, exit, isKilled, isDenied } of this.#members) {
      if (exit === undefined) {
        const reason = isDenied ? 'denied' : (holds[binding.hold(process.pid)] ?? 'unknown');
        const remaining = { ...process, reason };
        result.remaining.push(remaining);
        if (isDenied) result.denied.push(remaining);
        continue;
      }
      const isByKilling = isKilled && this.#first !== sigkill && !isOwnEnd(exit);
      (isByKilling ? result.killed : result.ended).push({ ...process, exit });
    }
    return result;
  }
}

/** Whether it ended otherwise than by being killed, although it was killed a moment later. */
function isOwnEnd({ code, signal }: Exit): boolean {
  return code === 0 || (signal !== null && signal !== 'SIGKILL');
}

/** Ever longer, as long as nothing happens; the cost is of CPU time. */
function pauseAfter(pause: number, cost: number): number {
  return Math.min(Math.max(restraint * cost, 2 * pause), longestPause);
}
