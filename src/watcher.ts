/** A watch as an object of JavaScript. */
import { EventEmitter } from 'node:events';
import { type InspectOptions, inspect } from 'node:util';
import { abortWith } from './abort.js';
import { binding } from './binding.js';
import { hiddenReason } from './capabilities.js';
import { watchChannel } from './diagnostics.js';
import { ProcessError, statusCode, statusError } from './errors.js';
import type { Process } from './fields.js';
import { type Counters, type Exit, monitor, type OpenWatch, throwLater } from './monitor.js';
import type { Query } from './query.js';
import { show } from './shown.js';
import type { WatcherEvent, WatcherEvents } from './watch_events.js';
import { Iteration } from './watch_iteration.js';
import { type Report, ReportReader } from './watch_report.js';

/** How changes are learnt of: the system tells, or one pass after the other finds out. */
export type WatchBackend = 'events' | 'polling';

/**
 * What a watcher has cost. All watchers of a JavaScript thread share what they are told and the
 * passes that are made, so do these numbers; they count from when this watcher was made.
 */
export interface WatcherStats {
  /**
   * `null` until it is decided, shortly before `ready`. It is `'polling'` as long as there are more
   * events than `cpuBudget` allows to hear of, or after they have failed.
   */
  backend: WatchBackend | null;
  /**
   * Why there are no events, be it for a while only; `null` when there are, or none were wanted.
   */
  reason: string | null;
  /**
   * What can be missed, in words, because the backend polls: a process that lives shorter than
   * `interval`, for one. `null` with events, which miss no more than what ends before it can be looked
   * at, and until the backend is known.
   */
  warning: string | null;
  /**
   * Why not all processes are told, as `capabilities().view.hidden` has it; `null` when none was
   * known to be hidden when this was first asked.
   */
  hidden: string | null;
  /** Passes over all processes: the first one, those of polling, and those after a loss. */
  passes: number;
  /** Polling passes that were left out because the one before was still under way, or late. */
  skippedTicks: number;
  /** Changes, of whatever process, that the system told of. */
  events: number;
  /** Of these, the ones that there was no room for: passes find out what was lost. */
  dropped: number;
  /** Passes that were made to find out what was lost. */
  resyncs: number;
  /** Passes that could not be completed, and are made again. */
  failedPasses: number;
  /** The error code of the last of these, like `'EMFILE'`; `null` when there was none. */
  lastError: string | null;
  /** Milliseconds from one polling pass to the next, as things stand; `null` with events. */
  interval: number | null;
  /** CPU time in milliseconds: of the thread that listens, and of handing over what it heard. */
  cpuTime: number;
}

/** On the channel `procseek:watch` of `node:diagnostics_channel`. */
export interface WatchMessage {
  /** The watch has begun, changes were told, a pass was made, or it was closed. */
  cause: 'ready' | 'changes' | 'pass' | 'close';
  /** How many processes match. */
  processes: number;
  /** Those of the watcher. */
  stats: WatcherStats;
}

/** In the order of `Backend` in native/watch.h. */
export const backends: readonly string[] = ['auto', 'events', 'polling'];

export interface WatchSettings {
  readonly backend: number;
  readonly interval: number;
  readonly cpuBudget: number;
}

function whatPollingMisses(interval: number): string {
  return (
    `a process that lives less than ${interval} ms can be missed, and its start and its end are told ` +
    `up to ${interval} ms late; an old process that is renamed is noticed after several passes`
  );
}

/** How many events an iteration may be behind before the watch waits for it. */
const mostPending = 1000;

interface Match<T> {
  readonly process: T;
  readonly id: string;
  readonly name: string;
}

/** Watchers that somebody listens to live, whoever else holds on to them. */
const heard = new Set<object>();

/** What to close when a watcher has been collected. */
interface Leftover extends OpenWatch {
  isRef: boolean;
}
const abandoned = new FinalizationRegistry<Leftover>(release);

function release({ token, native, isRef }: Leftover): void {
  binding.closeWatch(native);
  if (isRef) monitor.ref(false);
  monitor.closeWatch(token);
}

/**
 * Tells of processes that match as they start, end, and change their names. An `EventEmitter`, and
 * to be iterated over with `for await`; leaving the loop closes it.
 *
 * Open until it is closed by `close()`, `await using`, its signal, or the end of an iteration; or
 * collected, when nobody listens to it nor holds it. Keeps Node.js from exiting unless `unref()` was
 * called.
 */
export class Watcher<T = Process> extends EventEmitter<WatcherEvents<T>> {
  /** Those that match, by PID, as they were last seen. */
  readonly processes: ReadonlyMap<number, T>;
  readonly #processes = new Map<number, T>();
  readonly #matches = new Map<number, Match<T>>();
  readonly #reader: ReportReader<T>;
  readonly #open: Leftover;
  readonly #stopListening: () => void;
  readonly #before: Counters;
  readonly #wantsEvents: boolean;
  #decodingTime = 0;
  #backend: WatchBackend | null = null;
  #reason: string | null = null;
  #hidden: string | null | undefined;
  #ready: { promise: Promise<void>; resolve(): void; reject(reason: unknown): void } | undefined;
  #isReady = false;
  #isClosed = false;
  /** Why it is closed, when it was not by its user. */
  #failure: { reason: unknown } | undefined;
  readonly #iterations = new Set<WeakRef<Iteration<T>>>();
  /** Those that somebody waits for. */
  readonly #waiting = new Set<Iteration<T>>();
  #final: WatcherStats | undefined;

  /** @internal */
  constructor(query: Query, wantedMask: number, request: WatchSettings, signal?: AbortSignal) {
    super();
    this.processes = this.#processes;
    this.#reader = new ReportReader(query, wantedMask);
    this.#before = monitor.counters();
    this.#wantsEvents = backends[request.backend] !== 'polling';
    this.#open = {
      ...monitor.openWatch(this, {
        ...request,
        query: query.native,
        pids: query.pids,
        tellsPasses: watchChannel.hasSubscribers,
      }),
      isRef: true,
    };
    monitor.ref(true);
    abandoned.register(this, this.#open, this.#open);
    try {
      this.#stopListening = signal ? abortWith(this, signal) : () => {};
    } catch (error) {
      abandoned.unregister(this.#open);
      release(this.#open);
      throw error;
    }
    this.#trackListeners();
  }

  /**
   * Resolves when all processes that matched from the start have been told, and changes are being
   * told. Rejects, with a ProcessError, when the watch could not begin, or with the reason of its
   * signal. When it is closed before, resolves.
   */
  get ready(): Promise<void> {
    if (this.#ready === undefined) {
      let resolve = () => {};
      let reject = (_: unknown) => {};
      const promise = new Promise<void>((...both) => {
        [resolve, reject] = both;
      });
      this.#ready = { promise, resolve, reject };
      if (this.#failure !== undefined) reject(this.#failure.reason);
      else if (this.#isReady || this.#isClosed) resolve();
      this.#hold();
    }
    return this.#ready.promise;
  }

  /** What it has cost so far, and how it learns of changes; as it was at the end, once it is closed. */
  get stats(): WatcherStats {
    return this.#final ?? this.#stats();
  }

  /** Keeps Node.js from exiting while it is open; that is how it begins. */
  ref(): this {
    return this.#setRef(true);
  }

  /** Lets Node.js exit while it is open. */
  unref(): this {
    return this.#setRef(false);
  }

  /** Nothing more is told; iterations end. Does nothing when called again. */
  close(): void {
    this.#close(undefined);
  }

  /** @internal Closes it with a reason of the caller's. */
  abort(reason: unknown): void {
    this.#close({ reason });
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const state = this.#isClosed ? 'closed' : this.#isReady ? 'ready' : 'starting';
    return show('Watcher', state, { processes: this.processes, stats: this.stats }, depth, options);
  }

  /** Closes it; resolves when all that it held has been released. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await monitor.released();
  }

  /**
   * What is told from now on. An iteration that is far behind makes the watch wait, and miss what
   * happens meanwhile; then it is told the difference.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<WatcherEvent<T>> {
    const iteration = new Iteration<T>(this);
    const reference = new WeakRef(iteration);
    if (!this.#isClosed) this.#iterations.add(reference);
    return iteration;
  }

  override removeAllListeners<K extends keyof WatcherEvents<T>>(eventName?: K): this {
    super.removeAllListeners(eventName);
    if (eventName === undefined) this.#trackListeners();
    this.#hold();
    return this;
  }

  /** @internal The end of the queue, for iterations. */
  get end(): { reason?: unknown } | undefined {
    return this.#isClosed ? (this.#failure ?? {}) : undefined;
  }

  /** @internal */
  setWaiting(iteration: Iteration<T>, isWaiting: boolean): void {
    if (isWaiting) this.#waiting.add(iteration);
    else this.#waiting.delete(iteration);
    this.#hold();
  }

  /** @internal What was told, unless somebody is too far behind to take it. */
  hear(): void {
    if (this.#isClosed || this.#current().some(({ pending }) => pending >= mostPending)) return;
    const before = binding.cpuTime();
    const reports = this.#reader.take(this.#open.native);
    this.#decodingTime += binding.cpuTime() - before;
    for (const report of reports) if (!this.#isClosed) this.#take(report);
    if (!this.#isReady || this.#isClosed) return;
    if (reports.some(({ what }) => what === 'seen' || what === 'exited')) this.#publish('changes');
    else if (reports.some(({ what }) => what === 'passed')) this.#publish('pass');
  }

  #take(report: Report<T>): void {
    if (report.what === 'seen') this.#seen(report);
    else if (report.what === 'exited') this.#exited(report.pid, report.exit);
    else if (report.what === 'ready') this.#begun(report.status);
    else if (report.what === 'uses') this.#use(report.backend);
  }

  #seen({ subject, process, isMatch, isExisting, isBirth }: Report<T> & { what: 'seen' }): void {
    const { pid, id, name } = subject;
    let known = this.#matches.get(pid);
    if (known !== undefined && known.id !== id) {
      this.#exited(pid, { code: null, signal: null });
      known = undefined;
    }
    if (isMatch) {
      this.#matches.set(pid, { process, id, name });
      this.#processes.set(pid, process);
    } else {
      this.#matches.delete(pid);
      this.#processes.delete(pid);
    }
    if (known === undefined && !isMatch) return;
    if (known === undefined && (isExisting || isBirth)) {
      this.#tell({ type: 'start', process, existing: isExisting });
    } else if (known?.name !== name || !isMatch) {
      const previousName = known?.name ?? null;
      this.#tell({ type: 'rename', process, matches: isMatch, previousName });
    }
  }

  #exited(pid: number, exit: Exit): void {
    const known = this.#matches.get(pid);
    if (known === undefined) return;
    this.#matches.delete(pid);
    this.#processes.delete(pid);
    this.#tell({ type: 'exit', process: known.process, ...exit });
  }

  #use(number: number): void {
    const reason = this.#wantsEvents ? monitor.whyNoEvents() : '';
    this.#reason = reason === '' ? null : reason;
    this.#backend = backends[number] === 'events' ? 'events' : 'polling';
  }

  #begun(status: number): void {
    if (status < 0) {
      const error = statusError(status);
      if (this.#backend === null && this.#wantsEvents)
        error.message += `: ${monitor.whyNoEvents()}`;
      this.#close({ reason: error });
      return;
    }
    this.#isReady = true;
    this.#ready?.resolve();
    this.#hold();
    this.#publish('ready');
  }

  #tell(event: WatcherEvent<T>): void {
    for (const iteration of this.#current()) iteration.push(event);
    const { type, ...rest } = event;
    this.#emit(type, rest);
  }

  /** What a listener throws must not keep others from hearing of what else happened. */
  #emit(type: keyof WatcherEvents<T>, ...args: unknown[]): void {
    try {
      (this.emit as (type: string, ...args: unknown[]) => boolean)(type, ...args);
    } catch (error) {
      throwLater(error);
    }
  }

  #close(failure: { reason: unknown } | undefined): void {
    if (this.#isClosed) return;
    this.#final = this.#stats();
    this.#isClosed = true;
    this.#failure = failure;
    abandoned.unregister(this.#open);
    this.#stopListening();
    release(this.#open);
    const iterations = this.#current();
    for (const iteration of iterations) iteration.finish();
    this.#iterations.clear();
    if (failure === undefined) this.#ready?.resolve();
    else this.#ready?.reject(failure.reason);
    this.#publish('close');
    // An error that nobody else is told of must not go unnoticed.
    const isTold = this.#ready !== undefined || iterations.length > 0;
    const isError = failure?.reason instanceof ProcessError;
    if (isError && (!isTold || this.listenerCount('error') > 0))
      this.#emit('error', failure.reason);
    this.#emit('close');
    this.#hold();
  }

  #setRef(isRef: boolean): this {
    if (!this.#isClosed && this.#open.isRef !== isRef) {
      this.#open.isRef = isRef;
      monitor.ref(isRef);
    }
    return this;
  }

  /** The iterations that have not been left. */
  #current(): Iteration<T>[] {
    const iterations: Iteration<T>[] = [];
    for (const reference of this.#iterations) {
      const iteration = reference.deref();
      if (iteration === undefined) this.#iterations.delete(reference);
      else iterations.push(iteration);
    }
    return iterations;
  }

  #trackListeners(): void {
    const { on } = EventEmitter.prototype;
    on.call(this, 'removeListener', () => this.#hold());
    on.call(this, 'newListener', () => heard.add(this));
    this.#hold();
  }

  /** Lives on while somebody listens, or waits for what comes next. */
  #hold(): void {
    const ownEvents: unknown[] = ['newListener', 'removeListener'];
    const isHeard = this.eventNames().some((name) => !ownEvents.includes(name));
    const isAwaited = this.#waiting.size > 0 || (this.#ready !== undefined && !this.#isReady);
    if (!this.#isClosed && (isHeard || isAwaited)) heard.add(this);
    else heard.delete(this);
  }

  #stats(): WatcherStats {
    const now = monitor.counters();
    const before = this.#before;
    return {
      backend: this.#backend,
      reason: this.#reason,
      warning: this.#backend === 'polling' ? whatPollingMisses(now.interval) : null,
      hidden: this.#hiddenReason(),
      passes: now.passes - before.passes,
      skippedTicks: now.skipped - before.skipped,
      events: now.changes - before.changes,
      dropped: now.lost - before.lost,
      resyncs: now.resyncs - before.resyncs,
      failedPasses: now.failed - before.failed,
      lastError: now.failed > before.failed ? statusCode(now.failure) : null,
      interval: this.#backend === 'polling' ? now.interval : null,
      cpuTime: now.cpuTime - before.cpuTime + this.#decodingTime,
    };
  }

  /** Asked once, for it takes a look at every process; a host that cannot tell has no answer. */
  #hiddenReason(): string | null {
    if (this.#hidden === undefined) {
      try {
        this.#hidden = hiddenReason();
      } catch {
        this.#hidden = null;
      }
    }
    return this.#hidden;
  }

  #publish(cause: WatchMessage['cause']): void {
    if (!watchChannel.hasSubscribers) return;
    const message: WatchMessage = { cause, processes: this.#processes.size, stats: this.stats };
    watchChannel.publish(message);
  }
}
