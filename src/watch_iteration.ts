/** One iteration over what a watcher tells. */
import type { WatcherEvent } from './watch_events.js';

/** Where the events come from. */
export interface EventSource {
  /** There when no more will come; with the reason, if it is not that nobody wanted more. */
  readonly end: { reason?: unknown } | undefined;
  /** Somebody waits for the next event, or nobody does any more. */
  setWaiting(iteration: object, isWaiting: boolean): void;
  /** The iteration has caught up. */
  hear(): void;
  close(): void;
}

interface Taker<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

export class Iteration<T> implements AsyncIterableIterator<WatcherEvent<T>> {
  readonly #source: EventSource;
  #queue: WatcherEvent<T>[] = [];
  #position = 0;
  readonly #takers: Taker<WatcherEvent<T>>[] = [];
  #isOver = false;

  constructor(source: EventSource) {
    this.#source = source;
  }

  /** How many events have yet to be taken. */
  get pending(): number {
    return this.#queue.length - this.#position;
  }

  push(event: WatcherEvent<T>): void {
    const taker = this.#takers.shift();
    if (taker === undefined) {
      this.#queue.push(event);
      return;
    }
    if (this.#takers.length === 0) this.#source.setWaiting(this, false);
    taker.resolve({ done: false, value: event });
  }

  /** The watcher has been closed. */
  finish(): void {
    for (const taker of this.#takers.splice(0)) this.#settle(taker);
    this.#source.setWaiting(this, false);
  }

  next(): Promise<IteratorResult<WatcherEvent<T>, undefined>> {
    return new Promise((resolve, reject) => {
      const event = this.#take();
      if (event !== undefined) resolve({ done: false, value: event });
      else if (this.#isOver || this.#source.end !== undefined) this.#settle({ resolve, reject });
      else {
        this.#takers.push({ resolve, reject });
        this.#source.setWaiting(this, true);
      }
    });
  }

  /** What `for await` calls when it is left: closes the watcher. */
  async return(): Promise<IteratorResult<WatcherEvent<T>, undefined>> {
    this.#isOver = true;
    this.#queue = [];
    this.#position = 0;
    this.#source.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): WatcherEvent<T> | undefined {
    const event = this.#queue[this.#position];
    if (event === undefined) return undefined;
    this.#position++;
    if (this.#position === this.#queue.length) {
      this.#queue = [];
      this.#position = 0;
      // It may have been waited for.
      queueMicrotask(() => this.#source.hear());
    }
    return event;
  }

  /** The failure is told once. */
  #settle(taker: Taker<WatcherEvent<T>>): void {
    const end = this.#source.end;
    if (!this.#isOver && end !== undefined && 'reason' in end) taker.reject(end.reason);
    else taker.resolve({ done: true, value: undefined });
    this.#isOver = true;
  }
}
