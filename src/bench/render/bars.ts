/** What a question costs each contender: horizontal bars over a logarithmic axis of CPU time. */
import type { Measurement, QuestionResult, Report, Spread } from '../report.js';
import { type Axis, logAxis } from './axis.js';
import { clipped } from './clipped.js';
import { amount, duration, multiple } from './format.js';
import { type Markup, markup } from './markup.js';
import { floorId, isOurs, ranked, titleOf } from './ranking.js';

const width = 360;
const edge = 4;
const rowHeight = 32;
/** Of the axis, at the foot. */
const footHeight = 20;

export function barChart(report: Report, question: QuestionResult): Markup {
  const rows = ranked(question);
  const bottom = rows.length * rowHeight;
  const costs = rows.flatMap(({ cpu }) => (cpu === null ? [] : [cpu.min, cpu.max]));
  const least = Math.min(...costs.filter((cost) => cost > 0));
  // Half of the least, for the shortest bar to have some length.
  const axis = logAxis([least / 2, ...costs].filter(Number.isFinite), [edge, width - edge]);
  return markup`<svg class="chart" viewBox="0 0 ${width} ${bottom + footHeight}" role="img" aria-label="CPU time: ${question.title}">
${grid(axis, bottom)}
${floorLine(rows, axis, bottom)}
${rows.map((row, i) => bar(report, row, axis, i * rowHeight))}
</svg>`;
}

function grid(axis: Axis, bottom: number): Markup[] {
  const every = Math.ceil(axis.ticks.length / 6);
  return axis.ticks
    .filter((_, i) => i % every === 0)
    .map((tick) => {
      const x = axis.at(tick);
      const anchor = x < 20 ? 'start' : x > width - 24 ? 'end' : 'middle';
      return markup`<line class="grid" x1="${x}" x2="${x}" y1="0" y2="${bottom}"/><text class="tick" x="${x}" y="${bottom + 14}" text-anchor="${anchor}">${duration(tick)}</text>`;
    });
}

function bar(report: Report, row: Measurement, axis: Axis, top: number): Markup {
  const title = titleOf(report, row.contender);
  const { cpu, timesFloor, verdict } = row;
  const isShown = verdict === 'right' && cpu !== null;
  const cost = isShown ? `${duration(cpu.median)} · ${multiple(timesFloor)}` : verdict;
  return markup`<g class="${kind(row)}"><text class="name" x="${edge}" y="${top + 13}">${clipped(title, 40)}</text>
<text class="cost" x="${width - edge}" y="${top + 13}" text-anchor="end">${cost}</text>
${isShown ? barAndWhisker(cpu, axis, top + 18, title) : markup``}</g>`;
}

/** The bar ends at the median; the whisker goes from the least to the greatest, marked at p99. */
function barAndWhisker(cpu: Spread, axis: Axis, top: number, title: string): Markup {
  const [min, median, p99, max] = [cpu.min, cpu.median, cpu.p99, cpu.max].map(axis.at);
  const y = top + 4.5;
  const figures = `min ${duration(cpu.min)}, median ${duration(cpu.median)}, p99 ${duration(cpu.p99)}, max ${duration(cpu.max)}, ${amount(cpu.samples)} samples`;
  return markup`<rect class="bar" x="${edge}" y="${top}" width="${(median ?? edge) - edge}" height="9" rx="1"><title>${title}: ${figures}</title></rect>
<path class="whisker" d="M${min ?? edge} ${y}H${max ?? edge}M${p99 ?? edge} ${y - 3}v6"/>`;
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
