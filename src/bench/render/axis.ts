/** Where values lie in a chart. */

export interface Axis {
  /** The coordinate of a value; of those beyond an end, that end's. */
  at(value: number): number;
  /** Values worth a label. */
  ticks: number[];
}

/** Coordinates of the least and of the greatest value. */
type Ends = readonly [number, number];

/** From the least to the greatest of the values. Those that have no logarithm are left out. */
export function logAxis(values: readonly number[], ends: Ends): Axis {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const low = Math.min(...logs, logs.length === 0 ? 0 : Number.POSITIVE_INFINITY);
  const high = Math.max(...logs, low + 0.1);
  const between = interpolation(low, high, ends);
  const decades = range(Math.floor(low), Math.ceil(high)).map((power) => 10 ** power);
  const inside = (tick: number) =>
    Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9;
  const whole = decades.filter(inside);
  const finer = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]).filter(inside);
  return {
    at: (value) => (value > 0 ? between(Math.log10(value)) : ends[0]),
    ticks: whole.length > 1 ? whole : finer,
  };
}

/** From 0 to a round value that is not below the greatest. */
export function linearAxis(values: readonly number[], ends: Ends): Axis {
  const most = Math.max(...values, 1);
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n * 5 >= most) ?? most;
  const steps = Math.ceil(most / step);
  return {
    at: interpolation(0, steps * step, ends),
    ticks: range(0, steps).map((n) => n * step),
  };
}

function interpolation(low: number, high: number, [from, to]: Ends): (value: number) => number {
  return (value) => {
    const fraction = Math.min(1, Math.max(0, (value - low) / (high - low)));
    return from + fraction * (to - from);
  };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Moves coordinates apart, as little as it can, until each is a gap below the one before. */
export function apart(wanted: readonly number[], gap: number, [top, bottom]: Ends): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = [...wanted];
  let free = top;
  for (const i of order) {
    placed[i] = Math.max(placed[i] ?? 0, free);
    free = (placed[i] ?? 0) + gap;
  }
  free = bottom;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i] ?? 0, free);
    free = (placed[i] ?? 0) - gap;
  }
  return placed;
}
