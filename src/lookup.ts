/** The processes that match one query. */
import { type Batch, Decoder, decoderFor } from './decode.js';
import type { Engine } from './engine.js';
import type { NameSubject, NativeQuery, Query } from './query.js';
import { type Consumer, type Walk, walk } from './walk.js';

/**
 * Collects the matches of one query.
 *
 * Where native code alone cannot decide (regular expressions), the walk brings what the names are
 * compared with, and nothing else; whatever passes the test here is then read again, with all that
 * was asked for, and tested again, for it may have changed its name or be another process by now.
 */
export class Lookup<T> implements Consumer {
  readonly native: NativeQuery;
  isDone = false;
  #found: T[] = [];
  #count = 0;
  #cancel: (() => void) | undefined;
  readonly #engine: Engine;
  readonly #query: Query;
  readonly #decoder: Decoder<T>;
  readonly #subjects: Decoder<NameSubject & { pid: number }> | undefined;
  readonly #isConfirming: boolean;

  constructor(engine: Engine, query: Query, isConfirming = false) {
    const { native, test } = query;
    this.#engine = engine;
    this.#query = query;
    this.#isConfirming = isConfirming;
    this.native = isConfirming ? confirmationOf(query) : query.candidates;
    if (test === undefined) {
      this.#decoder = decoderFor(native.fields);
    } else {
      this.#decoder = new Decoder(this.native.fields, native.fields);
      this.#subjects = new Decoder(this.native.fields, test.fields);
    }
  }

  begin(cancel: () => void): void {
    this.#cancel = cancel;
    if (this.isDone) cancel();
  }

  *take(batch: Batch): Walk {
    const { test } = this.#query;
    const subjects = this.#subjects;
    if (test === undefined || subjects === undefined) {
      this.#add(this.#decoder.decode(batch));
      return;
    }
    const found: T[] = [];
    const pids: number[] = [];
    for (let row = 0; row < batch.rows; row++) {
      const subject = subjects.record(batch, row);
      if (!subjects.isMatched(batch, row) && !test.matches(subject)) continue;
      if (this.#isConfirming) found.push(this.#decoder.record(batch, row));
      else pids.push(subject.pid);
    }
    this.#add(found);
    if (pids.length !== 0) yield* this.#confirm(Int32Array.from(pids));
  }

  *#confirm(pids: Int32Array): Walk {
    const confirmation = new Lookup<T>(this.#engine, this.#query, true);
    yield* walk(this.#engine, [confirmation], pids);
    this.#add(confirmation.drain());
  }

  finish(): void {}

  fail(error: unknown): void {
    throw error;
  }

  /** No more is wanted, from now on. */
  cancel(): void {
    this.isDone = true;
    this.#cancel?.();
  }

  /** What was found since the last time. */
  drain(): T[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  #add(found: T[]): void {
    const { limit } = this.#query.native;
    if (limit === 0 && this.#found.length === 0 && !this.isDone) {
      this.#found = found;
      return;
    }
    for (const one of found) {
      if (this.isDone) return;
      this.#found.push(one);
      if (++this.#count === limit) this.isDone = true;
    }
  }
}

/** Adds the fields that the test looks at to those that the caller asked for. */
function confirmationOf({ native, test }: Query): NativeQuery {
  return { ...native, limit: 0, fields: native.fields | (test?.fields ?? 0) };
}
