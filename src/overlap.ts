/** Overlapping lookups share passes: the one that runs, and one that starts after it. */
import { onAbort } from './abort.js';
import type { Engine } from './engine.js';
import { Lookup } from './lookup.js';
import type { Query } from './query.js';
import { run, walk } from './walk.js';

/** A lookup as a promise. */
class Pending<T> extends Lookup<T> {
  readonly promise: Promise<T[]>;
  #resolve!: (found: T[]) => void;
  #reject!: (reason: unknown) => void;

  constructor(engine: Engine, query: Query) {
    super(engine, query);
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  override finish(): void {
    this.#resolve(this.drain());
  }

  override fail(reason: unknown): void {
    this.cancel();
    this.#reject(reason);
  }
}

/**
 * Serves any number of overlapping lookups by at most two passes at a time: the one under way, and
 * one that starts when it has ended and serves all who asked meanwhile, whatever they asked. No
 * answer comes from a pass that began before the question.
 */
export class SharedPasses {
  readonly #engine: Engine;
  #waiting: Pending<unknown>[] = [];
  #isRunning = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async find<T>(query: Query, signal: AbortSignal | undefined): Promise<T[]> {
    signal?.throwIfAborted();
    const pending = new Pending<T>(this.#engine, query);
    const stopListening = signal && onAbort(signal, () => pending.fail(signal.reason));
    this.#waiting.push(pending as Pending<unknown>);
    if (!this.#isRunning) {
      this.#isRunning = true;
      // Whoever asks in the same breath is served by the first pass.
      queueMicrotask(() => void this.#run());
    }
    try {
      return await pending.promise;
    } finally {
      stopListening?.();
    }
  }

  async #run(): Promise<void> {
    while (this.#waiting.length !== 0) {
      const served = this.#waiting.filter((pending) => !pending.isDone);
      this.#waiting = [];
      if (served.length === 0) continue;
      try {
        await run(walk(this.#engine, served));
        for (const pending of served) pending.finish();
      } catch (error) {
        for (const pending of served) pending.fail(error);
      }
    }
    this.#isRunning = false;
  }
}
