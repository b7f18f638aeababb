/** What this host offers. */
import { binding } from './binding.js';
import { type EngineIteration, type EngineName, iterationNumber, kindNumber } from './engine.js';
import { statusError } from './errors.js';
import type { WatchBackend } from './watcher.js';

export interface EngineCapability {
  /** Whether `openFinder()` can have it. */
  available: boolean;
  /** Why not, in words: a kernel too old, a capability that is missing, …; `null` when it is. */
  reason: string | null;
}

export interface ViewCapability {
  /**
   * Whether `/proc` shows another PID namespace than the one of this process, as where the host's is
   * mounted in a container. Then records say so, and whatever acts on processes or waits for them
   * refuses them (`ERR_FOREIGN_PROCESS`), for their PIDs mean other processes here. macOS, Windows:
   * false.
   */
  foreign: boolean;
  /**
   * Why not all processes are told, in words: the mount option `hidepid` of proc(5), or how many of
   * them this user may not look at; `null` when none is known to be hidden. What is hidden is left
   * out of lookups, watches and scans. macOS, Windows: `null`.
   */
  hidden: string | null;
}

export interface WatchCapability {
  /** How `watch()` learns of changes here, unless it is told to poll. */
  backend: WatchBackend;
  /** Why not by events, in words; `null` when it does. */
  reason: string | null;
}

export interface Capabilities {
  /** The engines of a Finder: for lookups. `watch()` uses none of them; see `watch`. */
  engines: Record<EngineName, EngineCapability>;
  /** What `watch()` goes by. */
  watch: WatchCapability;
  /** What the module's functions see. */
  view: ViewCapability;
  /** What the engine `'bpf'` could walk here; `null` when it is not to be had. */
  bpfIteration: EngineIteration | null;
}

/**
 * What this host offers to this process, and what is missing: tried out, and released again, which
 * takes some milliseconds, and reads the name of every process once. An engine that is missing for
 * `openFinder()` is missing for this reason.
 *
 * @throws ProcessError `ENOENT` when there is no `/proc`, `EMFILE`, `ENFILE`.
 */
export function capabilities(): Capabilities {
  const bpf = tryEngine('bpf', 'processes');
  const bpfOfThreads = bpf.available ? bpf : tryEngine('bpf', 'threads');
  const events = tryEngine('events');
  return {
    watch: { backend: events.available ? 'events' : 'polling', reason: events.reason },
    view: { foreign: binding.isForeign(true), hidden: hiddenReason() },
    engines: {
      procfs: tryEngine('procfs'),
      events,
      bpf: bpfOfThreads,
      libproc: tryEngine('libproc'),
      ntquery: tryEngine('ntquery'),
    },
    bpfIteration: bpf.available ? 'processes' : bpfOfThreads.available ? 'threads' : null,
  };
}

function tryEngine(name: EngineName, iteration: EngineIteration | null = null): EngineCapability {
  const [status, reason] = binding.tryEngine(kindNumber(name), iterationNumber(iteration));
  if (status === 0) return { available: true, reason: null };
  return { available: false, reason: reason || statusError(status).message };
}

/** Why not all processes are told; `null` when none is known to be hidden. */
export function hiddenReason(): string | null {
  const [status, reason] = binding.hidden();
  if (status < 0) throw statusError(status);
  return reason === '' ? null : reason;
}
