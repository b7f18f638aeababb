/** Streaming over processes, at constant memory. */
import { type InspectOptions, inspect } from 'node:util';
import { abortWith } from './abort.js';
import type { Engine } from './engine.js';
import { ProcessError } from './errors.js';
import { Lookup } from './lookup.js';
import type { Query } from './query.js';
import { show } from './shown.js';
import { step, stepSync, type Walk, walk } from './walk.js';

/** Why a stream tells no more: it came to its end, was closed, or failed with a reason. */
type End = 'ended' | ProcessError | { reason: unknown };

/** The batches of a stream. */
export interface ProcessBatches<T> extends AsyncIterable<T[]> {
  /** The next batch. Calls may overlap: they are answered in turn. */
  next(): Promise<IteratorResult<T[], undefined>>;
  /** Closes the stream: what `for await` calls when it is left early. */
  return(): Promise<IteratorResult<T[], undefined>>;
  [Symbol.asyncIterator](): ProcessBatches<T>;
}

/**
 * Tells processes one by one, in ascending order of PIDs, while a pass goes on. Iterate over it
 * once, with `for await`; leaving the loop releases the directory handle that it holds, as do
 * `close()`, `await using`, aborting its signal, and garbage collection.
 */
export class ProcessStream<T> implements AsyncIterableIterator<T> {
  readonly #steps: Walk;
  readonly #lookup: Lookup<T>;
  readonly #stopListening: () => void;
  #next: ReturnType<Walk['next']> | undefined;
  #rows: T[] = [];
  #position = 0;
  #end: End | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** Calls that wait for their turn. */
  #waiting = 0;

  /** @internal */
  constructor(engine: Engine, query: Query, signals: readonly AbortSignal[]) {
    this.#lookup = new Lookup(engine, query);
    this.#steps = walk(engine, [this.#lookup], query.pids);
    const stops = signals.map((signal) => abortWith(this, signal));
    this.#stopListening = () => {
      for (const stop of stops) stop();
    };
  }

  /**
   * The next process. Calls may overlap: they are answered in turn.
   *
   * @throws ProcessError `ERR_SCAN_CLOSED` once the stream was closed or left; else as `findByName`.
   */
  next(): Promise<IteratorResult<T, undefined>> {
    const row = this.#rows[this.#position];
    if (this.#waiting === 0 && row !== undefined) {
      this.#position++;
      return Promise.resolve({ done: false, value: row });
    }
    return this.#inTurn(() => this.#one());
  }

  /** Closes the stream: what `for await` calls when it is left early. */
  async return(): Promise<IteratorResult<T, undefined>> {
    this.close();
    return { done: true, value: undefined };
  }

  /**
   * The same in batches, which is faster where there are many: as many as one step finds, about
   * 28 KiB of packed rows at most. Continues where the stream is; leaving the loop closes it.
   */
  batches(): ProcessBatches<T> {
    return {
      next: () => this.#inTurn(() => this.#batch()),
      return: async () => {
        this.close();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /**
   * All that are left, as an array: what a loop over the stream would collect. Memory grows with their
   * number, by some 100 bytes for each with the default fields.
   *
   * ```js
   * const all = await scan().toArray();
   * ```
   *
   * @throws ProcessError as `next()`.
   */
  async toArray(): Promise<T[]> {
    const all: T[] = [];
    for await (const batch of this.batches()) {
      for (const row of batch) all.push(row);
    }
    return all;
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const state = this.#end === undefined ? 'open' : this.#end === 'ended' ? 'ended' : 'closed';
    return show('ProcessStream', state, {}, depth, options);
  }

  /**
   * Releases everything at once. Whoever waits for `next()`, or calls it later, is told so by a
   * ProcessError `ERR_SCAN_CLOSED`. Does nothing when called again, or behind the end.
   */
  close(): void {
    this.#stop(new ProcessError('The process stream is closed', { code: 'ERR_SCAN_CLOSED' }));
  }

  /** @internal Closes the stream with a reason of the caller's. */
  abort(reason: unknown): void {
    this.#stop({ reason });
  }

  /** The same as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** @throws ProcessError `ERR_SCAN_CLOSED` when the stream was iterated over, or closed. */
  [Symbol.asyncIterator](): this {
    if (this.#end !== undefined) throw this.#reason();
    return this;
  }

  #inTurn<R>(answer: () => Promise<R>): Promise<R> {
    this.#waiting++;
    const turn = this.#turn.then(answer).finally(() => this.#waiting--);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #one(): Promise<IteratorResult<T, undefined>> {
    if (!(await this.#fill())) return { done: true, value: undefined };
    return { done: false, value: this.#rows[this.#position++] as T };
  }

  async #batch(): Promise<IteratorResult<T[], undefined>> {
    if (!(await this.#fill())) return { done: true, value: undefined };
    const value = this.#position === 0 ? this.#rows : this.#rows.slice(this.#position);
    this.#rows = [];
    this.#position = 0;
    return { done: false, value };
  }

  /** Sees to it that there are rows; false behind the end. */
  async #fill(): Promise<boolean> {
    while (this.#end === undefined && this.#position >= this.#rows.length) {
      if (this.#next?.done) {
        this.#finish('ended');
      } else {
        await this.#step().catch((reason: unknown) => this.#stop({ reason }));
      }
    }
    if (this.#position < this.#rows.length) return true;
    if (this.#end === 'ended') return false;
    throw this.#reason();
  }

  async #step(): Promise<void> {
    this.#next ??= this.#steps.next();
    if (!this.#next.done) this.#next = await step(this.#steps, this.#next.value);
    if (this.#end !== undefined) return;
    this.#rows = this.#lookup.drain();
    this.#position = 0;
  }

  #stop(end: End): void {
    if (this.#end !== undefined) return;
    this.#rows = [];
    this.#finish(end);
  }

  #finish(end: End): void {
    this.#end = end;
    this.#stopListening();
    this.#lookup.cancel();
    this.#steps.return();
  }

  #reason(): unknown {
    if (typeof this.#end === 'object' && 'reason' in this.#end) return this.#end.reason;
    if (this.#end instanceof ProcessError) return this.#end;
    return new ProcessError('The process stream was read to its end', { code: 'ERR_SCAN_CLOSED' });
  }
}

/** The same, at once. Written out, for a generator would take longer than the rest. */
export class SyncRows<T> implements IterableIterator<T> {
  readonly #engine: Engine;
  readonly #lookup: Lookup<T>;
  readonly #steps: Walk;
  #next: ReturnType<Walk['next']> | undefined;
  #rows: T[] = [];
  #position = 0;
  #hasEnded = false;

  constructor(engine: Engine, query: Query) {
    this.#engine = engine;
    this.#lookup = new Lookup(engine, query);
    this.#steps = walk(engine, [this.#lookup], query.pids);
  }

  /** @throws ProcessError `ERR_FINDER_CLOSED` once the finder was closed, unless it came to its end. */
  next(): IteratorResult<T, undefined> {
    if (this.#hasEnded) return { done: true, value: undefined };
    try {
      this.#engine.assertOpen();
    } catch (error) {
      this.#release();
      throw error;
    }
    while (this.#position >= this.#rows.length) {
      if (!this.#step()) return this.return();
    }
    return { done: false, value: this.#rows[this.#position++] as T };
  }

  return(): IteratorResult<T, undefined> {
    this.#hasEnded = true;
    this.#release();
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }

  #release(): void {
    this.#rows = [];
    this.#position = 0;
    this.#next = this.#steps.return();
  }

  #step(): boolean {
    if (this.#next?.done) return false;
    this.#next ??= this.#steps.next();
    if (!this.#next.done) this.#next = stepSync(this.#steps, this.#next.value);
    this.#rows = this.#lookup.drain();
    this.#position = 0;
    return true;
  }
}
