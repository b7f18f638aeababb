/** Streaming over processes, at constant memory. */
import type { DefaultFields, Field, Process } from './fields.js';
import { stateless } from './lookups.js';
import type { FieldOptions, SignalOptions } from './options.js';
import type { ProcessFilter } from './query.js';
import type { ProcessStream } from './stream.js';

/**
 * Streams all processes, or those that pass the filter, which is tested before anything else is
 * read. Memory does not grow with the number of processes; what a loop leaves early was not read.
 * What is no condition of a filter is refused, as is an object that cannot hold any (a RegExp).
 *
 * ```js
 * for await (const { pid, rss } of scan({ uid: 1000 }, { fields: ['rss'] })) console.log(pid, rss);
 * ```
 *
 * @throws TypeError, RangeError for misuse. The stream rejects as `findByName` does.
 */
export function scan<const F extends readonly Field[] = DefaultFields>(
  filter?: ProcessFilter,
  options?: FieldOptions<F> & SignalOptions,
): ProcessStream<Process<F[number]>> {
  return stateless.scan(filter, options);
}

/**
 * The same, at once: each iteration is a pass of its own, which leaving the loop ends. An iteration
 * of a finder that is closed meanwhile ends at its next step with ProcessError `ERR_FINDER_CLOSED`.
 */
export function scanSync<const F extends readonly Field[] = DefaultFields>(
  filter?: ProcessFilter,
  options?: FieldOptions<F>,
): Iterable<Process<F[number]>> {
  return stateless.scanSync(filter, options);
}
