/**
 * Options that several functions take, and checks of what callers hand in. Misuse is a TypeError or
 * a RangeError with Node.js's codes.
 */
import { outOfRange, quoted, suggestion, wrongType, wrongValue } from './errors.js';
import type { Field } from './fields.js';

export interface FieldOptions<F extends readonly Field[]> {
  /**
   * What to tell of each process, besides `pid`; nothing else is read. Default: `name`, `ppid`,
   * `state`, `startTime` and `id`.
   */
  fields?: F | undefined;
  /**
   * How many bytes of `cmdline`, and how many of `environ`, to read and to tell of each process, 1 to
   * 2097152 (2 MiB). A process can make both as large as it likes. Where there is more, the record
   * says so: it has `truncated`. A search by `'cmdline'` or `'any'` looks at as many bytes. Default:
   * 131072 (128 KiB).
   */
  maxBytes?: number | undefined;
}

export interface SignalOptions {
  /** Aborting it rejects with its `reason`. */
  signal?: AbortSignal | undefined;
}

const maxPid = 2 ** 31 - 1;
const maxUid = 2 ** 32 - 1;

function integer(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') {
    const hasPid = typeof value === 'object' && value !== null && 'pid' in value;
    throw wrongType(name, 'a number', value, hasPid ? 'pass its pid' : '');
  }
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

/** Record::kUsualTextLimit and kMostTextLimit in native/process.h. */
const usualMaxBytes = 128 * 1024;
const mostMaxBytes = 2 * 1024 * 1024;

/** The limit of `cmdline` and `environ`. */
export function checkMaxBytes(bytes: unknown): number {
  return bytes === undefined ? usualMaxBytes : integer('options.maxBytes', bytes, 1, mostMaxBytes);
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

/** More processes than Linux can run at a time (PID_MAX_LIMIT in linux/threads.h). */
export const mostPids = 2 ** 22;

/** Ascending, without duplicates. */
export function checkPids(pids: unknown): Int32Array | undefined {
  if (pids === undefined) return undefined;
  if (!Array.isArray(pids)) throw wrongType('filter.pids', 'an array of numbers', pids);
  const count = checkCount('filter.pids', pids, mostPids, 'PIDs');
  const checked = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const pid: unknown = pids[i];
    const number = typeof pid === 'number' ? pid | 0 : -1;
    // The name is put together for what is refused alone: there may be millions.
    checked[i] = number === pid && number >= 0 ? number : checkPid(pid, `filter.pids[${i}]`);
  }
  return sorted(checked);
}

/** Ascending, without duplicates; of numbers that are not negative. In place. */
export function sorted(numbers: Int32Array): Int32Array {
  if (!isAscending(numbers)) sort(numbers);
  let kept = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number;
    if (i === 0 || number !== numbers[kept - 1]) numbers[kept++] = number;
  }
  return numbers.subarray(0, kept);
}

function isAscending(numbers: Int32Array): boolean {
  for (let i = 1; i < numbers.length; i++) {
    if ((numbers[i - 1] as number) > (numbers[i] as number)) return false;
  }
  return true;
}

/** By 11 of 32 bits at a time, lowest first: a third of what sort() takes for a million. */
function sort(numbers: Int32Array): void {
  if (numbers.length < 10_000) {
    numbers.sort();
    return;
  }
  let from: Int32Array = numbers;
  let to: Int32Array = new Int32Array(from.length);
  for (let shift = 0; shift < 32; shift += 11) {
    scatter(from, to, shift);
    [from, to] = [to, from];
  }
  numbers.set(from);
}

/** Orders numbers by 11 bits, and leaves those alike in these as they are. */
function scatter(from: Int32Array, to: Int32Array, shift: number): void {
  const { length } = from;
  const ends = new Uint32Array(2 ** 11 + 1);
  for (let i = 0; i < length; i++) {
    (ends[(((from[i] as number) >>> shift) & 0x7ff) + 1] as number)++;
  }
  for (let i = 1; i < ends.length; i++) (ends[i] as number) += ends[i - 1] as number;
  for (let i = 0; i < length; i++) {
    const number = from[i] as number;
    to[(ends[(number >>> shift) & 0x7ff] as number)++] = number;
  }
}

/** The length of an array, of which no more is to be looked at. */
export function checkCount(
  name: string,
  array: readonly unknown[],
  most: number,
  what: string,
): number {
  const count = array.length;
  // The length of a Proxy may be anything.
  if (!(count >= 0 && count <= most)) {
    throw outOfRange(name, `at most ${most} ${what} in one call`, count);
  }
  return count;
}

/**
 * What holds no options is refused, lest they be overlooked: a RegExp, a Map, or an AbortSignal that
 * should have been the option `signal`.
 */
export function checkOptions<T extends object>(options: T | undefined, name = 'options'): T {
  if (options === undefined) return {} as T;
  const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
  if (!isObject) throw wrongType(name, 'an object', options);
  if (isPlain(options)) return options;
  if (ArrayBuffer.isView(options) || Object.keys(options).length === 0) {
    const example = name === 'filter' ? '{ name: /^node/ }' : "{ fields: ['rss'] }";
    throw wrongType(name, `an object like ${example}`, options);
  }
  return options;
}

/** Whether an object was written as `{ … }`, here or in another realm. */
function isPlain(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * A condition that is overlooked would let every process pass, and the next line of the caller may
 * end them all: so what is no condition is refused.
 */
export function checkKeys(
  name: string,
  given: object,
  known: Readonly<Record<string, true>>,
  what: string,
): void {
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(known, key)) continue;
    const all = Object.keys(known);
    const list = `${all.join(', ')}${suggestion(key, all)}`;
    throw wrongValue(name, `has no ${what} ${quoted(key)}; there are ${list}`);
  }
}

/** False for an option that was left out. */
export function checkForce(force: unknown): boolean {
  if (force !== undefined && typeof force !== 'boolean') {
    throw wrongType('options.force', 'a boolean', force);
  }
  return force ?? false;
}

/** All that is used of a signal must be there before anything begins that it is to end. */
export function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const { aborted, throwIfAborted, addEventListener, removeEventListener } = Object(
    signal,
  ) as Partial<AbortSignal>;
  const methods = [throwIfAborted, addEventListener, removeEventListener];
  if (typeof aborted !== 'boolean' || methods.some((method) => typeof method !== 'function')) {
    throw wrongType('options.signal', 'an AbortSignal', signal);
  }
  return signal as AbortSignal;
}
