/** Lines over two axes, each named where it ends. */
import { type Axis, apart, linearAxis, logAxis } from './axis.js';
import { clipped } from './clipped.js';
import { type Markup, markup } from './markup.js';

export interface Line {
  title: string;
  /** The class of its colour in the style sheet. */
  colour: string;
  points: { x: number; y: number }[];
}

export interface LineChart {
  /** What the chart shows, in words. */
  title: string;
  lines: readonly Line[];
  /** Both axes logarithmic, or both from 0. */
  isLog: boolean;
  x: (value: number) => string;
  y: (value: number) => string;
}

const width = 360;
const plot = { left: 48, right: 216, top: 14 };
/** A name takes up to two rows of so many characters. */
const rowLength = 23;
const rowHeight = 11;

export function lineChart({ title, lines, isLog, x, y }: LineChart): Markup {
  const drawn = lines
    .map((line) => ({ ...line, points: line.points.filter(isLog ? hasLogarithms : () => true) }))
    .filter((line) => line.points.length > 0);
  const bottom = plot.top + Math.max(180, drawn.length * (2 * rowHeight + 1));
  const axis = isLog ? logAxis : linearAxis;
  const points = drawn.flatMap((line) => line.points);
  const across = axis(
    points.map((point) => point.x),
    [plot.left, plot.right],
  );
  const up = axis(
    points.map((point) => point.y),
    [bottom, plot.top],
  );
  return markup`<svg class="chart" viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="${title}">
${rules(up, y)}
${columns(across, bottom, x)}
${drawn.map((line) => path(line, across, up))}
${names(drawn, across, up, bottom)}
</svg>`;
}

function hasLogarithms({ x, y }: { x: number; y: number }): boolean {
  return x > 0 && y > 0;
}

function rules(up: Axis, label: LineChart['y']): Markup[] {
  return up.ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${up.at(tick)}" y2="${up.at(tick)}"/><text class="tick" x="${plot.left - 4}" y="${up.at(tick) + 3}" text-anchor="end">${label(tick)}</text>`,
  );
}

function columns(across: Axis, bottom: number, label: LineChart['x']): Markup[] {
  return across.ticks.map(
    (tick) =>
      markup`<line class="grid" x1="${across.at(tick)}" x2="${across.at(tick)}" y1="${plot.top}" y2="${bottom}"/><text class="tick" x="${across.at(tick)}" y="${bottom + 14}" text-anchor="middle">${label(tick)}</text>`,
  );
}

function path({ points, colour }: Line, across: Axis, up: Axis): Markup {
  const corners = points.map(({ x, y }) => markup` ${across.at(x)},${up.at(y)}`);
  const dots = points.length > 20 ? [] : points;
  return markup`<g class="${colour}"><polyline class="line" points="${corners}"/>
${dots.map(({ x, y }) => markup`<circle cx="${across.at(x)}" cy="${up.at(y)}" r="2"/>`)}</g>`;
}

function names(lines: readonly Line[], across: Axis, up: Axis, bottom: number): Markup[] {
  const ends = lines.map(({ points }) => points.at(-1) ?? { x: 0, y: 0 });
  const wanted = ends.map(({ y }) => up.at(y));
  const placed = apart(wanted, 2 * rowHeight + 1, [plot.top, bottom - rowHeight]);
  return lines.map((line, i) => {
    const x = across.at(ends[i]?.x ?? 0) + 3;
    const y = placed[i] ?? bottom;
    const rows = inTwo(line.title);
    const first = rows.length === 1 ? y + 3 : y + 3 - rowHeight / 2;
    const text = rows.map(
      (row, j) => markup`<tspan x="${plot.right + 15}" y="${first + j * rowHeight}">${row}</tspan>`,
    );
    return markup`<g class="${line.colour}"><path class="leader" d="M${x} ${wanted[i] ?? y}L${plot.right + 13} ${y}"/><text class="end">${text}<title>${line.title}</title></text></g>`;
  });
}

function inTwo(title: string): string[] {
  const words = title.split(' ');
  let first = words.shift() ?? '';
  while (words[0] !== undefined && first.length + 1 + words[0].length <= rowLength) {
    first += ` ${words.shift()}`;
  }
  const rows = words.length === 0 ? [first] : [first, words.join(' ')];
  return rows.map((row) => clipped(row, rowLength));
}
