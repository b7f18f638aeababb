/** The report as a document for GitHub. */

import { printable } from '../../printable.js';
import type { PileUp, QuestionResult, Report, ScaleSeries } from '../report.js';
import {
  growthLegend,
  hints,
  hostLine,
  legend,
  noiseLine,
  notThere,
  pileUpLine,
  runLine,
} from './intro.js';
import { remarks } from './ranking.js';
import { nobodyNear, standing } from './standing.js';
import { summary } from './summary.js';
import {
  byQuestion,
  pileUpTable,
  questionOf,
  questionTable,
  scaleTable,
  type Table,
} from './tables.js';

export function renderMarkdown(report: Report): string {
  const losses = standing(report);
  const blocks = [
    '# procseek benchmark',
    text(runLine(report)),
    text(hostLine(report)),
    // By indentation: nothing in a line can end such a block.
    `    ${printable(report.command)}`,
    text(noiseLine(report)),
    ...section('In short', summary(report)),
    text(legend),
    '## Where procseek loses or draws',
    losses.length === 0 ? text(nobodyNear) : list(losses),
    ...report.questions.flatMap((question) => questionBlocks(report, question)),
    ...scaleBlocks(report, 'Cost against the number of processes', report.byProcesses),
    ...scaleBlocks(report, 'Cost against the number of threads', report.byThreads),
    ...section('Left out', report.leftOut),
    ...(report.pileUp === null ? [] : pileUpBlocks(report, report.pileUp)),
    ...section('Contenders that were not there', notThere(report)),
    ...section('Hints', hints(report)),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function questionBlocks(report: Report, question: QuestionResult): string[] {
  return [
    `## ${text(question.title)}`,
    text(`The floor: ${question.floor}.`),
    table(questionTable(report, question)),
    list(remarks(report, question)),
  ];
}

function scaleBlocks(report: Report, heading: string, series: readonly ScaleSeries[]): string[] {
  if (series.length === 0) return [];
  const tables = byQuestion(series).flatMap((asked) => [
    `### ${text(questionOf(report, asked))}`,
    table(scaleTable(report, asked)),
  ]);
  return [`## ${heading}`, text(growthLegend), ...tables];
}

function pileUpBlocks(report: Report, pileUp: PileUp): string[] {
  return [
    '## Pile-up: a scheduled lookup on a starved CPU',
    text(pileUpLine(pileUp)),
    table(pileUpTable(report, pileUp)),
  ];
}

function section(heading: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`## ${heading}`, list(items)];
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${text(item)}`).join('\n');
}

function table({ headings, numbersFrom, rows }: Table): string {
  const rule = headings.map((_, i) => (i < numbersFrom ? '---' : '--:'));
  const body = rows.map(({ cells, isOurs }) =>
    line(cells.map((cell, i) => (i === 0 && isOurs ? `**${text(cell)}**` : text(cell)))),
  );
  return [line(headings), line(rule), ...body].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Characters that Markdown, or the HTML in it, would take for more than themselves. */
function text(words: string): string {
  return printable(words).replace(/[\\`*_[\]{}<>|#~$&!]/g, (character) =>
    character === '<' ? '&lt;' : character === '&' ? '&amp;' : `\\${character}`,
  );
}
