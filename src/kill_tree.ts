/** Ending processes with all of their descendants, or with all of their group. */
import { type EndingOptions, end, type KillTreeResult } from './ending.js';
import { wrongValue } from './errors.js';
import { Members } from './members.js';
import {
  checkForce,
  checkMilliseconds,
  checkOptions,
  checkSignal,
  type SignalOptions,
} from './options.js';
import { compileGroup, GroupPopulation, type ProcessGroup } from './process_group.js';
import { protectedPids, protectedProcess } from './protection.js';
import { type Roots, treeOf } from './roots.js';
import type { ForceOption } from './signal_tree.js';
import { signalNumber } from './signals.js';

export interface KillTreeOptions extends SignalOptions, ForceOption {
  /** What to ask them to end with first, a name or a number from 1 to 64. Default: `'SIGTERM'`. */
  killSignal?: string | number | undefined;
  /**
   * Milliseconds to leave them for that, 0 to 2³¹−1, before those that are left are killed. Default:
   * 5000.
   */
  grace?: number | undefined;
  /**
   * Milliseconds to leave the system for ending those that were killed, 0 to 2³¹−1, before they are
   * told to remain. Begins anew when more of them are found, for ten times as long at most. Default:
   * 5000.
   */
  patience?: number | undefined;
}

/**
 * Ends processes and all of their descendants: asks them to by a signal, the parents first, and kills
 * (SIGKILL) those that have not ended after a grace period. Every signal goes to the process it is
 * meant for, and never to one that was given its PID meanwhile. Nobody gets another signal than these
 * two, and nobody is stopped. This very process is left out; `killTree(process.pid)` ends all that
 * it has started.
 *
 * Descendants that are started meanwhile belong to it, too. One that is started before its parent
 * gets the signal is asked at once. One that is started later may be of help in ending (a shell's
 * `trap` runs programs): it is asked when that parent has ended, and killed with the others. One that
 * loses its parent before it is seen is known by its session or process group, if a process of the
 * tree leads that, or by where the kernel has put its program, as long as it has not executed another
 * one. A process that had lost its parent before the call is no descendant any more (a daemon, as a
 * rule), and is left alone; see `killGroup`.
 *
 * All that are there have got their signal when the call returns its promise, as long as that takes no
 * more than a fifth of a second; the rest get theirs between other turns of the event loop. The grace
 * period begins when all have been asked. One that does not end keeps nobody else waiting. It resolves
 * when all have ended, when those that may not be signalled are all that is left, or when `grace` and
 * `patience` are over; with empty lists when there is no such process, or only what is left of one.
 *
 * A process that has been stopped before gets the signal once it is continued, and is killed after the
 * grace period: it is not continued for that.
 *
 * Windows: the first signal ends a process at once.
 *
 * ```js
 * const { killed, remaining } = await killTree(child, { grace: 2000 });
 * for (const { pid, exit } of killed) console.log(pid, exit.signal);
 * ```
 *
 * @param pidOrProcess A PID, a record with `pid` and `id`, a child process (`ChildHandle`), or an array
 * of these. Those that are gone are left out, and a process below several of them is ended once.
 * @throws ProcessError `ERR_PROTECTED_PROCESS` for PID 1 and for an ancestor of this process, unless
 * forced, before anybody is signalled; `EACCES` when the process is hidden from this user; `EMFILE`
 * and the like as `kill`.
 * @throws TypeError, RangeError for misuse, as `kill`. Aborting the signal rejects with its reason and
 * does nothing else: what has been signalled has been.
 */
export async function killTree(
  pidOrProcess: Roots,
  options?: KillTreeOptions,
): Promise<KillTreeResult> {
  const { force, ...how } = checkEnding(options);
  const members = new Members(true);
  try {
    return await end(treeOf(pidOrProcess, members, force), how);
  } finally {
    members.close();
  }
}

/**
 * Ends all processes of a process group, a session or a control group, as `killTree` ends those of a
 * tree, with the same options and result: also what a parent that has ended left behind.
 *
 * Linux 5.14 and later: the kernel kills a control group as a whole (`cgroup.kill`), where this user
 * may tell it to and the hierarchy is mounted at `/sys/fs/cgroup`. Elsewhere, and of sessions and
 * process groups, each member is killed, until none is found any more.
 *
 * Windows: sessions are those of users who have logged on; there are no other groups.
 *
 * ```js
 * const service = spawn('./serve', { detached: true });
 * await killGroup({ sid: service }); // whoever is left of it
 * ```
 *
 * @throws ProcessError `ERR_PROTECTED_PROCESS` when this process, an ancestor of it or PID 1 is one of
 * them, before anybody is signalled, unless forced; then this process alone is left out.
 * @throws TypeError, RangeError for misuse, and errors as `killTree`.
 */
export async function killGroup(
  group: ProcessGroup,
  options?: KillTreeOptions,
): Promise<KillTreeResult> {
  const test = compileGroup(group);
  const { force, ...how } = checkEnding(options);
  const members = new Members(true);
  try {
    const population = new GroupPopulation(members, test);
    if (!force) {
      const guarded = protectedPids();
      const found = population.pids().find((pid) => pid === process.pid || guarded.has(pid));
      if (found !== undefined) throw protectedProcess(found);
    }
    return await end(population, how);
  } finally {
    members.close();
  }
}

function checkEnding(options: KillTreeOptions | undefined): EndingOptions & { force: boolean } {
  const checked = checkOptions(options);
  const { killSignal = 'SIGTERM', grace = 5000, patience = 5000 } = checked;
  const first = signalNumber(killSignal);
  if (first === 0) throw wrongValue('options.killSignal', 'must not be 0, which ends nothing');
  const signal = checkSignal(checked.signal);
  signal?.throwIfAborted();
  return {
    first,
    grace: checkMilliseconds('options.grace', grace, 0),
    patience: checkMilliseconds('options.patience', patience, 0),
    signal,
    force: checkForce(checked.force),
  };
}
