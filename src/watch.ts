/** Being told of processes as they start, end, and change their names. */
import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { abortWith } from './abort.js';
import { binding } from './binding.js';
import { type Batch, Decoder, Packet } from './decode.js';
import { watchChannel } from './diagnostics.js';
import { ProcessError, statusCode, statusError, wrongType, wrongValue } from './errors.js';
import { type DefaultFields, type Field, fieldMask, type Process } from './fields.js';
import {
  type Counters,
  type Exit,
  exitOf,
  monitor,
  type OpenWatch,
  throwLater,
} from './monitor.js';
import {
  checkBudget,
  checkMilliseconds,
  checkOptions,
  checkSignal,
  type FieldOptions,
  type SignalOptions,
} from './options.js';
import {
  compileFilter,
  type NameQuery,
  type NameSubject,
  type ProcessFilter,
  type Query,
} from './query.js';

/** A process matches. */
export interface StartEvent<T> {
  process: T;
  /** It did so already when the watch began. */
  existing: boolean;
}

/** A process that matched has ended: it is a zombie, or gone. */
export interface ExitEvent<T> extends Exit {
  /** As it was last seen. */
  process: T;
}

/** A process came to match, or no longer does, or matches by another name. */
export interface RenameEvent<T> {
  /** As it is now. */
  process: T;
  /** Whether it matches, and so is one of `watcher.processes`. */
  matches: boolean;
  /** Its `name` before; `null` when it did not match, and so was not known. */
  previousName: string | null;
}

/** What a watcher tells when it is iterated over. */
export type WatcherEvent<T> =
  | ({ type: 'start' } & StartEvent<T>)
  | ({ type: 'exit' } & ExitEvent<T>)
  | ({ type: 'rename' } & RenameEvent<T>);

export interface WatcherEvents<T> {
  start: [StartEvent<T>];
  exit: [ExitEvent<T>];
  rename: [RenameEvent<T>];
  /** It could not begin; it is closed. */
  error: [Error];
  /** Nothing more will be told. */
  close: [];
}

/** How changes are learnt of: the system tells, or one pass after the other finds out. */
export type WatchBackend = 'events' | 'polling';

export interface WatchOptions<F extends readonly Field[]> extends FieldOptions<F>, SignalOptions {
  /**
   * `'auto'` (default): events where they are to be had, else polling. `'events'`: fails where they
   * are not. `'polling'`: needs nothing of the system.
   */
  backend?: 'auto' | WatchBackend | undefined;
  /**
   * Milliseconds from one polling pass to the next, 10 to 2³¹−1; of several watchers the shortest
   * counts. Of no concern to events. Default: 1000.
   */
  interval?: number | undefined;
  /**
   * The share of one core that polling may take, above 0 and up to 1: passes are made more seldom
   * when they cost more, as measured. Of several watchers the largest counts. Default: 0.01.
   */
  cpuBudget?: number | undefined;
}

/**
 * What a watcher has cost. All watchers of a JavaScript thread share what they are told and the
 * passes that are made, so do these numbers; they count from when this watcher was made.
 */
export interface WatcherStats {
  /** `null` until it is decided, shortly before `ready`. */
  backend: WatchBackend | null;
  /** Why there are no events; `null` when there are, or none were wanted. */
  reason: string | null;
  /** Passes over all processes: the first one, those of polling, and those after a loss. */
  passes: number;
  /** Polling passes that were left out because the one before was still under way, or late. */
  skippedTicks: number;
  /** Changes, of whatever process, that the system told of. */
  events: number;
  /** Of these, the ones that there was no room for. None of them is missed in the end: */
  dropped: number;
  /** passes that were made to find out what was lost. */
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
  stats: WatcherStats;
}

/** In the order of `Backend` in native/watch.h. */
const backends: readonly unknown[] = ['auto', 'events', 'polling'];

/** Watch::Told in native/watch.h, and its flags. */
const told = { seen: 0, exited: 1, ready: 2, passed: 3, backend: 4 };
const flag = { isMatch: 1, isExisting: 2, isBirth: 4 };

/** How many events an iteration may be behind before the watch waits for it. */
const mostPending = 1000;

interface Subject extends NameSubject {
  pid: number;
  id: string;
  name: string;
}

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
export class Watcher<T> extends EventEmitter<WatcherEvents<T>> {
  /** Those that match, by PID, as they were last seen. */
  readonly processes: ReadonlyMap<number, T>;
  readonly #processes = new Map<number, T>();
  readonly #matches = new Map<number, Match<T>>();
  readonly #test: Query['test'];
  readonly #decoder: Decoder<T>;
  readonly #subjects: Decoder<Subject>;
  readonly #open: Leftover;
  readonly #stopListening: () => void;
  readonly #before: Counters;
  readonly #wantsEvents: boolean;
  #decodingTime = 0;
  #backend: WatchBackend | null = null;
  #reason: string | null = null;
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
    this.#test = query.test;
    const { fields } = query.native;
    this.#decoder = new Decoder(fields, wantedMask);
    this.#subjects = new Decoder(fields, fieldMask(['id', 'name']) | (query.test?.fields ?? 0));
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
    this.#stopListening = signal ? abortWith(this, signal) : () => {};
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
    }
    return this.#ready.promise;
  }

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
    const [numbers, rows] = binding.takeFromWatch(this.#open.native);
    const [batch] = new Packet(rows).batches;
    const happened = this.#decode(new Int32Array(numbers), batch);
    this.#decodingTime += binding.cpuTime() - before;
    for (const tell of happened) if (!this.#isClosed) tell();
  }

  #decode(numbers: Int32Array, batch: Batch | undefined): (() => void)[] {
    const happened: (() => void)[] = [];
    const forgotten: number[] = [];
    let cause: WatchMessage['cause'] | undefined;
    for (let i = 0, row = 0; i < numbers.length; i += 4) {
      const [what, a = 0, b = 0, c = 0] = numbers.subarray(i, i + 4);
      if (what === told.seen && batch !== undefined) {
        const subject = this.#subjects.record(batch, row);
        const isMatch = (a & flag.isMatch) !== 0 && this.#matchesName(batch, row, subject);
        if (!isMatch && (a & flag.isMatch) !== 0) forgotten.push(subject.pid, b);
        const process = this.#decoder.record(batch, row++);
        happened.push(() => this.#seen(subject, process, isMatch, a));
      } else if (what === told.exited) {
        happened.push(() => this.#exited(a, exitOf(b, c)));
      } else if (what === told.ready) {
        happened.push(() => this.#begun(a));
      } else if (what === told.backend) {
        happened.push(() => this.#useBackend(a));
      }
      if (what === told.seen || what === told.exited) cause = 'changes';
      else if (what === told.passed) cause ??= 'pass';
    }
    if (forgotten.length > 0) binding.forgetMatches(this.#open.native, Int32Array.from(forgotten));
    if (cause !== undefined && this.#isReady) happened.push(() => this.#publish(cause));
    return happened;
  }

  #matchesName(batch: Batch, row: number, subject: Subject): boolean {
    return (
      this.#test === undefined ||
      this.#subjects.isMatched(batch, row) ||
      this.#test.matches(subject)
    );
  }

  #seen({ pid, id, name }: Subject, process: T, matches: boolean, flags: number): void {
    let known = this.#matches.get(pid);
    if (known !== undefined && known.id !== id) {
      this.#exited(pid, { code: null, signal: null });
      known = undefined;
    }
    if (matches) {
      this.#matches.set(pid, { process, id, name });
      this.#processes.set(pid, process);
    } else {
      this.#matches.delete(pid);
      this.#processes.delete(pid);
    }
    const isNew = known === undefined && (flags & (flag.isExisting | flag.isBirth)) !== 0;
    if (matches && isNew) {
      this.#tell({ type: 'start', process, existing: (flags & flag.isExisting) !== 0 });
    } else if (known === undefined ? matches : !matches || known.name !== name) {
      this.#tell({ type: 'rename', process, matches, previousName: known?.name ?? null });
    }
  }

  #exited(pid: number, exit: Exit): void {
    const known = this.#matches.get(pid);
    if (known === undefined) return;
    this.#matches.delete(pid);
    this.#processes.delete(pid);
    this.#tell({ type: 'exit', process: known.process, ...exit });
  }

  #useBackend(number: number): void {
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
    if (!this.#isClosed && (isHeard || this.#waiting.size > 0)) heard.add(this);
    else heard.delete(this);
  }

  #stats(): WatcherStats {
    const now = monitor.counters();
    const before = this.#before;
    return {
      backend: this.#backend,
      reason: this.#reason,
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

  #publish(cause: WatchMessage['cause']): void {
    if (!watchChannel.hasSubscribers) return;
    const message: WatchMessage = { cause, processes: this.#processes.size, stats: this.stats };
    watchChannel.publish(message);
  }
}

interface Taker<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(reason: unknown): void;
}

/** One iteration over what a watcher tells. */
class Iteration<T> implements AsyncIterableIterator<WatcherEvent<T>> {
  readonly #watcher: Watcher<T>;
  #queue: WatcherEvent<T>[] = [];
  #position = 0;
  readonly #takers: Taker<WatcherEvent<T>>[] = [];
  #isOver = false;

  constructor(watcher: Watcher<T>) {
    this.#watcher = watcher;
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
    if (this.#takers.length === 0) this.#watcher.setWaiting(this, false);
    taker.resolve({ done: false, value: event });
  }

  /** The watcher has been closed. */
  finish(): void {
    for (const taker of this.#takers.splice(0)) this.#settle(taker);
    this.#watcher.setWaiting(this, false);
  }

  next(): Promise<IteratorResult<WatcherEvent<T>, undefined>> {
    return new Promise((resolve, reject) => {
      const event = this.#take();
      if (event !== undefined) resolve({ done: false, value: event });
      else if (this.#isOver || this.#watcher.end !== undefined) this.#settle({ resolve, reject });
      else {
        this.#takers.push({ resolve, reject });
        this.#watcher.setWaiting(this, true);
      }
    });
  }

  /** What `for await` calls when it is left: closes the watcher. */
  async return(): Promise<IteratorResult<WatcherEvent<T>, undefined>> {
    this.#isOver = true;
    this.#queue = [];
    this.#position = 0;
    this.#watcher.close();
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
      queueMicrotask(() => this.#watcher.hear());
    }
    return event;
  }

  /** The failure is told once. */
  #settle(taker: Taker<WatcherEvent<T>>): void {
    const end = this.#watcher.end;
    if (!this.#isOver && end !== undefined && 'reason' in end) taker.reject(end.reason);
    else taker.resolve({ done: true, value: undefined });
    this.#isOver = true;
  }
}

interface WatchSettings {
  readonly backend: number;
  readonly interval: number;
  readonly cpuBudget: number;
}

/**
 * Watches for processes: tells of those that match already (`start` events marked `existing`), and
 * from then on of those that start, end (`exit`) or change their names into or out of the match
 * (`rename`). `watcher.processes` holds those that match at any time. Memory grows with the number of
 * matches; polling remembers 12 bytes of each other process besides.
 *
 * ```js
 * const watcher = watch('postgres');
 * watcher.on('start', ({ process }) => console.log('up', process.pid));
 * watcher.on('exit', ({ process, code, signal }) => console.log('down', process.pid, code ?? signal));
 *
 * for await (const { type, process } of watch({ name: /^worker-/, uid: 1000 })) …
 * ```
 *
 * A process is a `start` when it was forked with a name that matches and has executed nothing else
 * within 10 ms (a worker of a pre-forking server), or when it executes a program that makes it match
 * within a second of its fork. Otherwise its coming to match is a `rename`. Whoever wants to know
 * what runs must listen to both, or look at `processes`. The other conditions of a filter, `uid` and
 * `ppid`, are tested on the same occasions, and when the owner changes.
 *
 * Linux: the kernel's process events (netlink), for any user since Linux 6.6, with CAP_NET_ADMIN
 * before; only in the initial PID, user and network namespaces, so not in containers as a rule. A
 * start or an end is told within milliseconds, with the exit code, and an idle host costs nothing.
 * Processes that end before they could be looked at are not told. A process that overwrites its
 * arguments only (`by: 'cmdline'`, `'argv0'`, `'any'`) causes no event.
 *
 * Elsewhere polls: the names of new processes are read in each pass, and again in the next two;
 * those that match are looked at in each pass; of all others, 256 a pass. What lives shorter than
 * `interval` can be missed, and an old process that renames itself is noticed within
 * (processes / 256) passes. Ends of the first 256 matches are told at once, by pidfds (Linux 5.3);
 * ends of others by the next pass. The exit code is told where `waitForExit()` would know it.
 *
 * @throws ProcessError by way of `ready`, iterations and the event `error`: as `findByName`, and
 * `EOPNOTSUPP` when events are demanded and not to be had.
 * @throws TypeError, RangeError for misuse.
 */
export function watch<const F extends readonly Field[] = DefaultFields>(
  nameOrFilter: NameQuery | ProcessFilter,
  options?: WatchOptions<F>,
): Watcher<Process<F[number]>> {
  const checked = checkOptions(options);
  const { backend = 'auto', interval = 1000, cpuBudget = 0.01 } = checked;
  const settings = {
    backend: backends.indexOf(backend),
    interval: checkMilliseconds('options.interval', interval, 10),
    cpuBudget: checkBudget(cpuBudget),
  };
  if (settings.backend === -1) {
    throw wrongValue('options.backend', `must be one of ${backends.join(', ')}`);
  }
  const query = compileFilter(asFilter(nameOrFilter), checked.fields);
  const fields =
    query.native.fields |
    fieldMask(['id', 'name']) |
    (query.test === undefined ? 0 : query.test.fields);
  const watched = { ...query, native: { ...query.native, fields } };
  return new Watcher(watched, query.native.fields, settings, checkSignal(checked.signal));
}

function asFilter(nameOrFilter: NameQuery | ProcessFilter): ProcessFilter {
  if (nameOrFilter === undefined || nameOrFilter === null) {
    throw wrongType('nameOrFilter', 'a name or a filter', nameOrFilter);
  }
  const isFilter =
    typeof nameOrFilter === 'object' &&
    !Array.isArray(nameOrFilter) &&
    !types.isRegExp(nameOrFilter) &&
    !ArrayBuffer.isView(nameOrFilter);
  return isFilter ? (nameOrFilter as ProcessFilter) : { name: nameOrFilter as NameQuery };
}
