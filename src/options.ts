/**
 * Options that several functions take, and checks of what callers hand in. Misuse is a TypeError or
 * a RangeError with Node.js's codes.
 */
import { foreignProcess, outOfRange, wrongType, wrongValue } from './errors.js';
import type { Field } from './fields.js';

export interface FieldOptions<F extends readonly Field[]> {
  /**
   * What to tell of each process, besides `pid`; nothing else is read. Default: `name`, `ppid`,
   * `state`, `startTime` and `id`.
   */
  fields?: F | undefined;
}

export interface SignalOptions {
  /** Aborting it rejects with its `reason`. */
  signal?: AbortSignal | undefined;
}

const maxPid = 2 ** 31 - 1;
const maxUid = 2 ** 32 - 1;

function integer(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(name, `an integer from ${least} to ${most}`, value);
  }
  return value;
}

export function checkPid(pid: unknown, name = 'pid'): number {
  return integer(name, pid, 0, maxPid);
}

/** The PID of a process, which 0 is not. */
export function checkRealPid(pid: unknown, name = 'pid'): number {
  return integer(name, pid, 1, maxPid);
}

/** -1 for an option that was left out. */
export function checkUid(uid: unknown): number {
  return uid === undefined ? -1 : integer('options.uid', uid, 0, maxUid);
}

/** -1 for an option that was left out. */
export function checkPpid(ppid: unknown): number {
  return ppid === undefined ? -1 : checkPid(ppid, 'options.ppid');
}

/** 0 for an option that was left out, or is Infinity. */
export function checkLimit(limit: unknown): number {
  if (limit === undefined || limit === Number.POSITIVE_INFINITY) return 0;
  return integer('options.limit', limit, 1, 2 ** 32 - 1);
}

/** A time in milliseconds. */
export function checkMilliseconds(name: string, value: unknown, least: number): number {
  return integer(name, value, least, 2 ** 31 - 1);
}

/** A share of one core. */
export function checkBudget(budget: unknown): number {
  if (typeof budget !== 'number') throw wrongType('options.cpuBudget', 'a number', budget);
  if (!(budget > 0 && budget <= 1)) {
    throw outOfRange('options.cpuBudget', 'above 0 and not above 1', budget);
  }
  return budget;
}

/** Ascending, without duplicates. */
export function checkPids(pids: unknown): Int32Array | undefined {
  if (pids === undefined) return undefined;
  if (!Array.isArray(pids)) throw wrongType('filter.pids', 'an array of numbers', pids);
  const checked = pids.map((pid: unknown, i) => checkPid(pid, `filter.pids[${i}]`));
  return Int32Array.from(new Set(checked)).sort();
}

export function checkOptions<T extends object>(options: T | undefined, name = 'options'): T {
  if (options === undefined) return {} as T;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw wrongType(name, 'an object', options);
  }
  return options;
}

/** False for an option that was left out. */
export function checkForce(force: unknown): boolean {
  if (force !== undefined && typeof force !== 'boolean') {
    throw wrongType('options.force', 'a boolean', force);
  }
  return force ?? false;
}

export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const { throwIfAborted, addEventListener } = Object(signal) as Partial<AbortSignal>;
  if (typeof throwIfAborted !== 'function' || typeof addEventListener !== 'function') {
    throw wrongType('options.signal', 'an AbortSignal', signal);
  }
  return signal as AbortSignal;
}

/**
 * A process as handed back to the library: what its PID and identity were. Of another PID namespace
 * than the one it is to be used in (see store_id() in native/linux/process_files.cc) it is refused.
 */
export function checkProcess(process: unknown, isForeign = false): { pid: number; id: string } {
  if (typeof process !== 'object' || process === null) {
    throw wrongType('process', 'a process', process);
  }
  const { pid, id } = process as { pid?: unknown; id?: unknown };
  if (typeof id !== 'string') {
    throw wrongValue('process', "has no 'id': ask for that field when looking it up");
  }
  const checked = checkPid(pid, 'process.pid');
  if (id.includes('@') !== isForeign) throw foreignProcess(checked);
  return { pid: checked, id };
}
