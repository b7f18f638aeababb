/**
 * What a question costs each contender: a dot at the median over a logarithmic axis of CPU time.
 * Dots and not bars, because such an axis has no zero that a bar could begin at.
 */
import type { Measurement, QuestionResult, Report, Spread } from '../report.js';
import { type Axis, logAxis } from './axis.js';
import { clipped } from './clipped.js';
import { amount, duration, multiple } from './format.js';
import { type Markup, markup } from './markup.js';
import { floorId, isOurs, ranked, titleOf } from './ranking.js';

export const chartWidth = 360;
const edge = 6;
const rowHeight = 32;
/** Of the axis, at the foot. */
const footHeight = 20;
/** As many characters of the widest usual font leave room for the figures. */
const nameLength = 40;

export function dotChart(report: Report, question: QuestionResult): Markup {
  const rows = ranked(question);
  return markup`<svg class="chart" viewBox="0 0 ${chartWidth} ${chartHeight(rows)}" role="img" aria-label="CPU time: ${question.title}">
${dotRows(report, rows)}
</svg>`;
}

export function chartHeight(rows: readonly Measurement[]): number {
  return rows.length * rowHeight + footHeight;
}

/** What is in the chart, for a drawing of several. */
export function dotRows(report: Report, rows: readonly Measurement[]): Markup {
  const bottom = rows.length * rowHeight;
  const costs = rows.flatMap(({ cpu }) => (cpu === null ? [] : [cpu.min, cpu.max]));
  const axis = logAxis(costs, [edge, chartWidth - edge]);
  return markup`${grid(axis, bottom)}
${floorLine(rows, axis, bottom)}
${rows.map((row, i) => dotRow(report, row, axis, i * rowHeight))}`;
}

function grid(axis: Axis, bottom: number): Markup[] {
  const every = Math.ceil(axis.ticks.length / 6);
  return axis.ticks
    .filter((_, i) => i % every === 0)
    .map((tick) => {
      const x = axis.at(tick);
      const anchor = x < 20 ? 'start' : x > chartWidth - 24 ? 'end' : 'middle';
      return markup`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${bottom}"/><text class="tick" x="${x}" y="${bottom + 14}" text-anchor="${anchor}">${duration(tick)}</text>`;
    });
}

function dotRow(report: Report, row: Measurement, axis: Axis, top: number): Markup {
  const title = titleOf(report, row.contender);
  const { cpu, timesFloor, verdict } = row;
  const isShown = verdict === 'right' && cpu !== null;
  const cost = isShown ? `${duration(cpu.median)} · ${multiple(timesFloor)}` : verdict;
  return markup`<g class="${kind(row)}"><text class="name" x="${edge}" y="${top + 13}">${clipped(title, nameLength)}</text>
<text class="cost" x="${chartWidth - edge}" y="${top + 13}" text-anchor="end">${cost}</text>
${isShown ? dotAndWhisker(cpu, axis, top + 22, title) : markup``}</g>`;
}

/** The whisker goes from the least to the greatest sample; half of them are in its thick part. */
function dotAndWhisker(cpu: Spread, axis: Axis, y: number, title: string): Markup {
  const [min, low, median, high, max] = [cpu.min, cpu.low, cpu.median, cpu.high, cpu.max].map(
    axis.at,
  );
  const figures = `min ${duration(cpu.min)}, median ${duration(cpu.median)}, p99 ${duration(cpu.p99)}, max ${duration(cpu.max)}, ${amount(cpu.samples)} samples`;
  return markup`<path class="whisker" d="M${min ?? edge} ${y}H${max ?? edge}"/><path class="half" d="M${low ?? edge} ${y}H${high ?? edge}"/>
<circle class="dot" cx="${median ?? edge}" cy="${y}" r="4"><title>${title}: ${figures}</title></circle>`;
}

function floorLine(rows: readonly Measurement[], axis: Axis, bottom: number): Markup {
  const cpu = rows.find(({ contender }) => contender === floorId)?.cpu;
  if (cpu === undefined || cpu === null) return markup``;
  const x = axis.at(cpu.median);
  return markup`<line class="floor-line" x1="${x}" x2="${x}" y1="0" y2="${bottom}"/>`;
}

function kind({ contender, verdict }: Measurement): string {
  if (verdict !== 'right') return 'not-right';
  if (contender === floorId) return 'floor';
  return isOurs(contender) ? 'ours' : 'other';
}
