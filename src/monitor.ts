/**
 * The thread that hears of processes (native/monitor.h): it is started for the first watch or wait,
 * serves all of this JavaScript thread, and ends behind the last one.
 */
import { clearTimeout, setTimeout } from 'node:timers';
import { binding, type NativeExitMemory, type NativeMonitor, type NativeWatch } from './binding.js';
import { checkStatus, statusError } from './errors.js';
import type { NativeQuery } from './query.js';
import { signalName } from './signals.js';

/** How a process ended. Neither, when the system does not tell. */
export interface Exit {
  /**
   * What it passed to exit(3), 0 to 255; `null` when a signal ended it, or it is not known.
   * Windows: 0 to 2³²−1, and never `null` because of a signal: what is killed exits with 1.
   */
  code: number | null;
  /**
   * The signal that ended it, like `'SIGKILL'`; `null` when it exited, or it is not known. Windows:
   * always `null`.
   */
  signal: string | null;
}

/** What has been done so far; the numbers of Monitor::Counters in native/monitor.h, in its order. */
export interface Counters {
  readonly changes: number;
  readonly lost: number;
  readonly passes: number;
  readonly skipped: number;
  readonly resyncs: number;
  readonly failed: number;
  readonly failure: number;
  readonly cpuTime: number;
  readonly interval: number;
  readonly waiting: number;
  readonly polled: number;
  readonly polls: number;
  readonly refusal: number;
}

/** Somebody with a watch. */
export interface WatchClient {
  /** The watch has told something. */
  hear(): void;
}

export interface WatchRequest {
  readonly query: NativeQuery;
  readonly pids: Int32Array | undefined;
  /** `Backend` in native/watch.h. */
  readonly backend: number;
  readonly interval: number;
  readonly cpuBudget: number;
  readonly tellsPasses: boolean;
}

export interface OpenWatch {
  readonly token: number;
  readonly native: NativeWatch;
}

/** Monitor::Notice in native/monitor.h. */
const notice = { watchNews: 0, waitOver: 1 };

const noCounters: Counters = {
  changes: 0,
  lost: 0,
  passes: 0,
  skipped: 0,
  resyncs: 0,
  failed: 0,
  failure: 0,
  cpuTime: 0,
  interval: 0,
  waiting: 0,
  polled: 0,
  polls: 0,
  refusal: 0,
};

/**
 * For so long, in milliseconds, the thread goes on for processes that nobody waits for any more
 * (ExitWaits::kLinger in native/exit_waits.h).
 */
const lingering = 60_000;

class Monitor {
  #native: NativeMonitor | undefined;
  /** Of all monitors, one after the other. */
  #memory: NativeExitMemory | undefined;
  /** Until when the thread is kept for processes that nobody waits for any more. */
  #farewell: NodeJS.Timeout | undefined;
  #lastToken = 0;
  /** Weakly: a watch that nobody can hear of any more is to be collected. */
  readonly #watches = new Map<number, WeakRef<WatchClient>>();
  readonly #waits = new Map<number, (code: number, signal: number) => void>();
  /** How many of them keep the event loop alive. */
  #refs = 0;
  #closed: Promise<void> = Promise.resolve();
  /** Of the monitors that have been closed. */
  #polls = 0;
  #refusal = 0;

  openWatch(client: WatchClient, request: WatchRequest): OpenWatch {
    const token = this.#nextToken();
    const { pids, backend, interval, cpuBudget, tellsPasses, query } = request;
    this.#watches.set(token, new WeakRef(client));
    try {
      const native = checkStatus(
        binding.openWatch(
          this.#open(),
          token,
          pids,
          backend,
          interval,
          cpuBudget,
          tellsPasses,
          query.by,
          query.flags,
          query.uid,
          query.ppid,
          query.limit,
          query.fields,
          query.names,
          query.textLimit,
          query.excluded,
        ),
      ) as NativeWatch;
      return { token, native };
    } catch (error) {
      this.closeWatch(token);
      throw error;
    }
  }

  /** To be called once; the native watch is closed by its owner. */
  closeWatch(token: number): void {
    this.#watches.delete(token);
    this.#closeIfIdle();
  }

  /** One more, or one less, that keeps the event loop alive. */
  ref(isOneMore: boolean): void {
    this.#refs += isOneMore ? 1 : -1;
    if (this.#native !== undefined) binding.refMonitor(this.#native, this.#refs > 0);
  }

  /**
   * Calls back when the process has ended: that of the identity, or without one whichever has the
   * PID now. Returns a function that ends the wait; undefined when there is no such process.
   */
  waitForExit(
    pid: number,
    id: Uint8Array | undefined,
    callback: (exit: Exit) => void,
  ): (() => void) | undefined {
    const token = this.#nextToken();
    // Nobody outlives the end of this very process, nor is to keep it from coming.
    const isOther = pid !== process.pid;
    const end = () => {
      if (!this.#waits.delete(token)) return;
      if (this.#native !== undefined && binding.cancelWait(this.#native, token, isOther) > 0) {
        this.#linger();
      }
      if (isOther) this.ref(false);
      this.#closeIfIdle();
    };
    this.#waits.set(token, (code, signal) => {
      end();
      callback(exitOf(code, signal));
    });
    if (isOther) this.ref(true);
    let status: number;
    try {
      status = binding.waitForExit(this.#open(), token, pid, id);
    } catch (error) {
      end();
      throw error;
    }
    if (status === 0) return end;
    end();
    if (status < 0) throw statusError(status, pid);
    return undefined;
  }

  counters(): Counters {
    if (this.#native === undefined) {
      return { ...noCounters, polls: this.#polls, refusal: this.#refusal };
    }
    const numbers = new Float64Array(binding.monitorCounters(this.#native));
    const entries = Object.keys(noCounters).map((name, i) => [name, numbers[i]]);
    const counters = Object.fromEntries(entries) as unknown as Counters;
    return {
      ...counters,
      polls: counters.polls + this.#polls,
      refusal: counters.refusal || this.#refusal,
    };
  }

  whyNoEvents(): string {
    return this.#native === undefined ? '' : binding.whyNoEvents(this.#native);
  }

  /** When all that has been closed so far has been released. */
  released(): Promise<void> {
    this.#endFarewell();
    return this.#closed;
  }

  #open(): NativeMonitor {
    if (this.#native === undefined) {
      this.#memory ??= checkStatus(binding.openExitMemory()) as NativeExitMemory;
      const hear = (notices: ArrayBuffer) => this.#hear(new Int32Array(notices));
      const opened = binding.openMonitor(hear, this.#memory);
      this.#native = checkStatus(opened) as NativeMonitor;
      binding.refMonitor(this.#native, this.#refs > 0);
    }
    return this.#native;
  }

  #linger(): void {
    clearTimeout(this.#farewell);
    this.#farewell = setTimeout(() => this.#endFarewell(), lingering);
    this.#farewell.unref();
  }

  #endFarewell(): void {
    clearTimeout(this.#farewell);
    this.#farewell = undefined;
    this.#closeIfIdle();
  }

  #closeIfIdle(): void {
    const isInUse = this.#watches.size > 0 || this.#waits.size > 0;
    if (this.#native === undefined || isInUse || this.#farewell !== undefined) return;
    const { polls, refusal } = this.counters();
    this.#polls = polls;
    this.#refusal = refusal;
    const closed = binding.closeMonitor(this.#native);
    this.#native = undefined;
    this.#closed = Promise.all([this.#closed, closed]).then(() => {});
  }

  #nextToken(): number {
    do {
      this.#lastToken = this.#lastToken === 2 ** 31 - 1 ? 1 : this.#lastToken + 1;
    } while (this.#watches.has(this.#lastToken) || this.#waits.has(this.#lastToken));
    return this.#lastToken;
  }

  #hear(notices: Int32Array): void {
    for (let i = 0; i < notices.length; i += 4) {
      const [what, token = 0, code = 0, signal = -1] = notices.subarray(i, i + 4);
      try {
        if (what === notice.watchNews) this.#watches.get(token)?.deref()?.hear();
        else this.#waits.get(token)?.(code, signal);
      } catch (error) {
        throwLater(error);
      }
    }
  }
}

/** As `Exit` in native/process.h hands it over: a code of 32 bits; a signal of -1 when neither is known. */
export function exitOf(code: number, signal: number): Exit {
  return { code: signal === 0 ? code >>> 0 : null, signal: signal > 0 ? signalName(signal) : null };
}

/** What a listener throws is for the process to hear of, and does not concern other listeners. */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/** Of this JavaScript thread. */
export const monitor = new Monitor();
