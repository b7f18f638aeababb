/** What a native watch has told (native/watch.h), as JavaScript sees it. */
import { binding, type NativeWatch } from './binding.js';
import { type Batch, Decoder, Packet } from './decode.js';
import { fieldMask } from './fields.js';
import { type Exit, exitOf } from './monitor.js';
import type { NameSubject, Query } from './query.js';

/** What a process is told apart and called by. */
export interface Subject extends NameSubject {
  pid: number;
  id: string;
  name: string;
}

export type Report<T> =
  | {
      what: 'seen';
      subject: Subject;
      process: T;
      isMatch: boolean;
      /** It was there when the watch began. */
      isExisting: boolean;
      /** It began a moment ago. */
      isBirth: boolean;
    }
  | { what: 'exited'; pid: number; exit: Exit }
  /** The first pass is done, or could not be: a status. */
  | { what: 'ready'; status: number }
  | { what: 'passed' }
  /** `Backend` in native/watch.h. */
  | { what: 'uses'; backend: number };

/** Watch::Told in native/watch.h, in its order, and its flags. */
const kinds = ['seen', 'exited', 'ready', 'passed', 'uses'] as const;
const flag = { isMatch: 1, isExisting: 2, isBirth: 4 };

/** The fields that the rows of a watch have, besides those asked for. */
export function reportFields({ test }: Query): number {
  return fieldMask(['id', 'name']) | (test?.fields ?? 0);
}

/** Takes what a watch has told, and decides about names where native code cannot. */
export class ReportReader<T> {
  readonly #test: Query['test'];
  readonly #decoder: Decoder<T>;
  readonly #subjects: Decoder<Subject>;

  /** For rows with the fields of `query`, of which `wanted` are for the user. */
  constructor(query: Query, wanted: number) {
    const { fields } = query.native;
    this.#test = query.test;
    this.#decoder = new Decoder(fields, wanted);
    this.#subjects = new Decoder(fields, reportFields(query));
  }

  take(watch: NativeWatch): Report<T>[] {
    const [told, rows] = binding.takeFromWatch(watch);
    const numbers = new Int32Array(told);
    const [batch] = new Packet(rows).batches;
    const reports: Report<T>[] = [];
    const rejected: number[] = [];
    for (let i = 0, row = 0; i < numbers.length; i += 4) {
      const [kind = -1, a = 0, b = 0, c = 0] = numbers.subarray(i, i + 4);
      const what = kinds[kind];
      if (what === 'seen' && batch !== undefined) {
        const report = this.#seen(batch, row++, a);
        if (!report.isMatch && (a & flag.isMatch) !== 0) rejected.push(report.subject.pid, b);
        reports.push(report);
      } else if (what === 'exited') reports.push({ what, pid: a, exit: exitOf(b, c) });
      else if (what === 'ready') reports.push({ what, status: a });
      else if (what === 'passed') reports.push({ what });
      else if (what === 'uses') reports.push({ what, backend: a });
    }
    if (rejected.length > 0) binding.forgetMatches(watch, Int32Array.from(rejected));
    return reports;
  }

  #seen(batch: Batch, row: number, flags: number): Report<T> & { what: 'seen' } {
    const subject = this.#subjects.record(batch, row);
    return {
      what: 'seen',
      subject,
      process: this.#decoder.record(batch, row),
      isMatch: (flags & flag.isMatch) !== 0 && this.#matchesName(batch, row, subject),
      isExisting: (flags & flag.isExisting) !== 0,
      isBirth: (flags & flag.isBirth) !== 0,
    };
  }

  #matchesName(batch: Batch, row: number, subject: Subject): boolean {
    return (
      this.#test === undefined ||
      this.#subjects.isMatched(batch, row) ||
      this.#test.matches(subject)
    );
  }
}
