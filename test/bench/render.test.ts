/** A report as a document, a page and a text: all of it is there, and nothing else. */
import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../src/bench/render/html.js';
import { renderMarkdown } from '../../src/bench/render/markdown.js';
import { renderText } from '../../src/bench/render/text.js';
import type { Measurement, Report } from '../../src/bench/report.js';
import { sampleReport } from './sample-report.js';

const renderers = [
  ['Markdown', renderMarkdown],
  ['HTML', renderHtml],
  ['text', renderText],
] as const;

const empty: Report = {
  ...sampleReport,
  contenders: [],
  absent: [],
  questions: [],
  byProcesses: [],
  byThreads: [],
  leftOut: [],
  pileUp: null,
};

/** What a reader sees: without markup and its escapes. */
function readable(rendered: string): string {
  return rendered
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replace(/\\(?=[!-/:-@[-`{-~])/g, '')
    .replace(/[\s\u00a0]+/g, ' ');
}

/** The sample, with one measurement of its first question changed. */
function withFirst(change: Partial<Measurement>): Report {
  const [first, ...others] = sampleReport.questions;
  if (first === undefined) throw new Error('the sample has no question');
  const measurements = first.measurements.map((one, i) => (i === 1 ? { ...one, ...change } : one));
  return { ...sampleReport, questions: [{ ...first, measurements }, ...others] };
}

describe.each(renderers)('A report as %s', (format, render) => {
  const shown = readable(render(sampleReport));

  test('names the host, the run and the exact command', () => {
    const { host, command, procseek } = sampleReport;
    for (const part of [host.cpu, host.kernel, command, procseek, '2026-07-30 10:11 UTC']) {
      expect(shown).toContain(part);
    }
    expect(shown).toContain('517 processes (400 of them added by the benchmark), 903 threads');
  });

  test('has each question with its floor, and each contender that took part', () => {
    for (const { title, floor, measurements } of sampleReport.questions) {
      expect(shown).toContain(title);
      expect(shown).toContain(floor);
      for (const { contender } of measurements) {
        const title = sampleReport.contenders.find(({ id }) => id === contender)?.title ?? '?';
        // A terminal has room for the beginning.
        expect(shown).toContain(format === 'text' ? title.slice(0, 20) : title);
      }
    }
  });

  test('shows wrong, empty and failed answers as such, and why', () => {
    for (const problem of [
      'ps-node: failed (spawn EMFILE)',
      'systeminformation: wrong (found 1 of none)',
      'pidof: empty (found nothing)',
      'find-process: wrong',
    ]) {
      expect(shown).toContain(problem);
    }
  });

  test('says where procseek loses or draws', () => {
    expect(shown).toMatch(
      /“all names” against “every comm by plain sync fs”: procseek draws in CPU/,
    );
    expect(shown).toMatch(/default fields” against “every comm [^”]*”: procseek loses in CPU/);
    expect(shown).not.toMatch(/against “psutil/);
  });

  test('says so when nobody came near', () => {
    expect(readable(render(empty))).toContain('No other contender came within 1.2 ×');
  });

  test('says when procseek itself has no right answer', () => {
    const [first] = sampleReport.questions;
    const measurements = first?.measurements.filter(({ verdict }) => verdict !== 'right') ?? [];
    const questions = first ? [{ ...first, measurements }] : [];
    expect(readable(render({ ...sampleReport, questions }))).toContain(
      '“by PID”: no right answer by procseek.',
    );
  });

  test('has the slope over processes and threads, sizes left out, the pile-up and the absent', () => {
    for (const part of [
      'per tenfold',
      '9.29 ×',
      '2.66 ×',
      'the limit of processes is 15,000',
      'starved by a cgroup quota of 10 % of one CPU',
      'most in flight',
      'process-exists: not resolvable from here',
    ]) {
      expect(shown).toContain(part);
    }
  });

  test('leaves out what was not measured, headings included', () => {
    const little = readable(render(empty));
    expect(little).not.toMatch(/number of|pile-up|starved|left out|there|contender version/i);
  });

  test.each([
    ['the sample', sampleReport],
    ['an empty report', empty],
    ['figures that are not numbers', withFirst({ timesFloor: Number.NaN, rssGrowth: Infinity })],
    [
      'a cost of nothing',
      withFirst({ cpu: { median: 0, p99: 0, min: 0, max: 0, low: 0, high: 0, samples: 1 } }),
    ],
    ['a right answer without times', withFirst({ cpu: null, wall: null, timesFloor: null })],
    ['a contender of no title', { ...sampleReport, contenders: [] }],
  ])('of %s has no NaN, undefined or Infinity in it', (_, report) => {
    expect(render(report)).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  test('has no control character of another program in it', () => {
    const problem = 'spawn\u001b[2J\u202e failed\r\n# not a heading';
    const rendered = render(withFirst({ verdict: 'failed', problem }));
    expect(rendered).not.toMatch(/(?!\n)\p{Cc}|\p{Bidi_Control}|\n# not/u);
    expect(readable(rendered)).toContain('failed\\x0d\\x0a# not a heading');
  });
});

describe('A report as Markdown', () => {
  test('shows every figure of a contender in one row, in the order of the headings', () => {
    const rows = renderMarkdown(sampleReport).replaceAll('\u00a0', ' ').split('\n');
    expect(rows).toContain(
      '| **procseek, sync** | 0.1.0 | 6.04 | 1.38 | 5.44 – 12.7 | 41 | 1.03 × | 6.64 | 10.6 | 5.98 – 14 | 4,321 | 1.77 KiB | 46.1 MiB | 242 B | 0 | 0.00671 | 3 |',
    );
    expect(rows).toContain(`| ps-node | 0.1.6 | failed |${' – |'.repeat(14)}`);
  });

  test('sorts by CPU time, answers that are not right last', () => {
    const table = renderMarkdown(sampleReport).split('## by name, first of many')[1] ?? '';
    const titles = [...(table.split('## ')[0]?.matchAll(/^\| \**([^|*]+?)\** \|/gm) ?? [])];
    expect(titles.map(([, title]) => title).slice(2)).toEqual([
      'procseek, sync',
      'procseek, async',
      'bare native loop (the floor)',
      'every comm by plain sync fs',
      'psutil-style full scan, sync fs',
    ]);
  });

  test('has as many cells in each row as in the heading, whatever a title holds', () => {
    const title = 'a | b `c` <img src=x> *d*';
    const contenders = sampleReport.contenders.map((one) => ({ ...one, title }));
    const rendered = renderMarkdown({ ...sampleReport, contenders });
    const cells = (row: string) => row.split(/(?<!\\)\|/).length;
    for (const table of rendered.split('\n\n').filter((block) => block.startsWith('|'))) {
      expect(new Set(table.split('\n').map(cells)).size).toBe(1);
    }
    expect(rendered).not.toContain('<img');
    expect(rendered).toContain('a \\| b \\`c\\` &lt;img src=x\\> \\*d\\*');
  });
});

describe('A report as text', () => {
  test('fits 100 columns, save for the command', () => {
    const problem = `${'x'.repeat(250)} ${'word '.repeat(50)}`;
    for (const report of [sampleReport, withFirst({ verdict: 'wrong', problem })]) {
      const widths = renderText(report)
        .split('\n')
        .map((line) => [...line].length);
      expect(Math.max(...widths)).toBeLessThanOrEqual(100);
    }
  });

  test('keeps a long command in one line, to be copied', () => {
    const command = `npx procseek bench --json ${'long/'.repeat(30)}bench.json`;
    expect(renderText({ ...sampleReport, command }).split('\n')).toContain(command);
  });
});

describe('A report as HTML', () => {
  const page = renderHtml(sampleReport);

  test('needs nothing beside it: no script, no address, nothing to load', () => {
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|\bhref=|url\(|@import|https?:/i);
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  test('adapts to narrow screens, dark ones, and paper', () => {
    expect(page).toContain('name="viewport" content="width=device-width');
    expect(page).toContain('@media (prefers-color-scheme:dark)');
    expect(page).toContain('@media print');
    expect(page.match(/<table/g)).toHaveLength(
      page.match(/<div class="scroll"><table/g)?.length ?? 0,
    );
  });

  test('escapes whatever a report holds', () => {
    const hostile = `"><script>alert('&')</script>`;
    const { host, contenders, questions, pileUp } = sampleReport;
    const rendered = renderHtml({
      ...withFirst({ verdict: 'wrong', problem: hostile }),
      command: hostile,
      host: { ...host, cpu: hostile, kernel: hostile },
      contenders: contenders.map((one) => ({ ...one, title: hostile, version: hostile })),
      questions: questions.map((one) => ({ ...one, title: hostile, floor: hostile })),
      absent: [{ title: hostile, reason: hostile }],
      leftOut: [hostile],
      pileUp: pileUp && { ...pileUp, starvedBy: hostile },
    });
    expect(rendered).not.toContain('<script');
    expect(rendered).not.toContain(`"">`);
    expect(readable(rendered)).toContain(hostile);
  });

  test('has a chart for each question, for each scale, and three of the pile-up', () => {
    const scales = new Set(sampleReport.byProcesses.map(({ question }) => question)).size + 1;
    expect(charts(page)).toHaveLength(sampleReport.questions.length + scales + 3);
    expect(charts(renderHtml(empty))).toHaveLength(0);
  });

  test('draws a dot for each right answer, and none for others', () => {
    const measurements = sampleReport.questions.flatMap((question) => question.measurements);
    const right = measurements.filter(({ verdict }) => verdict === 'right');
    expect(page.match(/class="dot"/g)).toHaveLength(right.length);
  });

  test.each([
    ['the sample', sampleReport],
    [
      'a cost of nothing',
      withFirst({ cpu: { median: 0, p99: 0, min: 0, max: 0, low: 0, high: 0, samples: 1 } }),
    ],
    [
      'a cost of hours',
      withFirst({
        cpu: { median: 9e9, p99: 9e9, min: 1, max: 9e9, low: 1, high: 9e9, samples: 2 },
      }),
    ],
  ])('of %s draws within its charts', (_, report) => {
    for (const { width, height, xs, ys } of charts(renderHtml(report))) {
      expect(xs.length).toBeGreaterThan(0);
      for (const x of xs) expect(x).toSatisfy((at: number) => at >= 0 && at <= width);
      for (const y of ys) expect(y).toSatisfy((at: number) => at >= 0 && at <= height);
    }
  });

  test('numbers lines where they end, one number clear of the other', () => {
    for (const { svg } of charts(page)) {
      const ys = numbers(svg, /<text class="end"[^>]* y="([\d.-]+)"/g).sort((a, b) => a - b);
      for (const [i, y] of ys.slice(1).entries()) expect(y - (ys[i] ?? 0)).toBeGreaterThan(10);
    }
  });

  test('tells the whole name of each line below the chart, however long it is', () => {
    const title = 'a contender with a name that no chart has the room for';
    const contenders = sampleReport.contenders.map((one) => ({ ...one, title }));
    const legends = renderHtml({ ...sampleReport, contenders }).match(
      /<ol class="legend">.*?<\/ol>/gs,
    );
    const lines = page.match(/class="line"/g)?.length ?? 0;
    expect(lines).toBeGreaterThan(0);
    expect(legends?.join('').match(new RegExp(`>${title}<`, 'g'))).toHaveLength(lines);
  });
});

function charts(page: string) {
  return [...page.matchAll(/<svg [^>]*viewBox="0 0 ([\d.]+) ([\d.]+)".*?<\/svg>/gs)].map(
    ([svg, width, height]) => {
      const points = [...svg.matchAll(/points="([^"]*)"/g)].flatMap(([, list = '']) =>
        list.trim().split(' '),
      );
      const at = (i: number) => points.map((point) => Number(point.split(',')[i]));
      const paths = [...svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)];
      return {
        svg,
        width: Number(width),
        height: Number(height),
        xs: [
          ...numbers(svg, / (?:x|x1|x2|cx)="([^"]*)"/g),
          ...numbers(svg, /H(-?[\d.]+)/g),
          ...paths.map(([, x]) => Number(x)),
          ...at(0),
        ],
        ys: [
          ...numbers(svg, / (?:y|y1|y2|cy)="([^"]*)"/g),
          ...paths.map(([, , y]) => Number(y)),
          ...at(1),
        ],
      };
    },
  );
}

function numbers(markup: string, pattern: RegExp): number[] {
  return [...markup.matchAll(pattern)].map(([, number]) => Number(number));
}
