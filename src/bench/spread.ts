import type { Spread } from './report.js';

/** `null` when there are no samples. */
export function spread(samples: readonly number[]): Spread | null {
  if (samples.length === 0) return null;
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.floor(fraction * (sorted.length - 1))] ?? 0;
  return {
    median: at(0.5),
    p99: at(0.99),
    min: at(0),
    max: at(1),
    low: at(0.25),
    high: at(0.75),
    samples: sorted.length,
  };
}
