/** The children of a process, and theirs, as any engine finds them. */
import { binding } from './binding.js';
import type { ChildrenOptions } from './children.js';
import { decodeOne } from './decode.js';
import type { Engine } from './engine.js';
import { checkStatus, wrongType } from './errors.js';
import { defaultFields, type Field, fieldMask, optionalFieldMask, type Process } from './fields.js';
import { Lookup } from './lookup.js';
import { checkOptions, checkSignal } from './options.js';
import { compileQuery, type QueryOptions } from './query.js';
import { checkPidOrProcess, type PidOrProcess } from './target.js';
import { run, walk } from './walk.js';

type Relative = Process<'ppid'>;

/** As `children` documents. */
export async function findRelatives<F extends readonly Field[]>(
  engine: Engine,
  pidOrProcess: PidOrProcess,
  options: ChildrenOptions<F> | undefined,
): Promise<Process<F[number]>[]> {
  const { fields = defaultFields, maxBytes, recursive = false, signal } = checkOptions(options);
  if (typeof recursive !== 'boolean') throw wrongType('options.recursive', 'a boolean', recursive);
  const { pid, id, exit } = checkPidOrProcess(pidOrProcess, engine.isForeign);
  optionalFieldMask(fields);
  const asked: readonly Field[] = Array.isArray(fields) ? fields : [];
  const query = { fields: Array.isArray(fields) ? [...asked, 'ppid'] : fields, maxBytes };
  checkSignal(signal)?.throwIfAborted();
  compileQuery(undefined, query);
  if (exit !== undefined) return [];

  const identity = await identityOf(engine, pid);
  if (pid !== 0 && (identity === undefined || (id !== undefined && id !== identity))) return [];
  const relatives =
    pid === 0
      ? await listByParents(engine, pid, recursive)
      : await listRelatives(engine, pid, recursive, signal);
  const records = await find<Relative>(engine, { ...query, pids: [...relatives] });
  // Had its PID been given to another process meanwhile, these might be that one's.
  if ((await identityOf(engine, pid)) !== identity) return [];
  signal?.throwIfAborted();
  const descendants = keepDescendants(pid, recursive, records);
  return (asked.includes('ppid')
    ? descendants
    : descendants.map(withoutPpid)) as unknown as Process<F[number]>[];
}

async function identityOf(engine: Engine, pid: number): Promise<string | undefined> {
  const mask = fieldMask(['id']);
  return decodeOne<{ id: string }>(await binding.lookup(engine.native, pid, mask, 1), mask, pid)
    ?.id;
}

async function find<T>(engine: Engine, options: QueryOptions): Promise<T[]> {
  const query = compileQuery(undefined, options);
  const lookup = new Lookup<T>(engine, query);
  await run(walk(engine, [lookup], query.pids));
  return lookup.drain();
}

/** Candidates: whoever is a relative is among them. */
async function listRelatives(
  engine: Engine,
  pid: number,
  recursive: boolean,
  signal: AbortSignal | undefined,
): Promise<Set<number>> {
  const relatives = new Set<number>();
  let generation = [pid];
  do {
    const result = checkStatus(await binding.children(engine.native, Int32Array.from(generation)));
    signal?.throwIfAborted();
    if (typeof result === 'number') return listByParents(engine, pid, recursive);
    generation = [...new Int32Array(result)].filter((child) => !relatives.has(child));
    for (const child of generation) relatives.add(child);
  } while (recursive && generation.length !== 0);
  return relatives;
}

async function listByParents(
  engine: Engine,
  pid: number,
  recursive: boolean,
): Promise<Set<number>> {
  const fields = ['ppid'];
  const records = await find<Relative>(engine, recursive ? { fields } : { fields, ppid: pid });
  return new Set(keepDescendants(pid, recursive, records).map((record) => record.pid));
}

/** Those whose line of parents, as the records have it, leads to `pid`. */
function keepDescendants(pid: number, recursive: boolean, records: Relative[]): Relative[] {
  if (!recursive) return records.filter((record) => record.ppid === pid);
  const childrenOf = new Map<number, number[]>();
  for (const { pid: child, ppid } of records) {
    const siblings = childrenOf.get(ppid);
    if (siblings) siblings.push(child);
    else childrenOf.set(ppid, [child]);
  }
  const descendants = new Set<number>();
  const parents = [pid];
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of childrenOf.get(parent) ?? []) {
      if (child === pid || descendants.has(child)) continue;
      descendants.add(child);
      parents.push(child);
    }
  }
  return records.filter((record) => descendants.has(record.pid));
}

function withoutPpid({ ppid: _, ...rest }: Relative): Omit<Relative, 'ppid'> {
  return rest;
}
