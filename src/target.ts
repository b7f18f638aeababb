/** What callers name a process by: its PID, a record of it, or the child process that they started. */
import { binding } from './binding.js';
import { decodeOne } from './decode.js';
import { foreignProcess, foreignView, ProcessError, wrongType, wrongValue } from './errors.js';
import { fieldMask } from './fields.js';
import type { Exit } from './monitor.js';
import { checkPid, checkRealPid } from './options.js';

/** A record of a process, as lookups give it. */
export interface ProcessIdentity {
  /** Process id, 1 to 2³¹−1. */
  pid: number;
  /** Tells it from others that have had the same PID. */
  id: string;
}

/**
 * A child process of this one: a `ChildProcess` of `node:child_process`, or of a library that makes
 * those, or the `Subprocess` of Bun. Once it has ended, whoever has its PID next is not mistaken for it.
 */
export interface ChildHandle {
  /** Missing when the child could not be started, which is refused. */
  readonly pid?: number | undefined;
  /** What it exited with; `null` as long as it has not. */
  readonly exitCode: number | null;
  /** The signal that ended it; `null` as long as none has. */
  readonly signalCode: string | null;
}

/** A process by its PID, by a record of it, or as a child process. A PID may be another's by now. */
export type PidOrProcess = number | ProcessIdentity | ChildHandle;

/** Which process is meant. */
export interface Target {
  readonly pid: number;
  /** Unknown of a PID alone. */
  readonly id: string | undefined;
  /** Of a child process that is known to have ended: how. Its PID may be another's by now. */
  readonly exit: Exit | undefined;
}

const records = "a record with 'pid' and 'id', or a ChildProcess";

/**
 * A process to act on.
 *
 * What is acted on by system calls must be what `/proc` shows: where that is of another PID
 * namespace, both records and PIDs are likely to come from there.
 */
export function checkTarget(pidOrProcess: unknown): Target {
  const target = checkPidOrProcess(pidOrProcess, false);
  checkRealPid(target.pid, typeof pidOrProcess === 'number' ? 'pid' : 'process.pid');
  if (binding.isForeign(true)) throw foreignView(target.pid);
  return target;
}

/** `isForeign`: it is to be looked up where PIDs are those of another PID namespace. */
export function checkPidOrProcess(pidOrProcess: unknown, isForeign: boolean): Target {
  if (typeof pidOrProcess === 'number') {
    return { pid: checkPid(pidOrProcess), id: undefined, exit: undefined };
  }
  if (!isSingle(pidOrProcess)) throw wrongType('pidOrProcess', `a PID, ${records}`, pidOrProcess);
  return checkProcess(pidOrProcess, isForeign);
}

/** A process that is told from others of its PID. */
export function checkProcess(process: unknown, isForeign: boolean): Target {
  if (!isSingle(process)) {
    const remedy = typeof process === 'number' ? 'exists() tells whether a PID is taken' : '';
    throw wrongType('process', records, process, remedy);
  }
  if (isChild(process)) return targetOf(process, isForeign);
  const { pid, id } = process as Partial<Record<keyof ProcessIdentity, unknown>>;
  if (typeof id !== 'string') {
    throw wrongValue('process', "has no 'id': ask for that field when looking it up");
  }
  const checked = checkPid(pid, 'process.pid');
  if (id.includes('@') !== isForeign) throw foreignProcess(checked);
  return { pid: checked, id, exit: undefined };
}

/** A PID, or that of a child process, which need not have it any more. */
export function checkPidOrChild(pid: unknown, isForeign: boolean): Target {
  if (isChild(pid)) return targetOf(pid, isForeign);
  if (isSingle(pid) && 'pid' in pid) {
    const remedy = "pass the record's pid, or ask isRunning() whether it is the same process still";
    throw wrongType('pid', 'a number or a ChildProcess', pid, remedy);
  }
  return { pid: checkPid(pid), id: undefined, exit: undefined };
}

/** The PID that a child process has or had. */
export function pidOfChild(child: ChildHandle): number {
  if (child.pid === undefined) {
    throw wrongValue(
      'process',
      "is a ChildProcess without a pid: it could not be started, as its event 'error' tells",
    );
  }
  return checkRealPid(child.pid, 'process.pid');
}

export function isChild(value: unknown): value is ChildHandle {
  return isSingle(value) && 'exitCode' in value && 'signalCode' in value && !('id' in value);
}

function isSingle(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * As long as Node.js does not know that its child has ended, the child has its PID: Node.js has yet
 * to wait for it. Unless somebody else has, by ignoring SIGCHLD, say: then it may be anybody's.
 */
function targetOf(child: ChildHandle, isForeign: boolean): Target {
  const pid = pidOfChild(child);
  if (isForeign) throw foreignView(pid);
  const { exitCode, signalCode } = child;
  if (exitCode !== null || signalCode !== null) {
    return { pid, id: undefined, exit: { code: exitCode, signal: signalCode } };
  }
  const found = lookUp(pid);
  if (found === 'hidden') return { pid, id: undefined, exit: undefined };
  // macOS tells the debugger of a process that has one for its parent.
  const isOurs = found?.ppid === process.pid || process.platform === 'darwin';
  if (found === undefined || !isOurs) {
    return { pid, id: undefined, exit: { code: null, signal: null } };
  }
  return { pid, id: found.id, exit: undefined };
}

/** Which process has this PID at the moment; undefined when that cannot be told. */
export function idOf(pid: number): string | undefined {
  try {
    const found = lookUp(pid);
    return found === 'hidden' ? undefined : found?.id;
  } catch {
    return undefined; // without a file descriptor, say
  }
}

const mask = fieldMask(['id', 'ppid']);

function lookUp(pid: number): { id: string; ppid: number } | 'hidden' | undefined {
  try {
    return decodeOne(binding.lookupSync(undefined, pid, mask, 1), mask, pid);
  } catch (error) {
    if (error instanceof ProcessError && error.code === 'EACCES') return 'hidden';
    throw error;
  }
}
