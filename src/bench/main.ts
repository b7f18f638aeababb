/** `procseek bench`: what each question costs on this host, with this library and with others. */
import { writeFileSync } from 'node:fs';
import { printableJson } from '../printable.js';
import { Crowd, whyNot } from './crowd.js';
import { benchUsage, type Options, parseOptions } from './options.js';
import { renderHtml } from './render/html.js';
import { renderMarkdown } from './render/markdown.js';
import { renderText } from './render/text.js';
import type { Report } from './report.js';
import { fewSleepers, run } from './run.js';

export async function bench(argv: string[]): Promise<number> {
  const options = parseOptions(argv);
  if (options === undefined) {
    process.stdout.write(benchUsage);
    return 0;
  }
  const reason = whyNot(options.processes + fewSleepers);
  if (reason !== undefined) throw new Error(reason);
  const crowds = { few: new Crowd(), many: new Crowd() };
  const end = () => Promise.all([crowds.few.end(), crowds.many.end()]);
  // Ctrl-C and the like: the sleepers end with this process, what they lie in has to be removed.
  process.once('SIGINT', () => end().finally(() => process.exit(130)));
  process.once('SIGTERM', () => end().finally(() => process.exit(143)));
  try {
    const report = await run(options, crowds, `npx procseek bench ${argv.join(' ')}`.trim());
    process.stdout.write(renderText(report));
    write(report, options.files);
  } finally {
    await end();
  }
  return 0;
}

function write(report: Report, { json, markdown, html }: Options['files']): void {
  if (json) writeFileSync(json, `${printableJson(report, 1)}\n`);
  if (markdown) writeFileSync(markdown, renderMarkdown(report));
  if (html) writeFileSync(html, renderHtml(report));
}
