/** What lookups go by: nothing, or what a Finder keeps. */
import { binding, type NativeEngine } from './binding.js';
import { ProcessError } from './errors.js';

/**
 * - `'procfs'` (Linux): reads `/proc` anew for each lookup, and keeps nothing
 * - `'events'` (Linux): remembers the name of every process, and hears from the kernel what changes
 * - `'bpf'` (Linux): has a program in the kernel that compares names there
 * - `'libproc'` (macOS), `'ntquery'` (Windows): asks the system anew for each lookup, and keeps nothing
 */
export type EngineName = 'procfs' | 'events' | 'bpf' | 'libproc' | 'ntquery';

/** What the program of `'bpf'` walks: processes (Linux 6.7 and later), or all of their threads. */
export type EngineIteration = 'processes' | 'threads';

/** In the order of `EngineKind` in native/engine.h; what opens the best one comes behind. */
export const engineNames: readonly (EngineName | 'auto')[] = [
  'procfs',
  'events',
  'bpf',
  'libproc',
  'ntquery',
  'auto',
];

/** In the order of `Iteration` in native/engine.h. */
export const iterationNames: readonly (EngineIteration | null)[] = [null, 'processes', 'threads'];

export function engineNeedsProc(name: EngineName): boolean {
  return name !== 'libproc' && name !== 'ntquery';
}

export function kindNumber(name: EngineName | 'auto'): number {
  return engineNames.indexOf(name);
}

export function iterationNumber(name: EngineIteration | null): number {
  return iterationNames.indexOf(name);
}

/** What an engine tells of itself, in the order of engine_facts() in native/node/engines.cc. */
export interface EngineFacts {
  readonly name: EngineName;
  readonly iteration: EngineIteration | null;
  /** The PIDs it tells are not those of this process's PID namespace. */
  readonly isForeign: boolean;
  /** What it remembers, in bytes. */
  readonly memory: number;
}

export function engineFacts(engine: NativeEngine): EngineFacts {
  const [kind = 0, iteration = 0, isForeign = 0, memory = 0] = new Float64Array(
    binding.engineFacts(engine),
  );
  return {
    name: engineNames[kind] as EngineName,
    iteration: iterationNames[iteration] ?? null,
    isForeign: isForeign !== 0,
    memory,
  };
}

/** What a lookup uses for as long as it takes. */
export interface Engine {
  /** Undefined: none. Throws once it was released. */
  readonly native: NativeEngine | undefined;
  readonly isForeign: boolean;
  /** Throws once it was closed. */
  assertOpen(): void;
  /** Likewise; else keeps it from being released before what this returns is called, once. */
  hold(): () => void;
}

export const noEngine: Engine = {
  native: undefined,
  get isForeign() {
    return binding.isForeign(false);
  },
  assertOpen() {},
  hold: () => () => {},
};

/** An engine that somebody has to close. */
export class OpenEngine implements Engine {
  readonly isForeign: boolean;
  readonly #native: NativeEngine;
  #isClosed = false;
  #holders = 1;

  constructor(native: NativeEngine) {
    this.#native = native;
    this.isForeign = engineFacts(native).isForeign;
  }

  get native(): NativeEngine {
    if (this.#holders === 0) throw finderClosed();
    return this.#native;
  }

  assertOpen(): void {
    if (this.#isClosed) throw finderClosed();
  }

  hold(): () => void {
    this.assertOpen();
    this.#holders++;
    return () => this.#release();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#release();
  }

  #release(): void {
    if (--this.#holders === 0) binding.closeEngine(this.#native);
  }
}

export function finderClosed(): ProcessError {
  return new ProcessError('The finder is closed', { code: 'ERR_FINDER_CLOSED' });
}
