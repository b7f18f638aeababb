/** The report as one page that needs nothing beside it: no script, no font, no network. */
import type { PileUp, PileUpRun, PileUpSample, Report, ScaleSeries } from '../report.js';
import { dotChart } from './dots.js';
import { amount, duration } from './format.js';
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
import { lineChart } from './lines.js';
import { type Markup, markup, Markup as Verbatim } from './markup.js';
import { colourOf, remarks, titleOf } from './ranking.js';
import { nobodyNear, standing } from './standing.js';
import { style } from './style.js';
import { summary } from './summary.js';
import {
  byQuestion,
  pileUpTable,
  questionOf,
  questionTable,
  scaleTable,
  type Table,
} from './tables.js';

export function renderHtml(report: Report): string {
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>procseek benchmark, ${report.host.cpu}</title>
<style>${new Verbatim(style)}</style>
</head>
<body>
<h1>procseek benchmark</h1>
<div class="intro"><div>
<p>${runLine(report)}</p>
<p>${hostLine(report)}</p>
<pre>${report.command}</pre>
<p class="${report.noise.verdict === 'quiet' ? 'quiet' : 'noisy'}">${noiseLine(report)}</p>
</div><div>${list('In short', summary(report))}</div></div>
${questionCharts(report)}
<div class="intro"><div>${standingPart(report)}</div><div>${list('Hints', hints(report))}</div></div>
${report.pileUp === null ? markup`` : pileUp(report, report.pileUp)}
${scale(report, 'Cost against the number of processes', 'processes', report.byProcesses)}
${scale(report, 'Cost against the number of threads', 'threads', report.byThreads)}
${questionTables(report)}
<div class="intro"><div>${list('Left out', report.leftOut)}</div><div>${list(
    'Contenders that were not there',
    notThere(report),
  )}</div></div>
</body>
</html>
`;
  return page.source;
}

function questionCharts(report: Report): Markup {
  if (report.questions.length === 0) return markup``;
  const figures = report.questions.map(
    (question) => markup`<figure><figcaption><h3>${question.title}</h3></figcaption>
${dotChart(report, question)}</figure>`,
  );
  return markup`<h2>What each question costs</h2>
<p class="quiet">${legend}</p>
<p class="quiet">A dot is the median of CPU time; its whisker goes from the least to the greatest sample, and half of the samples are in its thick part. The axis is logarithmic: from one labelled line to the next the cost is a multiple. The dotted line is the floor.</p>
<div class="charts">${figures}</div>`;
}

function standingPart(report: Report): Markup {
  const losses = standing(report);
  if (losses.length > 0) return list('Where procseek loses or draws', losses);
  return markup`<h2>Where procseek loses or draws</h2><p>${nobodyNear}</p>`;
}

function questionTables(report: Report): Markup {
  if (report.questions.length === 0) return markup``;
  const parts = report.questions.map((question) => {
    const notes = remarks(report, question).map((remark) => markup`<li>${remark}</li>`);
    return markup`<div class="part"><h3>${question.title}</h3>
<p class="quiet">The floor: ${question.floor}.</p>
${table(questionTable(report, question))}
${notes.length === 0 ? markup`` : markup`<ul class="quiet">${notes}</ul>`}</div>`;
  });
  return markup`<h2>All figures</h2><p class="narrow quiet">A wider screen shows more columns.</p>${parts}`;
}

function scale(
  report: Report,
  heading: string,
  unit: string,
  series: readonly ScaleSeries[],
): Markup {
  if (series.length === 0) return markup``;
  const asked = byQuestion(series).map((of) => ({ of, title: questionOf(report, of) }));
  const figures = asked.map(({ of, title }) => {
    const lines = of.map(({ contender, points }) => ({
      title: titleOf(report, contender),
      colour: colourOf(report, contender),
      points: points.map(({ size, cpu }) => ({ x: size, y: cpu.median })),
    }));
    const chart = { title: `CPU time against ${unit}: ${title}`, lines, isLog: true };
    return markup`<figure><figcaption><h3>${title}</h3><span class="quiet">CPU time against ${unit}, both logarithmic</span></figcaption>
${lineChart({ ...chart, x: amount, y: duration })}</figure>`;
  });
  const tables = asked.map(
    ({ of, title }) =>
      markup`<div class="part"><h3>${title}</h3>${table(scaleTable(report, of))}</div>`,
  );
  return markup`<h2>${heading}</h2>
<div class="charts">${figures}</div>
<p class="quiet">${growthLegend}</p>${tables}`;
}

function pileUp(report: Report, pileUp: PileUp): Markup {
  const charts: [string, (sample: PileUpSample) => number][] = [
    ['Lookups in flight', ({ inFlight }) => inFlight],
    ['Resident memory, MiB', ({ rss }) => rss / 2 ** 20],
    ['Ticks missed so far', ({ missed }) => missed],
  ];
  const unguarded = pileUp.runs.filter(({ guarded }) => !guarded);
  const figures = charts.map(
    ([title, figure]) =>
      markup`<figure><figcaption><h3>${title}</h3><span class="quiet">without a guard</span></figcaption>${overTime(report, unguarded, title, figure)}</figure>`,
  );
  return markup`<h2>A scheduled lookup on a starved CPU</h2>
<p class="quiet">${pileUpLine(pileUp)}</p>
<div class="charts">${figures}</div>
${table(pileUpTable(report, pileUp))}`;
}

function overTime(
  report: Report,
  runs: readonly PileUpRun[],
  title: string,
  figure: (sample: PileUpSample) => number,
): Markup {
  const lines = runs.map(({ contender, samples }) => ({
    title: titleOf(report, contender),
    colour: colourOf(report, contender),
    points: samples.map((sample) => ({ x: sample.at / 1000, y: figure(sample) })),
  }));
  const chart = { title: `${title} over time`, lines, isLog: false };
  return lineChart({ ...chart, x: (value) => `${amount(value)} s`, y: amount });
}

function list(heading: string, items: readonly string[]): Markup {
  if (items.length === 0) return markup``;
  return markup`<h2>${heading}</h2><ul>${items.map((item) => markup`<li>${item}</li>`)}</ul>`;
}

/** Of these columns a phone has room, beside the first. */
const narrowColumns = [
  ...['CPU median, µs', '× floor', 'wall median, µs', 'per\u00a0tenfold'],
  ...['answered', 'missed', 'most in flight', '1,000', '10,000'],
];

function table({ headings, numbersFrom, rows }: Table): Markup {
  const kind = (i: number) => {
    const isNarrow = i === 0 || narrowColumns.includes(headings[i] ?? '');
    return `${i < numbersFrom ? 'words' : 'number'}${isNarrow ? '' : ' wide'}`;
  };
  const head = headings.map((heading, i) => markup`<th class="${kind(i)}">${heading}</th>`);
  const body = rows.map(({ cells, isOurs: ours }) => {
    const shown = cells.map((cell, i) => markup`<td class="${kind(i)}">${inTwo(cell)}</td>`);
    return markup`<tr class="${ours ? 'ours' : 'other'}">${shown}</tr>
`;
  });
  return markup`<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>
${body}</tbody></table></div>`;
}

/** A figure, and below it what is said of it in parentheses. */
function inTwo(cell: string): Markup {
  const [, figure, remark] = /^([\d.,]+\u00a0\S+) \((.*)\)$/.exec(cell) ?? [];
  return remark === undefined ? markup`${cell}` : markup`${figure ?? ''}<small>${remark}</small>`;
}
