/** Being told of processes as they start, end, and change their names. */
import { types } from 'node:util';
import { wrongChoice, wrongType } from './errors.js';
import type { DefaultFields, Field, Process } from './fields.js';
import {
  checkBudget,
  checkMilliseconds,
  checkOptions,
  checkSignal,
  type FieldOptions,
  type SignalOptions,
} from './options.js';
import { compileFilter, type NameQuery, type ProcessFilter } from './query.js';
import { reportFields } from './watch_report.js';
import { backends, type WatchBackend, Watcher } from './watcher.js';

export interface WatchOptions<F extends readonly Field[]> extends FieldOptions<F>, SignalOptions {
  /**
   * `'auto'` (default): events where they are to be had, else polling. `'events'`: fails where they
   * are not. `'polling'`: needs nothing of the system.
   */
  backend?: 'auto' | WatchBackend | undefined;
  /**
   * Milliseconds from one polling pass to the next, 10 to 2³¹−1; of several watchers the shortest
   * counts. Of no concern to events. Default: 1000.
   */
  interval?: number | undefined;
  /**
   * The share of one core that watching may take, above 0 and up to 1, as measured. Polling passes
   * are made more seldom when they cost more. Hearing of events, which tells at once, may take three
   * times as much, and bursts for which 6 seconds of the budget are saved up. What takes more is a
   * storm of events: as long as it lasts, passes are made instead, as often as the budget allows but
   * every 50 ms at most, and events are tried again every 10 seconds or so, which takes half of the
   * budget once more. `stats.backend` and `stats.reason` say so.
   * Of several watchers the largest counts. Default: 0.01.
   */
  cpuBudget?: number | undefined;
}

/**
 * Watches for processes: tells of those that match already (`start` events marked `existing`), and
 * from then on of those that start, end (`exit`) or change their names into or out of the match
 * (`rename`). `watcher.processes` holds those that match at any time. Memory grows with the number of
 * matches; polling remembers each other process besides, in 24 bytes at most.
 *
 * ```js
 * const watcher = watch('postgres');
 * watcher.on('start', ({ process }) => console.log('up', process.pid));
 * watcher.on('exit', ({ process, code, signal }) => console.log('down', process.pid, code ?? signal));
 *
 * for await (const { type, process } of watch({ name: /^worker-/, uid: 1000 })) {
 *   console.log(type, process.pid);
 * }
 * ```
 *
 * Such a loop ends when the watcher is closed, and throws when its `signal` is aborted, with the
 * signal's reason, or when the watch cannot begin.
 *
 * A process is a `start` when it was forked with a name that matches and has executed nothing else
 * within 10 ms (a worker of a pre-forking server), or when it executes a program that makes it match
 * within a second of its fork. Otherwise its coming to match is a `rename`. Whoever wants to know
 * what runs must listen to both, or look at `processes`. The other conditions of a filter, `uid` and
 * `ppid`, are tested on the same occasions, and when the owner changes. When a process ends, its
 * children get another parent: within about 10 ms, or later when many end, that is noticed as well
 * and told as a `rename`.
 *
 * Linux: the kernel's process events (netlink), for any user since Linux 6.6, with CAP_NET_ADMIN
 * before; only in the initial PID, user and network namespaces, so not in containers as a rule. A
 * start or an end is told within milliseconds, with the exit code, and an idle host costs nothing.
 * Processes that end before they could be looked at are not told. A process that overwrites its
 * arguments only (`by: 'cmdline'`, `'argv0'`, `'any'`) causes no event.
 *
 * Elsewhere polls: the names of new processes are read in each pass, and again in the next two;
 * those that match are looked at in each pass; of all others, 256 a pass. What lives shorter than
 * `interval` can be missed, and an old process that renames itself is noticed within
 * (processes / 256) passes. Ends of the first 256 matches, or of as many as an eighth of the file
 * descriptors are enough for, are told at once, by pidfds (Linux 5.3); ends of others by the next
 * pass; `stats.warning` says so, and `capabilities().watch` beforehand. The exit code is told where `waitForExit()` would know it. Windows
 * tells nobody but administrators of starts, hence polls; ends of the first 256 are told by handles.
 *
 * @throws ProcessError by way of `ready`, iterations and the event `error`: as `findByName`, and
 * `ENOTSUP` when events are demanded and not to be had.
 * @throws TypeError, RangeError for misuse.
 */
export function watch<const F extends readonly Field[] = DefaultFields>(
  nameOrFilter: NameQuery | ProcessFilter,
  options?: WatchOptions<F>,
): Watcher<Process<F[number]>> {
  const checked = checkOptions(options);
  const { backend = 'auto', interval = 1000, cpuBudget = 0.01 } = checked;
  const settings = {
    backend: backends.indexOf(backend),
    interval: checkMilliseconds('options.interval', interval, 10),
    cpuBudget: checkBudget(cpuBudget),
  };
  if (settings.backend === -1) throw wrongChoice('options.backend', backends, backend);
  const query = compileFilter(asFilter(nameOrFilter), checked, { zombiesByDefault: false });
  const fields = query.native.fields | reportFields(query);
  const watched = { ...query, native: { ...query.native, fields } };
  return new Watcher(watched, query.native.fields, settings, checkSignal(checked.signal));
}

function asFilter(nameOrFilter: NameQuery | ProcessFilter): ProcessFilter {
  if (nameOrFilter === undefined || nameOrFilter === null) {
    throw wrongType('nameOrFilter', 'a name or a filter', nameOrFilter);
  }
  const isFilter =
    typeof nameOrFilter === 'object' &&
    !Array.isArray(nameOrFilter) &&
    !types.isRegExp(nameOrFilter) &&
    !ArrayBuffer.isView(nameOrFilter);
  return isFilter ? (nameOrFilter as ProcessFilter) : { name: nameOrFilter as NameQuery };
}
