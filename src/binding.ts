/** The native addon: numbers and bytes in, numbers and bytes out. */
import { loadAddon } from './load.js';

/** What a Finder keeps (native/engine.h). Collecting it releases that. */
export interface NativeEngine {
  readonly brand: unique symbol;
}

/** A walk over processes under way (native/pass.h). Collecting it releases what it holds. */
export interface NativePass {
  readonly brand: unique symbol;
}

/**
 * What a step or a lookup came to: the rows (see decode.ts), 0 when there is nothing (more) to
 * tell, or a negative status (see errors.ts).
 */
export type StepResult = ArrayBuffer | number;

/** The thread that hears of processes (native/monitor.h). */
export interface NativeMonitor {
  readonly brand: unique symbol;
}

/** How processes ended (native/exit_memory.h). */
export interface NativeExitMemory {
  readonly brand: unique symbol;
}

/** A question that is kept answered (native/watch.h). Collecting it closes it. */
export interface NativeWatch {
  readonly brand: unique symbol;
}

export interface Binding {
  /**
   * `kind` and `iteration` as numbered in engine.ts; `root` a path in bytes. The engine or a
   * negative status, and why there is none, if that can be said.
   */
  openEngine(
    kind: number,
    iteration: number,
    root: Uint8Array | undefined,
  ): Promise<[engine: NativeEngine | number, reason: string]>;
  /** Once; it goes when the last pass and lookup that use it have ended. */
  closeEngine(engine: NativeEngine): void;
  /** Doubles, in the order of `EngineFacts` in engine.ts. */
  engineFacts(engine: NativeEngine): ArrayBuffer;
  /** Why its lookups read everything at the moment; empty when they do not. */
  engineTrouble(engine: NativeEngine): string;
  /** Opens it and closes it again: a status, and what explains it. */
  tryEngine(kind: number, iteration: number): [status: number, reason: string];

  /**
   * Whether `/proc` shows another PID namespace than the one whose PIDs system calls take here: now,
   * or as it was at most 200 ms ago, which costs nothing.
   */
  isForeign(now: boolean): boolean;
  /** A status, and why not all processes are to be seen; empty when none is known to be hidden. */
  hidden(): [status: number, reason: string];

  /** Without an engine, here and below: statelessly. 0, 2 when there is none, or a negative status. */
  exists(engine: NativeEngine | undefined, pid: number): number;
  /** This process's PID among those that the engine tells; 0 when it is none of them. */
  ownPid(engine: NativeEngine | undefined): number;
  /** `textLimit` is that of `cmdline` and of `environ`, in bytes each, here and below. */
  lookupSync(
    engine: NativeEngine | undefined,
    pid: number,
    fields: number,
    textLimit: number,
  ): StepResult;
  lookup(
    engine: NativeEngine | undefined,
    pid: number,
    fields: number,
    textLimit: number,
  ): Promise<StepResult>;
  /**
   * `pids`, ascending and without duplicates, to visit only these; whether its CPU time is to be
   * measured. Or a negative status.
   */
  openPass(
    engine: NativeEngine | undefined,
    pids: Int32Array | undefined,
    isMeasured: boolean,
  ): NativePass | number;
  /**
   * Before the first step. -1 for any `uid` or `ppid`, 0 for no `limit`; `names` with a NUL behind
   * each; `excluded` PIDs as `pids` above. Returns 0 or a negative status.
   */
  addQuery(
    pass: NativePass,
    by: number,
    flags: number,
    uid: number,
    ppid: number,
    limit: number,
    fields: number,
    names: Uint8Array,
    textLimit: number,
    excluded: Int32Array | undefined,
  ): number;
  nextSync(pass: NativePass): StepResult;
  /** One at a time. */
  next(pass: NativePass): Promise<StepResult>;
  /** The query at this position wants no more. At any time. */
  cancel(pass: NativePass, query: number): void;
  /** At any time; a step under way ends soon. */
  close(pass: NativePass): void;
  /**
   * Two doubles: how many processes the pass came by, and its CPU time so far in milliseconds, 0
   * when it was not to be measured.
   * Undefined while a step is under way.
   */
  passCost(pass: NativePass): ArrayBuffer | undefined;
  /** The children's PIDs as an Int32Array's bytes, or a status: 4 when this host cannot tell. */
  children(engine: NativeEngine | undefined, pids: Int32Array): Promise<StepResult>;

  /** For all monitors of an environment, one after the other. Or a negative status. */
  openExitMemory(): NativeExitMemory | number;
  /**
   * Starts the thread, or a negative status. `hear` is called with notices, four int32 each: what,
   * token, code, signal (Monitor::Notice in native/monitor.h). It must not throw.
   */
  openMonitor(
    hear: (notices: ArrayBuffer) => void,
    memory: NativeExitMemory,
  ): NativeMonitor | number;
  /** Once; then the monitor is of no use. The promise keeps the event loop alive. */
  closeMonitor(monitor: NativeMonitor): Promise<void>;
  /** Whether it keeps the event loop alive; at first it does. */
  refMonitor(monitor: NativeMonitor, isRef: boolean): void;
  /** Doubles, in the order of `Counters` in monitor.ts. */
  monitorCounters(monitor: NativeMonitor): ArrayBuffer;
  /** Empty when there are events, or nobody has asked for them. */
  whyNoEvents(monitor: NativeMonitor): string;
  /** `pids` as for openPass(), `interval` in milliseconds, `budget` as a share of a core. */
  openWatch(
    monitor: NativeMonitor,
    token: number,
    pids: Int32Array | undefined,
    backend: number,
    interval: number,
    budget: number,
    tellsPasses: boolean,
    by: number,
    flags: number,
    uid: number,
    ppid: number,
    limit: number,
    fields: number,
    names: Uint8Array,
    textLimit: number,
    excluded: Int32Array | undefined,
  ): NativeWatch | number;
  /** What was told, four int32 each (Watch::Told in native/watch.h), and a packet of rows. */
  takeFromWatch(watch: NativeWatch): [told: ArrayBuffer, rows: ArrayBuffer];
  /** Pairs: the PID of a match that is none, and the number it was told by. */
  forgetMatches(watch: NativeWatch, pairs: Int32Array): number;
  closeWatch(watch: NativeWatch): void;
  /** Without `id`, whichever process has the PID. 0, 2 when there is no such process (any more), or a negative status. */
  waitForExit(
    monitor: NativeMonitor,
    token: number,
    pid: number,
    id: Uint8Array | undefined,
  ): number;
  /**
   * The process may be followed for a while all the same, for whoever asks again; see ExitWaits in
   * native/exit_waits.h. Returns how many processes are.
   */
  cancelWait(monitor: NativeMonitor, token: number, mayLinger: boolean): number;
  /** Likewise. */
  signal(pid: number, id: Uint8Array | undefined, signal: number): number;
  /**
   * Likewise, with -1 to send none, and lists children: int32 values, of which the first is what
   * became of the signal, the second what became of the list (0, or 4 when this host cannot tell),
   * and the others are PIDs: from before, a 0, and from after (signal_parent() in native/platform.h). Or a negative status.
   */
  signalParent(pid: number, id: Uint8Array | undefined, signal: number): ArrayBuffer | number;
  /**
   * Equal in processes forked from one another that have not executed a program since. 0 when it is
   * not told or, if that is to be made sure of, not random.
   */
  origin(pid: number, isToBeRandom: boolean): number;
  /** What may keep a process although it was killed: 1 frozen, 2 uninterruptible, 0 neither. */
  hold(pid: number): number;
  /** The path in bytes, and the PID of a member: 0, 4 when that is not to be had, or a negative status. */
  killControlGroup(path: Uint8Array, member: number): number;
  /** CPU time of this thread, in milliseconds. */
  cpuTime(): number;

  /**
   * For benchmarks: a bare loop over every comm (0), every stat (1), the stat of `pid` (2) or the
   * list of processes (3). Returns how many processes it came by.
   */
  floor(loop: number, pid: number): number;
  /** CPU time of ended child processes, in microseconds. */
  childrenCpuTime(): number;
  /** How many system calls lookups have made on this thread. */
  systemCalls(): number;

  /** `name:kind` per field of native/fields.def, in order. */
  readonly fields: readonly string[];
  readonly states: readonly string[];
  /** The system calls that a status can name. */
  readonly calls: readonly string[];
  /** Names are those of image files, whose case and `.exe` do not matter (NameRules in native/name.h). */
  readonly namesAreImages: boolean;
  readonly sourceHash: string;
}

export const binding = loadAddon() as Binding;
