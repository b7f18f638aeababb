/** The report for a terminal of 100 columns. */

import { printable } from '../../printable.js';
import type { PileUp, QuestionResult, Report, ScaleSeries } from '../report.js';
import { clipped } from './clipped.js';
import { hostLine, legend, runLine } from './intro.js';
import { problems } from './ranking.js';
import { nobodyNear, standing } from './standing.js';
import {
  briefQuestionTable,
  briefScaleTable,
  byQuestion,
  pileUpTable,
  questionOf,
  type Table,
} from './tables.js';

const columns = 100;
const gap = '  ';

export function renderText(report: Report): string {
  const losses = standing(report);
  const blocks = [
    `${paragraph(runLine(report))}\n${paragraph(hostLine(report))}`,
    printable(report.command), // never broken, to be copied
    paragraph(`${legend} spread: the least and the most CPU time, as multiples of the median.`),
    ...report.questions.map((question) => questionBlock(report, question)),
    ...scaleBlocks(report, 'CPU against the number of processes', report.byProcesses),
    ...scaleBlocks(report, 'CPU against the number of threads', report.byThreads),
    ...list('Left out', report.leftOut),
    ...(report.pileUp === null ? [] : [pileUpBlock(report, report.pileUp)]),
    ...list('Where procseek loses or draws', losses.length === 0 ? [nobodyNear] : losses),
    ...list(
      'Not there',
      report.absent.map(({ title, reason }) => `${title}: ${reason}`),
    ),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function questionBlock(report: Report, question: QuestionResult): string {
  const heading = paragraph(`${question.title} (floor: ${question.floor})`);
  const notes = problems(report, question).map((problem) => paragraph(problem, gap));
  return [heading, table(briefQuestionTable(report, question)), ...notes].join('\n');
}

function scaleBlocks(report: Report, heading: string, series: readonly ScaleSeries[]): string[] {
  return byQuestion(series).map((asked) => {
    const title = paragraph(`${heading}: ${questionOf(report, asked)}`);
    return `${title}\n${table(briefScaleTable(report, asked))}`;
  });
}

function pileUpBlock(report: Report, pileUp: PileUp): string {
  const { period, duration, starvedBy, summary } = pileUp;
  const how = `Pile-up: a lookup every ${period} ms for ${duration / 1000} s, CPU starved by ${starvedBy}`;
  return [paragraph(how), table(pileUpTable(report, pileUp)), paragraph(summary, gap)].join('\n');
}

function list(heading: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  return [[heading, ...items.map((item) => paragraph(item, gap))].join('\n')];
}

/** The first column gives way. */
function table({ headings, rows }: Table): string {
  const lines = [headings, ...rows.map(({ cells }) => cells.map(printable))];
  const widths = headings.map((_, i) => Math.max(...lines.map((line) => width(line[i] ?? ''))));
  const others = widths.slice(1).reduce((sum, other) => sum + other + gap.length, gap.length);
  const first = Math.min(widths[0] ?? 0, Math.max(8, columns - others));
  return lines
    .map(([title = '', ...figures]) => {
      const name = clipped(title, first);
      const padding = ' '.repeat(first - width(name));
      const aligned = figures.map((figure, i) => figure.padStart(widths[i + 1] ?? 0));
      return `${gap}${[name + padding, ...aligned].join(gap)}`;
    })
    .join('\n');
}

function width(text: string): number {
  return [...text].length;
}

function paragraph(text: string, indent = ''): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of printable(text).split(' ').flatMap(breakable)) {
    if (width(line) + 1 + width(word) > columns && line.trim() !== '') {
      lines.push(line);
      line = indent;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Words that fit a line. */
function breakable(word: string): string[] {
  return word.match(/.{1,90}/gu) ?? [];
}
