/** Waiting for the end of a process, and signalling it, without mistaking another one for it. */
import { clearTimeout, setTimeout } from 'node:timers';
import { onAbort } from './abort.js';
import { binding } from './binding.js';
import { statusCode, statusError } from './errors.js';
import { type Exit, monitor } from './monitor.js';
import { checkMilliseconds, checkOptions, checkSignal, type SignalOptions } from './options.js';
import { askParent, recallExit, rememberExit } from './own_children.js';
import { signalNumber } from './signals.js';
import { checkTarget, idOf, type PidOrProcess } from './target.js';

/** What native calls return for a process that there is not (any more); native/status.h. */
const gone = 2;

export interface WaitOptions extends SignalOptions {
  /**
   * Milliseconds to wait for at most, 0 to 2³¹−1: then it rejects with a DOMException `TimeoutError`,
   * as with a `signal` of `AbortSignal.timeout()`. 0 tells at once. Default: without end.
   */
  timeout?: number | undefined;
}

const notKnown: Exit = { code: null, signal: null };

function bytes(id: string | undefined): Uint8Array | undefined {
  return id === undefined ? undefined : Buffer.from(id);
}

/**
 * Waits for the end of any process, not only a child of this one, and tells how it ended where the
 * system does. Resolves at once, to neither code nor signal, when there is no such process (any
 * more). A zombie has ended; one that lost its first thread and still has others has not.
 *
 * How a process ended is told again to whoever asks with the record of that process: by another
 * `waitForExit()`, after a watcher's `exit` event, and after a wait that was aborted. The last 8,192
 * exits that this JavaScript thread was told of are remembered, in 64 bytes each: for more than a
 * minute, unless more than 136 processes end in each second of it. Aborting the last wait for a
 * process does not give it up at once: for 60 s it is followed all the same, with its file
 * descriptor, and so is each of the last 64 such processes. So it is safe to poll with a
 * `timeout` of 0. A PID alone is never enough to be told of the past.
 *
 * Linux 6.15 and later tell how any process ended, once its parent has reaped it: if that takes more
 * than 100 ms, and always before, only zombies tell, to those who may ptrace(2) them (as a rule,
 * processes of the same user, and all for root), and children to this process.
 *
 * Given a PID alone, waits for the process that has it at this moment; given a record with an `id`, or
 * a child process (`ChildHandle`), for that process and no other one.
 *
 * Linux: a pidfd, which costs a file descriptor and nothing else until the process ends. There is one
 * for each process, however many wait for it, and a JavaScript thread takes at most a quarter of the
 * file descriptors that the process may open (RLIMIT_NOFILE). Where there is none to be had (above
 * that share, before Linux 5.3, in some sandboxes), the wait looks every 100 ms, or more seldom when
 * that would cost more than 1 % of a core; see `waitStats()`. Where `watch()` has the kernel's process
 * events, these tell at once that the process has ended, and how, and the wait looks every second.
 * Without events, how a process ended that was reaped between two looks is known of children alone
 * that `node:child_process` has started on this thread: Node.js knows it of them. Of other processes
 * nobody tells it any more, and neither code nor signal is known.
 *
 * macOS: a kqueue (EVFILT_PROC, NOTE_EXIT), at the same price. It tells how children of this
 * process ended, and all processes that this one may signal; of others, neither code nor signal is
 * known.
 *
 * Windows: a handle, which tells how any process ended that this user may open; of others, which are
 * looked at again and again, it is not known. That a process was killed shows by its code alone.
 *
 * Keeps Node.js from exiting meanwhile; but a wait for the end of this very process does not, for
 * otherwise it would never come.
 *
 * @throws ProcessError `EACCES` when the process is hidden from this user, `ENOMEM`, and `EMFILE`
 * when there is no file descriptor left to begin with.
 * @throws DOMException `TimeoutError` once `timeout` is over; the reason of `signal` once that is aborted.
 * @throws TypeError, RangeError for misuse; a PID of 0 is.
 */
export async function waitForExit(
  pidOrProcess: PidOrProcess,
  options?: WaitOptions,
): Promise<Exit> {
  const { pid, id, exit } = checkTarget(pidOrProcess);
  const { signal: given, timeout } = checkOptions(options);
  const signal = checkSignal(given);
  const most = timeout === undefined ? undefined : checkMilliseconds('options.timeout', timeout, 0);
  signal?.throwIfAborted();
  if (exit !== undefined) return exit;
  const asked = askParent(pid);
  // As long as Node.js has yet to reap its child, the PID is the child's.
  const known = id ?? (asked && idOf(pid));
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = [];
    const stop = () => {
      for (const each of stops) each();
    };
    const settle = (end: Exit) => {
      stop();
      resolve(end);
    };
    const cancel = monitor.waitForExit(pid, bytes(id), (end) => {
      if (end.code !== null || end.signal !== null) return settle(end);
      if (asked === undefined) return settle(recallExit(known) ?? end);
      asked((exit) => {
        if (known !== undefined) rememberExit(known, exit);
        settle(exit);
      });
    });
    if (cancel === undefined) return resolve(recallExit(known) ?? { ...notKnown });
    const giveUp = (reason: unknown) => {
      stop();
      cancel();
      reject(reason);
    };
    try {
      if (signal) stops.push(onAbort(signal, () => giveUp(signal.reason)));
      if (most !== undefined) stops.push(after(most, () => giveUp(timedOut(pid, most))));
    } catch (error) {
      giveUp(error);
    }
  });
}

/** Calls back after so many milliseconds; returns a function that keeps it from doing so. */
function after(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, milliseconds);
  timer.unref(); // the wait itself keeps Node.js from exiting, or is not to
  return () => clearTimeout(timer);
}

/** What a signal of `AbortSignal.timeout()` rejects with, and what was waited for. */
function timedOut(pid: number, milliseconds: number): DOMException {
  const message = `Process ${pid} has not ended within ${milliseconds} ms`;
  return new DOMException(message, 'TimeoutError');
}

/** What waiting costs at the moment. */
export interface WaitStats {
  /** How many `waitForExit()` have yet to resolve. */
  waiting: number;
  /** How many of these have to look again and again, for want of a handle on the process. */
  polled: number;
  /** How often one of them has looked, ever. */
  polls: number;
  /**
   * Why a handle was last not to be had, like `'EMFILE'` (out of file descriptors), `'ENOSYS'` (a
   * kernel without them) or, on Windows, `'EPERM'` (none for this user); `null` when they always were.
   */
  reason: string | null;
}

/** What the waits of this JavaScript thread cost. */
export function waitStats(): WaitStats {
  const { waiting, polled, polls, refusal } = monitor.counters();
  return { waiting, polled, polls, reason: statusCode(refusal) };
}

/**
 * Sends a signal to a process, and to no other one that was given its PID meanwhile. False when it
 * is gone. As with kill(2), a signal to a zombie goes nowhere, and is no failure.
 *
 * Given a PID alone, it cannot know which process was meant: whichever has the PID now gets the
 * signal. Hand over the record that a lookup gave, or the child process (`ChildHandle`).
 *
 * Linux: pidfd_open(2), a check of the identity, pidfd_send_signal(2). Before Linux 5.3 kill(2)
 * right after the check, which leaves some microseconds for the PID to change hands.
 * macOS 14.4 and later: a check of the identity, and a signal to the process of that PID and version
 * alone (proc_signal_with_audittoken()). Before, and for zombies, kill(2) right after the check.
 * Windows has no signals: by a handle, whose identity is checked, SIGTERM, SIGKILL, SIGINT and SIGQUIT
 * end the process at once, with exit code 1, as `process.kill()` does; SIGSTOP and SIGCONT suspend and
 * resume it.
 *
 * @param signal A name, or a number from 0 to 64. 0 sends nothing, and tests whether it could be.
 * @throws ProcessError `EPERM` when this user may not signal it, `EACCES` when it is hidden from
 * this user, `EMFILE` when there is no file descriptor left to verify it by; Windows: `ENOSYS` for
 * any other signal.
 * @throws TypeError, RangeError for misuse: a PID below 1, a record without `id`;
 * `ERR_UNKNOWN_SIGNAL`.
 */
export function kill(process: PidOrProcess, signal: string | number = 'SIGTERM'): boolean {
  const { pid, id, exit } = checkTarget(process);
  const number = signalNumber(signal);
  if (exit !== undefined) return false;
  const status = binding.signal(pid, bytes(id), number);
  if (status < 0) throw statusError(status, pid);
  return status !== gone;
}
