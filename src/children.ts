/** The children of a process, and theirs. */
import { binding } from './binding.js';
import { checkStatus, wrongType } from './errors.js';
import { type DefaultFields, defaultFields, type Field, type Process } from './fields.js';
import { findByPid } from './find.js';
import { Lookup } from './lookup.js';
import {
  checkOptions,
  checkPid,
  checkProcess,
  checkSignal,
  type FieldOptions,
  type SignalOptions,
} from './options.js';
import { compileQuery, type QueryOptions } from './query.js';
import { run, walk } from './walk.js';

export interface ChildrenOptions<F extends readonly Field[]>
  extends FieldOptions<F>,
    SignalOptions {
  /** Their children too, and so on. Default: false. */
  recursive?: boolean | undefined;
}

type Relative = Process<'ppid'>;

/**
 * The children of a process, zombies included, in ascending order of PIDs; none when it is not
 * there. PID 0 has those that the kernel started. Given a record with an `id`, none either when its PID belongs to another process by now.
 *
 * Linux: asks the kernel for the children of each thread (`/proc/PID/task/TID/children`), where it
 * can tell and nothing changes meanwhile; else looks at the parent of every process, in one pass.
 *
 * @throws ProcessError as `findByPid`.
 */
export async function children<const F extends readonly Field[] = DefaultFields>(
  pidOrProcess: number | { pid: number; id: string },
  options?: ChildrenOptions<F>,
): Promise<Process<F[number]>[]> {
  const { fields = defaultFields, recursive = false, signal } = checkOptions(options);
  if (typeof recursive !== 'boolean') throw wrongType('options.recursive', 'a boolean', recursive);
  const { pid, id } =
    typeof pidOrProcess === 'number'
      ? { pid: checkPid(pidOrProcess), id: undefined }
      : checkProcess(pidOrProcess);
  const asked: readonly Field[] = Array.isArray(fields) ? fields : [];
  const query = { fields: Array.isArray(fields) ? [...asked, 'ppid'] : fields };
  checkSignal(signal)?.throwIfAborted();
  compileQuery(undefined, query);

  const identity = await identityOf(pid);
  if (pid !== 0 && (identity === undefined || (id !== undefined && id !== identity))) return [];
  const relatives =
    pid === 0 ? await listByParents(pid, recursive) : await listRelatives(pid, recursive, signal);
  const records = await find<Relative>({ ...query, pids: [...relatives] });
  // Had its PID been given to another process meanwhile, these might be that one's.
  if ((await identityOf(pid)) !== identity) return [];
  signal?.throwIfAborted();
  const descendants = keepDescendants(pid, recursive, records);
  return (asked.includes('ppid')
    ? descendants
    : descendants.map(withoutPpid)) as unknown as Process<F[number]>[];
}

async function identityOf(pid: number): Promise<string | undefined> {
  return (await findByPid(pid, { fields: ['id'] }))?.id;
}

async function find<T>(options: QueryOptions): Promise<T[]> {
  const query = compileQuery(undefined, options);
  const lookup = new Lookup<T>(query);
  await run(walk([lookup], query.pids));
  return lookup.drain();
}

/** Candidates: whoever is a relative is among them. */
async function listRelatives(
  pid: number,
  recursive: boolean,
  signal: AbortSignal | undefined,
): Promise<Set<number>> {
  const relatives = new Set<number>();
  let generation = [pid];
  do {
    const result = checkStatus(await binding.children(Int32Array.from(generation)));
    signal?.throwIfAborted();
    if (typeof result === 'number') return listByParents(pid, recursive);
    generation = [...new Int32Array(result)].filter((child) => !relatives.has(child));
    for (const child of generation) relatives.add(child);
  } while (recursive && generation.length !== 0);
  return relatives;
}

async function listByParents(pid: number, recursive: boolean): Promise<Set<number>> {
  const fields = ['ppid'];
  const records = await find<Relative>(recursive ? { fields } : { fields, ppid: pid });
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
