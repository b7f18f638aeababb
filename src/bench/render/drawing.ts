/** The README's chart: two questions side by side, as a drawing that stands alone. */
import type { Measurement, QuestionResult, Report } from '../report.js';
import { chartHeight, chartWidth, dotRows } from './dots.js';
import { type Markup, markup, Markup as Verbatim } from './markup.js';
import { ranked } from './ranking.js';
import { chartStyle, themes } from './style.js';

export type Theme = keyof typeof themes;

const questions = ['pid', 'name-absent'] as const;

/** What people use, and the library in all its forms; others are in the report. */
const drawn: readonly string[] = [
  ...['floor', 'procseek-sync', 'procseek-async', 'finder-events', 'finder-bpf'],
  ...['fs-sync', 'psutil', 'gopsutil', 'ps-q', 'ps', 'process-table'],
  ...['find-process', 'ps-list', 'pidusage', 'systeminformation'],
];

const gap = 40;
const headHeight = 24;
const margin = 8;

export function drawing(report: Report, theme: Theme): string {
  const panels = questions.flatMap((id) => {
    const question = report.questions.find((one) => one.id === id);
    return question === undefined ? [] : [{ question, rows: rowsOf(question) }];
  });
  const heights = panels.map(({ rows }) => chartHeight(rows));
  const width = panels.length * (chartWidth + gap) - gap + 2 * margin;
  const height = headHeight + Math.max(0, ...heights) + 2 * margin;
  const drawing = markup`<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="CPU time of a lookup">
<style>${new Verbatim(`:root{${themes[theme]}}${chartStyle}.title{font-size:13px;font-weight:600}`)}</style>
<rect width="100%" height="100%" rx="6" fill="var(--paper)"/>
${panels.map(({ question, rows }, i) => panel(report, question, rows, margin + i * (chartWidth + gap)))}
</svg>
`;
  return drawing.source;
}

function rowsOf(question: QuestionResult): Measurement[] {
  return ranked(question).filter(
    ({ contender, verdict }) => drawn.includes(contender) && verdict === 'right',
  );
}

function panel(
  report: Report,
  { title }: QuestionResult,
  rows: readonly Measurement[],
  left: number,
): Markup {
  return markup`<g transform="translate(${left} ${margin})"><text class="title" x="6" y="14">${title}</text>
<g transform="translate(0 ${headHeight})">${dotRows(report, rows)}</g></g>`;
}
