/** Which processes a search leaves out. */
import { binding } from './binding.js';
import { type Engine, noEngine } from './engine.js';
import { wrongChoice, wrongType } from './errors.js';
import { Lookup } from './lookup.js';
import { checkCount, checkPid, mostPids, sorted } from './options.js';
import type { Query } from './query.js';
import { runSync, walk } from './walk.js';

/** One or more processes to leave out of a search; see the option `exclude`. */
export type Exclusion = 'self' | 'ancestors' | number;

/**
 * Their PIDs as `engine` tells them: ascending, without duplicates; undefined when there are none.
 * `askPpid` is a query for the field `ppid` of whatever process.
 */
export function excludedPids(
  exclude: unknown,
  engine: Engine = noEngine,
  askPpid: () => Query,
): Int32Array | undefined {
  if (exclude === undefined) return undefined;
  const pids: number[] = [];
  let generations = 0;
  const take = (one: unknown, name: string) => {
    if (one === 'self') generations = Math.max(generations, 1);
    else if (one === 'ancestors') generations = Number.POSITIVE_INFINITY;
    else if (typeof one === 'number') pids.push(checkPid(one, name));
    else if (typeof one === 'string')
      throw wrongChoice(name, ["'self'", "'ancestors'", 'a PID'], one);
    else throw wrongType(name, "'self', 'ancestors', a PID or an array of these", one);
  };
  if (!Array.isArray(exclude)) {
    take(exclude, 'options.exclude');
  } else {
    const count = checkCount('options.exclude', exclude, mostPids, 'PIDs');
    for (let i = 0; i < count; i++) take(exclude[i], `options.exclude[${i}]`);
  }
  if (generations > 0) pids.push(...ownLine(engine, generations, askPpid()));
  return pids.length === 0 ? undefined : sorted(Int32Array.from(pids));
}

/** This process and its ancestors, so many of them at most. */
function ownLine(engine: Engine, most: number, query: Query): Set<number> {
  const line = new Set<number>();
  let pid = binding.ownPid(engine.native);
  while (pid > 0 && !line.has(pid)) {
    line.add(pid);
    if (line.size === most) break;
    pid = parentOf(engine, pid, query);
  }
  return line;
}

/**
 * 0 when it has none, or none that is to be seen. By a pass: what a lookup by PID asks the system
 * first need not be about the processes that are shown.
 */
function parentOf(engine: Engine, pid: number, query: Query): number {
  const lookup = new Lookup<{ ppid: number }>(engine, query);
  runSync(walk(engine, [lookup], Int32Array.of(pid)));
  return lookup.drain()[0]?.ppid ?? 0;
}
