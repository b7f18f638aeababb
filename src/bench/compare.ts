/** Two reports beside each other: what became dearer or cheaper by more than noise explains. */
import { differs } from './noise.js';
import { titleOf } from './render/ranking.js';
import type { Measurement, Report, Spread } from './report.js';

export interface Change {
  question: string;
  contender: string;
  /** CPU time, in microseconds, or as a multiple of the floor. */
  before: number;
  after: number;
  verdict: 'same' | 'dearer' | 'cheaper';
}

export interface Comparison {
  /** What the figures are. */
  unit: 'microseconds' | 'multiples of the floor';
  /** What a reader has to know, each in words. */
  notes: string[];
  changes: Change[];
}

export function compare(old: Report, now: Report): Comparison {
  const differences = hostDifferences(old, now);
  const isAbsolute = differences.length === 0;
  const changes = now.questions.flatMap(({ id, title, measurements }) =>
    measurements.flatMap((measurement) => {
      const earlier = old.questions
        .find((question) => question.id === id)
        ?.measurements.find(({ contender }) => contender === measurement.contender);
      const change = changeOf(earlier, measurement, isAbsolute);
      const contender = titleOf(now, measurement.contender);
      return change === undefined ? [] : [{ question: title, contender, ...change }];
    }),
  );
  const notes = [
    ...(isAbsolute
      ? []
      : [`Not of the same host: ${differences.join(', ')}. Multiples of the floor are compared.`]),
    ...[old, now].flatMap(({ noise }, i) =>
      noise.verdict === 'too noisy to compare'
        ? [
            `The ${i === 0 ? 'old' : 'new'} run was too noisy to compare: ${noise.reasons.join('; ')}.`,
          ]
        : [],
    ),
    ...(changes.length === 0 ? ['Nothing was measured in both.'] : []),
  ];
  return { unit: isAbsolute ? 'microseconds' : 'multiples of the floor', notes, changes };
}

/** A lookup by name grows with the number of processes. */
const sameSize = 1.1;

function hostDifferences(old: Report, now: Report): string[] {
  const of = (key: 'cpu' | 'cores' | 'kernel' | 'node') =>
    old.host[key] === now.host[key] ? [] : [`${key} ${old.host[key]} and ${now.host[key]}`];
  const [before, after] = [old.host.processes, now.host.processes];
  const isAlike = Math.max(before, after) <= sameSize * Math.min(before, after);
  return [
    ...[...of('cpu'), ...of('cores'), ...of('kernel'), ...of('node')],
    ...(isAlike ? [] : [`${before} and ${after} processes`]),
  ];
}

function changeOf(old: Measurement | undefined, now: Measurement, isAbsolute: boolean) {
  if (!old?.cpu || !now.cpu) return undefined;
  const scales = [old, now].map(({ cpu, timesFloor }) =>
    isAbsolute ? 1 : (timesFloor ?? Number.NaN) / (cpu?.median ?? Number.NaN),
  );
  const [before, after] = [scaled(old.cpu, scales[0]), scaled(now.cpu, scales[1])];
  if (!Number.isFinite(before.median) || !Number.isFinite(after.median)) return undefined;
  const direction = after.median > before.median ? ('dearer' as const) : ('cheaper' as const);
  const drift = Math.max(old.drift ?? 1, now.drift ?? 1);
  const ratio = Math.max(after.median / before.median, before.median / after.median);
  const verdict = differs(before, after) && ratio > drift ? direction : ('same' as const);
  return { before: before.median, after: after.median, verdict };
}

function scaled({ samples, ...figures }: Spread, scale = Number.NaN): Spread {
  const { median, p99, min, max, low, high } = figures;
  return {
    median: median * scale,
    p99: p99 * scale,
    min: min * scale,
    max: max * scale,
    low: low * scale,
    high: high * scale,
    samples,
  };
}
