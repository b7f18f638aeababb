/** The children of a process, and theirs. */
import type { DefaultFields, Field, Process } from './fields.js';
import { stateless } from './lookups.js';
import type { FieldOptions, SignalOptions } from './options.js';
import type { PidOrProcess } from './target.js';

export interface ChildrenOptions<F extends readonly Field[]>
  extends FieldOptions<F>,
    SignalOptions {
  /** Their children too, and so on. Default: false. */
  recursive?: boolean | undefined;
}

/**
 * The children of a process, zombies included, in ascending order of PIDs; none when it is not
 * there. PID 0 has those that the kernel started. Given a record with an `id`, or a child process
 * (`ChildHandle`), none either when its PID belongs to another process by now.
 *
 * Linux: asks the kernel for the children of each thread (`/proc/PID/task/TID/children`), where it
 * can tell and nothing changes meanwhile; else looks at the parent of every process, in one pass.
 *
 * Windows: one list of all processes tells who created whom; a creator counts while it runs, and what
 * was given its PID later does not.
 *
 * @throws ProcessError as `findByPid`.
 */
export function children<const F extends readonly Field[] = DefaultFields>(
  pidOrProcess: PidOrProcess,
  options?: ChildrenOptions<F>,
): Promise<Process<F[number]>[]> {
  return stateless.children(pidOrProcess, options);
}
