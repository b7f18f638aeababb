import { getSystemErrorMap } from 'node:util';
import { binding } from './binding.js';
import { nearest } from './nearest.js';

/** Tells the errors of one copy of this library as those of another. */
const brand = Symbol.for('procseek.ProcessError');

/**
 * A question that could not be answered. `instanceof` knows it also where it comes from another copy of
 * this library. Not thrown for a process that is not there: that is an
 * answer.
 */
export class ProcessError extends Error {
  override readonly name = 'ProcessError';
  /**
   * What went wrong, to branch on: `EACCES` (a process hidden from this user), `EMFILE`, `ENFILE`,
   * `ENOMEM` (this process or host ran out of file descriptors or memory), `ENOENT` (no `/proc`),
   * `ERR_SCAN_CLOSED`, `ERR_FINDER_CLOSED` (used after it was closed), `ERR_ENGINE_UNAVAILABLE`,
   * `ERR_FOREIGN_PROCESS` (a process of another PID namespace), …
   */
  readonly code: string;
  /** The system's error number, negative as everywhere in Node.js; absent when there is none. */
  declare readonly errno?: number;
  /** The system call that failed; absent when none did. */
  declare readonly syscall?: string;
  /** The process that was asked for; absent when the question was not about one. */
  declare readonly pid?: number;

  constructor(
    message: string,
    details: { code: string; errno?: number; syscall?: string; pid?: number | undefined },
  ) {
    super(message);
    this.code = details.code;
    if (details.errno !== undefined) this.errno = details.errno;
    if (details.syscall !== undefined) this.syscall = details.syscall;
    if (details.pid !== undefined) this.pid = details.pid;
  }
}

Object.defineProperty(ProcessError.prototype, brand, { value: true });
Object.defineProperty(ProcessError, Symbol.hasInstance, { value: hasInstance });

/** Of this class; one that extends it has instances of its own. */
function hasInstance(this: unknown, value: unknown): boolean {
  if (this !== ProcessError) return Function.prototype[Symbol.hasInstance].call(this, value);
  return typeof value === 'object' && value !== null && brand in value;
}

/** The error code of a negative status, like `'EMFILE'`; null for any other one. */
export function statusCode(status: number): string | null {
  return status < 0 ? systemError(status).code : null;
}

function systemError(status: number): { errno: number; code: string; text: string } {
  const errno = -(-status & 0xffff);
  const [code, text] = getSystemErrorMap().get(errno) ?? [`E${-errno}`, 'unknown error'];
  return { errno, code, text };
}

/** The error for a negative status: -(errno | index of the system call << 16). */
export function statusError(status: number, pid?: number): ProcessError {
  const { errno, code, text } = systemError(status);
  const syscall = binding.calls[-status >> 16] ?? 'unknown';
  const about = pid === undefined ? '' : ` of process ${pid}`;
  const hint =
    code === 'EACCES' && pid !== undefined ? '; it exists, but is hidden from this user' : '';
  return new ProcessError(`${code}: ${text}, ${syscall}${about}${hint}`, {
    code,
    errno,
    syscall,
    pid,
  });
}

/**
 * For a record that another view of processes told: of another /proc, whose PIDs mean other
 * processes.
 */
export function foreignProcess(pid: number): ProcessError {
  const message = `Process ${pid} was found in another PID namespace, by another finder`;
  return new ProcessError(message, { code: 'ERR_FOREIGN_PROCESS', pid });
}

/** For acting on a process while /proc shows another PID namespace than this process's own. */
export function foreignView(pid: number): ProcessError {
  const message =
    `Process ${pid} cannot be acted on: /proc shows another PID namespace than that of this ` +
    'process, where the same PID means another process. Mount a /proc of this PID namespace';
  return new ProcessError(message, { code: 'ERR_FOREIGN_PROCESS', pid });
}

/** Throws for a failure; gives back everything else. */
export function checkStatus<T>(result: T): T {
  if (typeof result === 'number' && result < 0) throw statusError(result);
  return result;
}

interface CodedError extends Error {
  code: string;
}

function coded<E extends Error>(error: E, code: string): E & CodedError {
  return Object.assign(error, { code });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return shownObject(value);
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** As much of a text as a message has room for. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function shownObject(value: object): string {
  const made: unknown = (value as { constructor?: unknown }).constructor;
  const name = typeof made === 'function' ? made.name : '';
  return name === '' || name === 'Object' ? 'an object' : `an object of the class ${name}`;
}

/** `remedy` says what to do instead. */
export function wrongType(name: string, expected: string, value: unknown, remedy = ''): TypeError {
  return coded(
    new TypeError(`${name} must be ${expected}, not ${shown(value)}${remedy && `; ${remedy}`}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

export function wrongValue(name: string, problem: string): TypeError {
  return coded(new TypeError(`${name} ${problem}`), 'ERR_INVALID_ARG_VALUE');
}

/** For a value that is none of a few words. */
export function wrongChoice(name: string, choices: readonly string[], value: unknown): TypeError {
  const list = choices.join(', ');
  return wrongValue(
    name,
    `must be one of ${list}, not ${shown(value)}${suggestion(value, choices)}`,
  );
}

/** What was probably meant, as the end of a message; nothing when none of the words is near. */
export function suggestion(value: unknown, words: Iterable<string>): string {
  const meant = typeof value === 'string' ? nearest(value, words) : undefined;
  return meant === undefined ? '' : `; did you mean '${meant}'?`;
}

export function outOfRange(name: string, range: string, value: number): RangeError {
  return coded(new RangeError(`${name} must be ${range}, not ${value}`), 'ERR_OUT_OF_RANGE');
}
