/** Lines over two axes, each numbered where it ends; the names stand below, where they have room. */
import { type Axis, apart, linearAxis, logAxis } from './axis.js';
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
const plot = { left: 48, right: 334, top: 10, bottom: 200 };
/** Between the numbers of lines that end near each other. */
const numberGap = 11;

export function lineChart({ title, lines, isLog, x, y }: LineChart): Markup {
  const drawn = lines
    .map((line) => ({ ...line, points: line.points.filter(isLog ? hasLogarithms : () => true) }))
    .filter((line) => line.points.length > 0);
  const bottom = Math.max(plot.bottom, plot.top + drawn.length * numberGap);
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
${numbers(drawn, across, up, bottom)}
</svg>
${legend(drawn)}`;
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
${dots.map(({ x, y }) => markup`<circle class="point" cx="${across.at(x)}" cy="${up.at(y)}" r="2"/>`)}</g>`;
}

function numbers(lines: readonly Line[], across: Axis, up: Axis, bottom: number): Markup[] {
  const ends = lines.map(({ points }) => points.at(-1) ?? { x: 0, y: 0 });
  const wanted = ends.map(({ y }) => up.at(y));
  const placed = apart(wanted, numberGap, [plot.top, bottom]);
  return lines.map((line, i) => {
    const x = across.at(ends[i]?.x ?? 0) + 3;
    const y = placed[i] ?? bottom;
    return markup`<g class="${line.colour}"><path class="leader" d="M${x} ${wanted[i] ?? y}L${plot.right + 11} ${y}"/><text class="end" x="${plot.right + 13}" y="${y + 3}">${String(i + 1)}<title>${line.title}</title></text></g>`;
  });
}

function legend(lines: readonly Line[]): Markup {
  const items = lines.map(({ title, colour }) => markup`<li class="${colour}">${title}</li>`);
  return markup`<ol class="legend">${items}</ol>`;
}
