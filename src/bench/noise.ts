/** Whether figures can be told from noise: of a whole run, and of two measurements. */
import type { Disturbance, Host, Noise, QuestionResult, Spread } from './report.js';
import { spread } from './spread.js';

/** Beyond the first of two limits a run is noisy, beyond the second it is too noisy to compare. */
type Limits = readonly [noisy: number, tooNoisy: number];

/** A factor by which the same measurement differs from one round to the next. */
const driftLimits: Limits = [1.15, 1.5];
/** Per core. The run itself keeps one core busy, and is not in the figure from its start. */
const loadLimits: Limits = [0.5, 1.5];
const pressureLimits: Limits = [0.15, 0.6];
const stolenLimits: Limits = [0.02, 0.1];

type Level = 0 | 1 | 2;

interface Finding {
  level: Level;
  reason: string;
}

function level(value: number | null, [noisy, tooNoisy]: Limits): Level {
  if (value === null || value <= noisy) return 0;
  return value <= tooNoisy ? 1 : 2;
}

const percent = (share: number | null) => `${Math.round((share ?? 0) * 100)} %`;

export function judgeNoise({ cores }: Pick<Host, 'cores'>, told: Disturbance): Noise {
  const { load, pressure, stolen, throttled, overheated, drift } = told;
  const findings: Finding[] = [
    {
      level: level(drift, driftLimits),
      reason: `the same measurement came out ${(drift ?? 1).toFixed(2)} × apart, by the median`,
    },
    {
      level: level(load.start / cores, loadLimits),
      reason: `the load average was ${load.start.toFixed(1)} on ${cores} cores before the run began`,
    },
    {
      level: level(pressure, pressureLimits),
      reason: `for ${percent(pressure)} of the time some task waited for a CPU`,
    },
    {
      level: level(stolen, stolenLimits),
      reason: `the hypervisor gave ${percent(stolen)} of the CPU time to others`,
    },
    {
      level: throttled === null || throttled === 0 ? 0 : 1,
      reason: `the control group ran out of its CPU quota ${throttled} times`,
    },
    {
      level: overheated === null || overheated === 0 ? 0 : 1,
      reason: `cores were slowed down ${overheated} times because they were hot`,
    },
  ];
  const worst = Math.max(...findings.map((finding) => finding.level));
  return {
    ...told,
    verdict: worst === 0 ? 'quiet' : worst === 1 ? 'noisy' : 'too noisy to compare',
    reasons: findings.filter((finding) => finding.level > 0).map(({ reason }) => reason),
  };
}

/** How well the CPU times of a run repeat, by the median; `null` when nothing was measured twice. */
export function typicalDrift(questions: readonly QuestionResult[]): number | null {
  const drifts = questions.flatMap(({ measurements }) =>
    measurements.flatMap(({ drift }) => drift ?? []),
  );
  return spread(drifts)?.median ?? null;
}

/** What is assumed of a figure that was not measured often enough to know its spread. */
const assumedNoise = 2;
const enoughSamples = 3;

/** The factor, up or down, within which a median may lie by chance. */
function uncertainty({ median, low, high, samples }: Spread): number {
  if (samples < enoughSamples || !(median > 0) || !(low > 0)) return assumedNoise;
  return Math.max(high / median, median / low);
}

/** Whether the medians differ by more than both spreads, those between the quartiles, explain. */
export function differs(a: Spread, b: Spread): boolean {
  if (!(a.median > 0) || !(b.median > 0)) return a.median !== b.median;
  const ratio = Math.max(a.median / b.median, b.median / a.median);
  return ratio > uncertainty(a) * uncertainty(b);
}
