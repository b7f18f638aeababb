/** Looking up processes by PID and by name. */
import type { DefaultFields, Field, Process } from './fields.js';
import { stateless } from './lookups.js';
import type { FieldOptions, SignalOptions } from './options.js';
import type { NameOptions, NameQuery } from './query.js';
import type { ChildHandle, ProcessIdentity } from './target.js';

export interface FindOneByNameOptions<F extends readonly Field[]>
  extends NameOptions,
    FieldOptions<F> {}

export interface FindByNameOptions<F extends readonly Field[]> extends FindOneByNameOptions<F> {
  /** Stop looking after so many matches that are told, 1 or more. Default: none. */
  limit?: number | undefined;
}

/**
 * Whether there is a process with this PID: running, stopped, or a zombie that its parent has yet
 * to wait for; also one that this user may not look at. A thread's id is none. Linux: tgkill(2)
 * with signal 0, about half a microsecond. Windows: by a handle; where this user may not have one, by
 * the list of all processes, which alone tells that such a process has not ended.
 *
 * Of a child process (`ChildHandle`): whether it is there, be it a zombie that Node.js has yet to wait
 * for.
 *
 * @throws TypeError, RangeError when `pid` is not an integer from 0 to 2³¹−1.
 */
export function exists(pid: number | ChildHandle): boolean {
  return stateless.exists(pid);
}

/**
 * Whether this very process is running: it has not ended, and no other one has been given its PID. A
 * process that has ended is not running, although its PID is taken until its parent waits for it (a
 * zombie); one that has lost its first thread alone, while others go on, is. `process` is a record
 * with `pid` and `id`, or a child process (`ChildHandle`). See `exists()` for the question whether a PID is taken.
 *
 * @throws ProcessError `EACCES` when the PID is in use by a process hidden from this user.
 */
export function isRunning(process: ProcessIdentity | ChildHandle): boolean {
  return stateless.isRunning(process);
}

/**
 * Looks up one process by its PID, or a child process; `undefined` when there is none (a thread's id
 * is none), or when the child has ended. Reads
 * only what `fields` need, and never lists processes: about 10 µs, whatever else is running. On
 * Windows that holds for processes that this user may open, and for all fields but `threads`.
 *
 * Runs on a thread of procseek's own, in turn with other lookups. For the default fields
 * `findByPidSync` is cheaper. `cmdline`, `environ` and `io` of a process that lets nobody read its
 * memory map, and a `user` whose directory server does not answer, are `null` after 100 ms, which
 * such a process costs once.
 *
 * @throws ProcessError `EACCES` when the process exists and is hidden from this user (the `hidepid`
 * mount option of proc(5)), `EMFILE`, `ENFILE`, `ENOMEM`, `ENOENT` when there is no `/proc`.
 * @throws TypeError, RangeError for misuse.
 */
export function findByPid<const F extends readonly Field[] = DefaultFields>(
  pid: number | ChildHandle,
  options?: FieldOptions<F> & SignalOptions,
): Promise<Process<F[number]> | undefined> {
  return stateless.findByPid(pid, options);
}

/**
 * The same, at once. A process that lets nobody read its memory map costs 100 ms, once: with
 * `cmdline`, `environ` or `io`, or where its arguments have to complete its name. Everything else
 * takes microseconds, but for `user`, for which a directory server may be waited for as long.
 */
export function findByPidSync<const F extends readonly Field[] = DefaultFields>(
  pid: number | ChildHandle,
  options?: FieldOptions<F>,
): Process<F[number]> | undefined {
  return stateless.findByPidSync(pid, options);
}

/**
 * Finds the running processes of a name, in ascending order of PIDs; an empty array when there are
 * none. Zombies, which have ended, are left out unless `zombies` is true; one that has lost its first
 * thread alone is running.
 * One pass over the PIDs reads the 16-byte name of each, and more only of those that match; it runs
 * off the main thread and stops at `limit`. A process that lives throughout the call is always
 * found.
 *
 * Overlapping calls, whatever they look for, share passes: at most the one that runs and one that
 * starts after it, so that calls can never pile up.
 *
 * ```js
 * const [server] = await findByName('postgres', { limit: 1, fields: ['cmdline'] });
 * const shells = await findByName(['bash', 'zsh', /^fish/], { uid: 1000 });
 * ```
 *
 * @throws ProcessError `EMFILE`, `ENFILE` or `ENOMEM` when the pass could not be completed,
 * `ENOENT` when there is no `/proc`. Processes that vanish, or may not be read, are no errors.
 * @throws TypeError, RangeError for misuse; an empty name is.
 */
export function findByName<const F extends readonly Field[] = DefaultFields>(
  name: NameQuery,
  options?: FindByNameOptions<F> & SignalOptions,
): Promise<Process<F[number]>[]> {
  return stateless.findByName(name, options);
}

/** The same, at once and on this thread: for scripts, and where nothing else has to run. */
export function findByNameSync<const F extends readonly Field[] = DefaultFields>(
  name: NameQuery,
  options?: FindByNameOptions<F>,
): Process<F[number]>[] {
  return stateless.findByNameSync(name, options);
}

/** The process of that name with the lowest PID, or `undefined`; see `findByName`. */
export function findOneByName<const F extends readonly Field[] = DefaultFields>(
  name: NameQuery,
  options?: FindOneByNameOptions<F> & SignalOptions,
): Promise<Process<F[number]> | undefined> {
  return stateless.findOneByName(name, options);
}

/** The process of that name with the lowest PID, or `undefined`; see `findByNameSync`. */
export function findOneByNameSync<const F extends readonly Field[] = DefaultFields>(
  name: NameQuery,
  options?: FindOneByNameOptions<F>,
): Process<F[number]> | undefined {
  return stateless.findOneByNameSync(name, options);
}
