/** The report's figures as tables of text, for a page, a document or a terminal to lay out. */
import type {
  Measurement,
  PileUp,
  QuestionResult,
  Report,
  ScaleSeries,
  Spread,
} from '../report.js';
import { amount, bytes, duration, multiple, nothing } from './format.js';
import { isOurs, ranked, titleOf, versionOf } from './ranking.js';

export interface Row {
  cells: string[];
  isOurs: boolean;
}

/** Left of `numbersFrom` are words, from there on figures. */
export interface Table {
  headings: string[];
  numbersFrom: number;
  rows: Row[];
}

type Column<T> = [heading: string, cell: (one: T) => string];

const figures: Column<Measurement>[] = [
  ['CPU median, µs', (one) => cpuOrVerdict(one, amount)],
  ['× floor', ({ timesFloor }) => amount(timesFloor)],
  ['CPU min – max, µs', ({ cpu }) => range(cpu)],
  ['CPU samples', ({ cpu }) => amount(cpu?.samples)],
  ['repeats within', ({ drift }) => multiple(drift)],
  ['wall median, µs', ({ wall }) => amount(wall?.median)],
  ['wall p99, µs', ({ wall }) => amount(wall?.p99)],
  ['wall min – max, µs', ({ wall }) => range(wall)],
  ['wall samples', ({ wall }) => amount(wall?.samples)],
  ['RSS growth', ({ rssGrowth }) => bytes(rssGrowth)],
  ['RSS peak', ({ rssPeak }) => bytes(rssPeak)],
  ['JS allocated', ({ allocated }) => bytes(allocated)],
  ['spawned', ({ spawned }) => amount(spawned)],
  ['loop delay, ms', ({ loopDelay }) => amount(loopDelay)],
  ['system calls', ({ systemCalls }) => amount(systemCalls)],
];

const briefFigures: Column<Measurement>[] = [
  ['CPU', (one) => cpuOrVerdict(one, duration)],
  ['× floor', ({ timesFloor }) => amount(timesFloor)],
  ['spread', ({ cpu }) => relativeRange(cpu)],
  ['n', ({ cpu }) => amount(cpu?.samples)],
  ['wall', ({ wall }) => duration(wall?.median)],
  ['p99', ({ wall }) => duration(wall?.p99)],
  ['spawned', ({ spawned }) => amount(spawned)],
];

export function questionTable(report: Report, question: QuestionResult): Table {
  const words: Column<Measurement>[] = [
    ['contender', ({ contender }) => titleOf(report, contender)],
    ['version', ({ contender }) => version(report, contender)],
  ];
  return table(ranked(question), [...words, ...figures], 2);
}

/** For a terminal: less of each contender, in durations that carry their unit. */
export function briefQuestionTable(report: Report, question: QuestionResult): Table {
  const title: Column<Measurement> = ['', ({ contender }) => titleOf(report, contender)];
  return table(ranked(question), [title, ...briefFigures], 1);
}

export function scaleTable(report: Report, series: readonly ScaleSeries[]): Table {
  return scale(report, series, (cpu) =>
    cpu === undefined
      ? nothing
      : `${duration(cpu.median)} (${relativeRange(cpu)}, n\u00a0${amount(cpu.samples)})`,
  );
}

export function briefScaleTable(report: Report, series: readonly ScaleSeries[]): Table {
  return scale(report, series, (cpu) => duration(cpu?.median));
}

function scale(
  report: Report,
  series: readonly ScaleSeries[],
  cell: (cpu: Spread | undefined) => string,
): Table {
  const sizes = [...new Set(series.flatMap(({ points }) => points.map(({ size }) => size)))];
  sizes.sort((a, b) => a - b);
  const columns: Column<ScaleSeries>[] = [
    ['contender', ({ contender }) => titleOf(report, contender)],
    ['per\u00a0tenfold', (one) => multiple(growth(one))],
    ...sizes.map(
      (size): Column<ScaleSeries> => [
        amount(size),
        ({ points }) => cell(points.find((point) => point.size === size)?.cpu),
      ],
    ),
  ];
  return table(series, columns, 1);
}

/** By how much the cost is multiplied when the size is tenfold: the slope of a log-log line. */
export function growth({ points }: ScaleSeries): number | null {
  const logs = points
    .filter(({ size, cpu }) => size > 0 && cpu.median > 0)
    .map(({ size, cpu }) => ({ x: Math.log10(size), y: Math.log10(cpu.median) }));
  const mean = (of: 'x' | 'y') => logs.reduce((sum, log) => sum + log[of], 0) / logs.length;
  const [x, y] = [mean('x'), mean('y')];
  const covariance = logs.reduce((sum, log) => sum + (log.x - x) * (log.y - y), 0);
  const variance = logs.reduce((sum, log) => sum + (log.x - x) ** 2, 0);
  return variance > 0 ? 10 ** (covariance / variance) : null;
}

export function pileUpTable(report: Report, { runs }: PileUp): Table {
  return table(
    runs,
    [
      [
        'contender',
        ({ contender, guarded }) => `${titleOf(report, contender)}${guarded ? ', guarded' : ''}`,
      ],
      ['ticks', ({ ticks }) => amount(ticks)],
      ['answered', ({ answered }) => amount(answered)],
      ['skipped', ({ skipped }) => amount(skipped)],
      ['missed', ({ missed }) => amount(missed)],
      ['most in flight', ({ mostInFlight }) => amount(mostInFlight)],
      ['RSS at first', ({ samples }) => bytes(samples[0]?.rss)],
      ['RSS at most', ({ mostRss }) => bytes(mostRss)],
    ],
    1,
  );
}

/** The series of each question, in the order in which the questions first come up. */
export function byQuestion(series: readonly ScaleSeries[]): ScaleSeries[][] {
  const questions = [...new Set(series.map(({ question }) => question))];
  return questions.map((question) => series.filter((one) => one.question === question));
}

/** The question of these series, in words. */
export function questionOf(report: Report, [first]: readonly ScaleSeries[]): string {
  if (first === undefined) return '';
  return report.questions.find(({ id }) => id === first.question)?.title ?? first.question;
}

function table<T extends { contender: string }>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  numbersFrom: number,
): Table {
  return {
    headings: columns.map(([heading]) => heading),
    numbersFrom,
    rows: rows.map((row) => ({
      cells: columns.map(([, cell]) => cell(row)),
      isOurs: isOurs(row.contender),
    })),
  };
}

function cpuOrVerdict({ verdict, cpu }: Measurement, shown: typeof amount): string {
  return verdict === 'right' ? shown(cpu?.median) : verdict;
}

function version(report: Report, contender: string): string {
  const found = versionOf(report, contender);
  return found === '-' ? nothing : found;
}

function range(spread: Spread | null): string {
  return spread === null || spread.samples < 2
    ? nothing
    : `${amount(spread.min)} – ${amount(spread.max)}`;
}

/** Of the median. One sample has no spread. */
function relativeRange(spread: Spread | null): string {
  if (spread === null || spread.samples < 2 || !(spread.median > 0)) return nothing;
  const { min, median, max } = spread;
  return `${Number((min / median).toFixed(2))}–${amount(max / median)}`;
}
