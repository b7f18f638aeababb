/** Signalling a process and all of its descendants, and nothing else. */
import type { Process } from './fields.js';
import { Members } from './members.js';
import { checkForce, checkOptions } from './options.js';
import { type Roots, treeOf } from './roots.js';
import { signalNumber } from './signals.js';

export interface ForceOption {
  /**
   * Whether PID 1 and the ancestors of this process may be signalled as well. Default: false, which
   * makes them an error, before anybody is signalled.
   */
  force?: boolean | undefined;
}

export interface SignalTreeResult {
  /** Those that the signal was sent to. */
  signalled: Process[];
  /** Those that this user may not signal. */
  denied: Process[];
}

/** A tree that grows faster than it can be signalled is not to keep its caller for ever. */
const mostSweeps = 20;

/**
 * Sends a signal to processes and all of their descendants, the parents first, and leaves it at that:
 * it neither waits nor kills. Every signal goes to the process it is meant for, as with `kill`. This
 * very process gets none. Descendants that are started until the signal reaches their parent get it,
 * too.
 *
 * ```js
 * signalTree(child, 'SIGHUP'); // reload, all of you
 * ```
 *
 * @param pidOrProcess A PID, a record with `pid` and `id`, a child process (`ChildHandle`), or an array
 * of these. Those that are gone are left out; a process below several of them is signalled once.
 * @param signal As for `kill`. 0 sends nothing, and tells who could be signalled.
 * @throws ProcessError `ERR_PROTECTED_PROCESS` for PID 1 and for an ancestor of this process, unless
 * forced; `EACCES` for one that is hidden from this user; `ENOSYS` on Windows for signals that it does
 * not have.
 * @throws TypeError, RangeError for misuse, as `kill`.
 */
export function signalTree(
  pidOrProcess: Roots,
  signal: string | number = 'SIGTERM',
  options?: ForceOption,
): SignalTreeResult {
  const number = signalNumber(signal);
  const force = checkForce(checkOptions(options).force);
  const members = new Members(false);
  const tree = treeOf(pidOrProcess, members, force);
  tree.explore();
  for (let sweeps = 0, isComplete = false; !isComplete && sweeps < mostSweeps; sweeps++) {
    ({ isComplete } = tree.sweep(number, (member) => {
      if (member.isAsked) return false;
      member.isAsked = true;
      return true;
    }));
  }
  members.check();
  const result: SignalTreeResult = { signalled: [], denied: [] };
  for (const { process, isDenied, exit } of members) {
    if (isDenied) result.denied.push(process);
    else if (exit === undefined) result.signalled.push(process);
  }
  return result;
}
