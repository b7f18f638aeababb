/** The files beside a committed report that are made from it. */
import { readReport } from './read_report.js';
import { drawing } from './render/drawing.js';
import { renderHtml } from './render/html.js';
import { renderMarkdown } from './render/markdown.js';

/** Names and contents, of the report in this file. */
export function documents(file: string): [name: string, content: string][] {
  const report = readReport(file);
  return [
    ['report.md', renderMarkdown(report)],
    ['report.html', renderHtml(report)],
    ['cost-light.svg', drawing(report, 'light')],
    ['cost-dark.svg', drawing(report, 'dark')],
  ];
}
