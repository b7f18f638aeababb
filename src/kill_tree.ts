/** Ending a process and all of its descendants. */
import { setTimeout as sleep } from 'node:timers/promises';
import { onAbort } from './abort.js';
import { children } from './children.js';
import { ProcessError, wrongValue } from './errors.js';
import type { Process, ProcessState } from './fields.js';
import { findByPid, findByPidSync } from './find.js';
import { checkTarget, kill, waitForExit } from './lifecycle.js';
import { checkMilliseconds, checkOptions, checkSignal, type SignalOptions } from './options.js';
import { signalNumber, stoppedIsTold } from './signals.js';

export interface KillTreeOptions extends SignalOptions {
  /** What to ask them to end with first, a name or a number from 1 to 64. Default: `'SIGTERM'`. */
  killSignal?: string | number | undefined;
  /**
   * Milliseconds to leave them for that, 0 to 2³¹−1, before those that are left are killed. Default:
   * 5000.
   */
  grace?: number | undefined;
}

/** What became of a process and its descendants; each is in one of the lists. */
export interface KillTreeResult {
  /** Those that ended by the first signal, or by themselves. */
  ended: Process[];
  /** Those that had to be killed. */
  killed: Process[];
  /** Those that this user may not signal; they may still be running. */
  denied: Process[];
}

/** How long the kernel may take to end what it was told to kill. */
const patience = 5000;

/** How often to look for those that were forked meanwhile. */
const mostRounds = 100;

/** How long to wait for a process to stop; one that sleeps in the kernel may take its time. */
const stopPatience = 100;

/** Likewise, where it is not told when it has. */
const untoldPatience = 10;

/** In these it forks no more. */
const stillStates: readonly ProcessState[] = ['stopped', 'tracing-stop', 'zombie', 'dead'];

/**
 * Ends a process and all of its descendants: asks them to by a signal, the process first, and kills
 * those that have not ended after a grace period. Every signal goes to the process it is meant for,
 * and never to one that was given its PID meanwhile; this process itself is left out.
 *
 * None can slip away by forking: before they are signalled, all are stopped (SIGSTOP, on Windows
 * NtSuspendProcess), from the root on, until no new one is found, and continued afterwards. A process that lost its parent before is
 * no descendant any more (a daemon, as a rule), and is left alone; so is one that is started by a
 * process during its grace period, and outlives it.
 *
 * Resolves when all have ended, or those that cannot be ended are all that is left; with empty lists
 * when there is no such process.
 *
 * ```js
 * const { killed } = await killTree(child.pid, { grace: 2000 });
 * ```
 *
 * @throws ProcessError `EACCES` when the process is hidden from this user; as `children`.
 * @throws TypeError, RangeError for misuse, as `kill`. Aborting the signal rejects with its reason:
 * what has been signalled has been, but nothing is left stopped.
 */
export async function killTree(
  pidOrProcess: number | { pid: number; id: string },
  options?: KillTreeOptions,
): Promise<KillTreeResult> {
  const { killSignal = 'SIGTERM', grace = 5000, signal } = checkOptions(options);
  const { pid, id } = checkTarget(pidOrProcess);
  const first = signalNumber(killSignal);
  if (first === 0) throw wrongValue('options.killSignal', 'must not be 0, which ends nothing');
  checkMilliseconds('options.grace', grace, 0);
  checkSignal(signal)?.throwIfAborted();

  const root = await findByPid(pid);
  const result: KillTreeResult = { ended: [], killed: [], denied: [] };
  if (root === undefined || (id !== undefined && root.id !== id)) return result;
  const tree = new Tree(root);
  await tree.signal(first, signal);
  await tree.end(grace, signal);
  if (tree.targets().length > 0) {
    await tree.signal('SIGKILL', signal);
    await tree.end(patience, signal);
  }
  return tree.result();
}

/** A process and those of its descendants that have been found, in the order in which they were. */
class Tree {
  readonly #found = new Map<string, Process>();
  readonly #denied = new Set<string>();
  readonly #gone = new Set<string>();
  readonly #killed = new Set<string>();

  constructor(root: Process) {
    this.#found.set(root.id, root);
  }

  /** Those to be ended. */
  targets(): Process[] {
    return this.#living().filter(({ pid, id }) => pid !== process.pid && !this.#denied.has(id));
  }

  /** Signals all, and whoever is forked until then. */
  async signal(signal: string | number, abort: AbortSignal | undefined): Promise<void> {
    const stopped: Process[] = [];
    try {
      await this.#stopAll(stopped, abort);
      for (const target of this.targets()) {
        if (this.#send(target, signal) && signal === 'SIGKILL') this.#killed.add(target.id);
      }
    } finally {
      for (const target of stopped) this.#send(target, 'SIGCONT');
    }
  }

  /** Waits for the end of all, but no longer than so many milliseconds. */
  async end(milliseconds: number, abort: AbortSignal | undefined): Promise<void> {
    const timeUp = new AbortController();
    const stopListening = abort && onAbort(abort, () => timeUp.abort());
    const ends = this.targets().map(async (process) => {
      try {
        await waitForExit(process, { signal: timeUp.signal });
        this.#gone.add(process.id);
      } catch (error) {
        if (!timeUp.signal.aborted) throw error;
      }
    });
    const all = Promise.all(ends);
    const late = sleep(milliseconds, undefined, { signal: timeUp.signal }).catch(() => {});
    try {
      await Promise.race([all, late]);
    } finally {
      timeUp.abort();
      stopListening?.();
    }
    await all;
    abort?.throwIfAborted();
  }

  result(): KillTreeResult {
    const result: KillTreeResult = { ended: [], killed: [], denied: [] };
    for (const one of this.#found.values()) {
      if (this.#denied.has(one.id)) result.denied.push(one);
      else if (this.#killed.has(one.id)) result.killed.push(one);
      else if (one.pid !== process.pid) result.ended.push(one);
    }
    return result;
  }

  #living(): Process[] {
    return [...this.#found.values()].filter(({ id }) => !this.#gone.has(id));
  }

  /**
   * A stopped process cannot fork: once all are, and no further one is found, these are all. It may
   * be that only the first thread of a process has stopped so far, hence a second look.
   */
  async #stopAll(stopped: Process[], abort: AbortSignal | undefined): Promise<void> {
    let running = this.targets();
    for (let round = 0, calm = 0; calm < 2 && round < mostRounds; round++) {
      abort?.throwIfAborted();
      for (const target of running) if (this.#send(target, 'SIGSTOP')) stopped.push(target);
      if (stoppedIsTold()) for (const target of running) await this.#still(target);
      else await sleep(untoldPatience);
      running = await this.#findMore();
      calm = running.length === 0 ? calm + 1 : 0;
    }
  }

  async #still(target: Process): Promise<void> {
    const deadline = performance.now() + stopPatience;
    while (performance.now() < deadline) {
      const now = findByPidSync(target.pid, { fields: ['id', 'state'] });
      if (now === undefined || now.id !== target.id || stillStates.includes(now.state)) return;
      await sleep(1);
    }
  }

  /** Descendants that have not been found yet, of all that have been. */
  async #findMore(): Promise<Process[]> {
    const more: Process[] = [];
    for (const parent of this.#living()) {
      for (const child of await children(parent)) {
        if (child.pid === process.pid || this.#found.has(child.id)) continue;
        this.#found.set(child.id, child);
        more.push(child);
      }
    }
    return more;
  }

  /** Whether it was there to be signalled. */
  #send(target: Process, signal: string | number): boolean {
    try {
      if (kill(target, signal)) return true;
      this.#gone.add(target.id);
    } catch (error) {
      if (!(error instanceof ProcessError && error.code === 'EPERM')) throw error;
      this.#denied.add(target.id);
    }
    return false;
  }
}
