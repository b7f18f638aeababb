/** Figures as people read them. */

export const nothing = '–';

/** Between a figure and its unit, for no line to end there. */
const space = '\u00a0';

/** Three digits, or all of those before the point. */
export function amount(value: number | null | undefined): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return nothing;
  if (Math.abs(value) >= 99.95) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** Takes microseconds. */
export function duration(value: number | null | undefined): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return nothing;
  if (value >= 999_500) return `${amount(value / 1e6)}${space}s`;
  return value >= 999.5 ? `${amount(value / 1000)}${space}ms` : `${amount(value)}${space}µs`;
}

export function bytes(value: number | null | undefined): string {
  if (typeof value !== 'number' || !Number.isFinite(value)) return nothing;
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let power = 0;
  while (Math.abs(value) / 1024 ** power >= 1000 && power < units.length - 1) power++;
  return `${amount(value / 1024 ** power)}${space}${units[power]}`;
}

export function multiple(value: number | null | undefined): string {
  const shown = amount(value);
  return shown === nothing ? nothing : `${shown}${space}×`;
}
