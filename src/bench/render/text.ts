/** The report for a terminal of 100 columns. */

import { printable } from '../../printable.js';
import type { Comparison } from '../compare.js';
import type { PileUp, QuestionResult, Report, ScaleSeries } from '../report.js';
import { clipped } from './clipped.js';
import { duration, multiple } from './format.js';
import { hints, hostLine, legend, noiseLine, notThere, pileUpLine, runLine } from './intro.js';
import { remarks } from './ranking.js';
import { nobodyNear, standing } from './standing.js';
import { summary } from './summary.js';
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
    paragraph(noiseLine(report)),
    ...list('In short', summary(report)),
    paragraph(`${legend} spread: the least and the most CPU time, as multiples of the median.`),
    ...report.questions.map((question) => questionBlock(report, question)),
    ...scaleBlocks(report, 'CPU against the number of processes', report.byProcesses),
    ...scaleBlocks(report, 'CPU against the number of threads', report.byThreads),
    ...list('Left out', report.leftOut),
    ...(report.pileUp === null ? [] : [pileUpBlock(report, report.pileUp)]),
    ...list('Where procseek loses or draws', losses.length === 0 ? [nobodyNear] : losses),
    ...list('Not there', notThere(report)),
    ...list('Hints', hints(report)),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function questionBlock(report: Report, question: QuestionResult): string {
  const heading = paragraph(`${question.title} (floor: ${question.floor})`);
  const notes = remarks(report, question).map((remark) => paragraph(remark, gap));
  return [heading, table(briefQuestionTable(report, question)), ...notes].join('\n');
}

function scaleBlocks(report: Report, heading: string, series: readonly ScaleSeries[]): string[] {
  return byQuestion(series).map((asked) => {
    const title = paragraph(`${heading}: ${questionOf(report, asked)}`);
    return `${title}\n${table(briefScaleTable(report, asked))}`;
  });
}

function pileUpBlock(report: Report, pileUp: PileUp): string {
  const heading = paragraph(`Pile-up: ${pileUpLine(pileUp)}`);
  return [heading, table(pileUpTable(report, pileUp))].join('\n');
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

export function renderComparison({ unit, notes, changes }: Comparison): string {
  const figure = unit === 'microseconds' ? duration : multiple;
  const rows = changes.map(({ question, contender, before, after, verdict }) => ({
    cells: [
      `${contender}: ${question}`,
      ...[figure(before), figure(after), multiple(after / before)],
      verdict === 'same' ? 'within the noise' : verdict,
    ],
    isOurs: false,
  }));
  const headings = ['', 'old', 'new', 'new / old', ''];
  const blocks = [
    `Against the other report, CPU time in ${unit}`,
    ...(changes.length === 0 ? [] : [table({ headings, numbersFrom: 1, rows })]),
    ...notes.map((note) => paragraph(note, gap)),
  ];
  return `\n${blocks.join('\n')}\n`;
}
