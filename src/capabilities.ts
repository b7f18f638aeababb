/** What this host offers. */
import { binding } from './binding.js';
import { type EngineIteration, type EngineName, iterationNumber, kindNumber } from './engine.js';
import { statusError } from './errors.js';

export interface EngineCapability {
  available: boolean;
  /** Why not, in words: a kernel too old, a capability that is missing, …; `null` when it is. */
  reason: string | null;
}

export interface Capabilities {
  /** The engines of a Finder. */
  engines: Record<EngineName, EngineCapability>;
  /** What the engine `'bpf'` could walk here; `null` when it is not to be had. */
  bpfIteration: EngineIteration | null;
}

/**
 * What this host offers to this process, and what is missing: tried out, and released again, which
 * takes some milliseconds. An engine that is missing for `openFinder()` is missing for this reason.
 */
export function capabilities(): Capabilities {
  const bpf = tryEngine('bpf', 'processes');
  const bpfOfThreads = bpf.available ? bpf : tryEngine('bpf', 'threads');
  return {
    engines: {
      procfs: tryEngine('procfs'),
      events: tryEngine('events'),
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
