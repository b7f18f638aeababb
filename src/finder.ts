/** Lookups that keep something from one to the next, to cost less. */
import { type InspectOptions, inspect } from 'node:util';
import { binding, type NativeEngine } from './binding.js';
import {
  type EngineIteration,
  type EngineName,
  engineFacts,
  engineNames,
  engineNeedsProc,
  finderClosed,
  iterationNames,
  iterationNumber,
  kindNumber,
  OpenEngine,
} from './engine.js';
import { ProcessError, quoted, statusError, wrongChoice, wrongType, wrongValue } from './errors.js';
import { Lookups } from './lookups.js';
import { checkOptions } from './options.js';
import { show } from './shown.js';

export interface FinderOptions {
  /**
   * How to find processes. Default: `'auto'`, the first of these that is to be had here and costs
   * the least: `'bpf'`, `'events'`, `'procfs'`. On macOS there is `'libproc'` alone, on Windows `'ntquery'`. See
   * `capabilities()`.
   */
  engine?: EngineName | 'auto' | undefined;
  /**
   * Of the engine `'bpf'`: what it is to walk. Default: processes, and threads where the kernel
   * cannot walk processes alone (before Linux 6.7).
   */
  iteration?: EngineIteration | undefined;
  /**
   * The directory that shows the processes: `/proc`, or another mount of it, such as the host's in
   * a container. Where the processes below it are those of another PID namespace, only `'procfs'`
   * can tell of them; then `user` and, before all, acting on them is out of the question: `kill`,
   * `waitForExit` and `killTree` refuse what such a finder found. Default: `/proc`. macOS has none,
   * and refuses this option.
   */
  procRoot?: string | undefined;
}

/**
 * All lookups of this module, by an engine that may keep something in memory or in the kernel
 * between them; see `openFinder`. They give the same answers, and throw the same errors, as those of
 * the module; once the finder is closed, ProcessError `ERR_FINDER_CLOSED`.
 */
export class Finder extends Lookups {
  /** How it finds processes: never `'auto'`, but what that came to. */
  readonly engine: EngineName;
  /** Of the engine `'bpf'`, what it walks; else `null`. */
  readonly iteration: EngineIteration | null;
  /**
   * The directory that shows the processes, as it was given; `'/proc'` by default, `null` where
   * there is none (macOS, Windows).
   */
  readonly procRoot: string | null;
  readonly #engine: OpenEngine;
  readonly #end: AbortController;

  /** @internal */
  constructor(native: NativeEngine, procRoot: string | undefined) {
    const end = new AbortController();
    const engine = new OpenEngine(native);
    super(engine, end.signal);
    const { name, iteration } = engineFacts(native);
    this.engine = name;
    this.iteration = iteration;
    this.procRoot = procRoot ?? (engineNeedsProc(name) ? '/proc' : null);
    this.#engine = engine;
    this.#end = end;
  }

  /**
   * What it remembers of processes, in bytes: with `'events'`, at most 40 for each; with `'bpf'`,
   * the table that it shares with the kernel.
   */
  get memory(): number {
    this.#engine.assertOpen();
    return engineFacts(this.#engine.native).memory;
  }

  /**
   * Why its lookups read everything at the moment, as those of `'procfs'` do, although its engine is
   * another one: `'events'` cannot hear from the kernel, or the program of `'bpf'` cannot be run. Its
   * answers are right all the same, and it goes on trying. `null`, as a rule: they need not.
   */
  get degraded(): string | null {
    this.#engine.assertOpen();
    return binding.engineTrouble(this.#engine.native) || null;
  }

  /**
   * Releases all that it keeps, as soon as the lookups under way have ended; streams are closed. So
   * does garbage collection. Does nothing when called again.
   */
  close(): void {
    this.#engine.close();
    this.#end.abort(finderClosed());
  }

  /** @internal */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { engine, iteration, procRoot } = this;
    const settled = { engine, iteration, procRoot };
    if (this.#end.signal.aborted) return show('Finder', 'closed', settled, depth, options);
    const { memory, degraded } = this;
    return show('Finder', 'open', { ...settled, memory, degraded }, depth, options);
  }

  /** The same as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/**
 * Opens a finder: for whoever asks again and again.
 *
 * - `'procfs'` reads the name of every process for each lookup by name, and keeps nothing: what the
 *   functions of this module do.
 * - `'events'` remembers the names (at most 40 bytes per process), and hears from the kernel what
 *   has changed when it is asked: then a lookup costs what happened since the last one. Linux 6.6
 *   and later for any user, before with CAP_NET_ADMIN; in the initial PID and user namespaces alone.
 * - `'bpf'` has the kernel compare the names, in one system call, and tell `name`, `comm`, `ppid`,
 *   `state`, `startTime`, `id`, `uid`, `gid`, `user`, `pgid`, `sid`, `nice`, `threads` and `cpuTime`
 *   from what it holds in memory. Linux 5.17 and later with BTF, CAP_BPF and CAP_PERFMON; 1.4 MB.
 * - `'libproc'`, on macOS, reads the name of every process for each lookup by name (one call of
 *   proc_pidinfo() each), and keeps nothing: what the functions of this module do there.
 * - `'ntquery'`, on Windows, goes over the list that the kernel makes of all processes in one call
 *   (SystemBasicProcessInformation, before Windows 11 24H2 SystemProcessInformation), and keeps
 *   nothing: what the functions of this module do there.
 *
 * Answers are the same whatever the engine, and as fresh: of a process that is just executing a
 * program, each may tell the old name or the new one. What a finder may see is settled when it is
 * opened: whoever gives up privileges later should open it afterwards.
 *
 * ```js
 * const finder = await openFinder();
 * setInterval(() => console.log(finder.findByNameSync('postgres').length), 10_000);
 * ```
 *
 * @throws ProcessError `ERR_ENGINE_UNAVAILABLE` when the engine asked for is not to be had here, with
 * the reason; `ENOENT`, `ENODEV`, … when `procRoot` is not a /proc; `EMFILE`, `ENOMEM`.
 * @throws TypeError for misuse.
 */
export async function openFinder(options?: FinderOptions): Promise<Finder> {
  const { engine = 'auto', iteration, procRoot } = checkOptions(options);
  if (!engineNames.includes(engine)) throw wrongChoice('options.engine', engineNames, engine);
  if (iteration !== undefined && (iteration === null || !iterationNames.includes(iteration))) {
    throw wrongChoice('options.iteration', ['processes', 'threads'], iteration);
  }
  const root = procRoot === undefined ? undefined : checkPath(procRoot);
  const kind = kindNumber(engine);
  const [opened, reason] = await binding.openEngine(kind, iterationNumber(iteration ?? null), root);
  if (typeof opened !== 'number') return new Finder(opened, procRoot);
  // Where it is not even tried, no call has failed.
  const failure = opened < 0 ? statusError(opened) : undefined;
  const { errno, syscall } = failure ?? {};
  const about = errno === undefined || syscall === undefined ? {} : { errno, syscall };
  if (failure !== undefined && reason === '') {
    const where = procRoot === undefined ? '' : whyNoRoot(failure.code, procRoot);
    throw new ProcessError(`${failure.message}${where}`, { code: failure.code, ...about });
  }
  throw new ProcessError(`The engine '${engine}' is not to be had here: ${reason}`, {
    code: 'ERR_ENGINE_UNAVAILABLE',
    ...about,
  });
}

/** The end of a message. */
function whyNoRoot(code: string, path: string): string {
  const problems: Readonly<Record<string, string>> = {
    ENODEV: 'is not a mount of proc',
    ENOENT: 'does not exist',
    ENOTDIR: 'is not a directory',
  };
  const problem = problems[code];
  if (problem === undefined) return ` (${JSON.stringify(path)})`;
  return `: options.procRoot ${quoted(path)} ${problem}; give a directory on which proc is mounted, like "/proc"`;
}

function checkPath(path: unknown): Uint8Array {
  if (typeof path !== 'string') throw wrongType('options.procRoot', 'a string', path);
  if (path === '' || path.includes('\0')) {
    throw wrongValue('options.procRoot', 'must be a path, neither empty nor with a NUL');
  }
  return Buffer.from(path);
}
