/** The page's style sheet. */
import { colours } from './ranking.js';

/** Colours that differ in lightness too, for prints without colour. */
const light =
  '--paper:#fff;--ink:#1d2329;--quiet:#5b6670;--rule:#dde2e7;--ours:#0b6e4f;--other:#9aa7b4;--bad:#a8281e;--tint:#eef6f2;' +
  '--c0:#c2410c;--c1:#2563a8;--c2:#9d2f7a;--c3:#8a6a00;--c4:#5b3fb5;--c5:#0891a5;--c6:#7c4a2d;';

const dark =
  '--paper:#14181c;--ink:#e4e8ec;--quiet:#9aa5b0;--rule:#313940;--ours:#4cc79a;--other:#5d6a76;--bad:#f08a80;--tint:#1a2a25;' +
  '--c0:#fb8c4e;--c1:#74acf0;--c2:#e58cc7;--c3:#d9b340;--c4:#a794f5;--c5:#4fd0e3;--c6:#d0a080;';

const palette = Array.from({ length: colours }, (_, i) => `.colour${i}{--line:var(--c${i})}`).join(
  '',
);

/** Of the drawings, which stand alone in files too. */
export const chartStyle = `
.chart{font:11px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.chart text{fill:var(--ink);stroke:var(--paper);stroke-width:3px;stroke-linejoin:round;paint-order:stroke}.chart .tick{fill:var(--quiet);font-size:9.5px}.chart .cost{font-variant-numeric:tabular-nums}
.grid{stroke:var(--rule)}.dot{fill:var(--other)}.floor .dot{fill:var(--paper);stroke:var(--quiet)}.ours .dot{fill:var(--ours)}
.ours .name,.ours .cost{font-weight:600}.not-right text.cost{fill:var(--bad);font-weight:600}.not-right text.name{fill:var(--quiet)}
.whisker{stroke:var(--other);fill:none;stroke-width:1}.half{stroke:var(--other);fill:none;stroke-width:3}.ours .whisker,.ours .half{stroke:var(--ours)}
.floor-line{stroke:var(--quiet);stroke-dasharray:2 3}
`;

/** For a drawing that a page takes in by its address, where it cannot follow the page's colours. */
export const themes = { light, dark };

export const style = `
:root{color-scheme:light dark;${light}}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1480px;padding:16px;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6em;margin:.4em 0}h2{font-size:1.25em;margin:2em 0 .4em;border-top:1px solid var(--rule);padding-top:.8em}
h3{font-size:1em;margin:0 0 .2em}p,ul{margin:.5em 0;max-width:90ch}ul{padding-left:1.2em}
.quiet{color:var(--quiet);font-size:.87em}.noisy{color:var(--bad);font-weight:600}
.intro{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(420px,100%),1fr));gap:0 40px}.intro>div:empty{display:none}
.intro h2{margin-top:.6em}
pre{background:var(--tint);padding:10px 12px;border-radius:4px;white-space:pre-wrap;font:13px/1.4 ui-monospace,Menlo,Consolas,"Liberation Mono",monospace}
.charts{columns:3 340px;column-gap:36px;margin:16px 0}
figure{margin:0 0 26px;min-width:0;break-inside:avoid}figcaption{margin-bottom:8px}
${chartStyle}
.chart{display:block;width:100%;height:auto}
${palette}.ours{--line:var(--ours)}.floor{--line:var(--quiet)}.floor .line{stroke-dasharray:4 3}
.line{fill:none;stroke:var(--line);stroke-width:1.5;stroke-linejoin:round}.ours .line{stroke-width:2.5}.variant .line{stroke-width:1.5;stroke-dasharray:6 2}
.point{fill:var(--line)}.leader{stroke:var(--line);fill:none;stroke-width:.6;opacity:.7}
.chart text.end{fill:var(--line);font-size:10px;font-weight:600}
.legend{columns:2 150px;margin:4px 0 0;padding-left:1.8em;font-size:12px}.legend li{break-inside:avoid}.legend li::marker{color:var(--line);font-weight:700}.legend .ours{font-weight:600}
.scroll{overflow-x:auto;margin:8px 0 4px;border-right:2px dotted var(--rule);width:fit-content;max-width:100%}
table{border-collapse:collapse;font-size:12.5px;font-variant-numeric:tabular-nums;overflow-wrap:normal}
th,td{padding:3px 8px;text-align:left;border-bottom:1px solid var(--rule);white-space:nowrap;vertical-align:baseline}
td small{display:block;color:var(--quiet);font-size:.85em}
th{vertical-align:bottom;white-space:normal;color:var(--quiet);font-weight:600}
th:first-child,td:first-child{padding-left:0;position:sticky;left:0;background:var(--paper)}
td:first-child{white-space:normal;min-width:11em}
.part{margin-top:1.2em}.number{text-align:right}.narrow{display:none}
@media(max-width:600px){.wide{display:none}.narrow{display:block}th,td{padding:3px 4px}td:first-child{min-width:8em}table{font-size:12px}}
tr.ours td:first-child{color:var(--ours);font-weight:600}
@media print{
:root{color-scheme:light;${light}}
@page{size:A4 landscape;margin:12mm}
body{max-width:none;padding:0;font-size:10pt}
figure,.part,tr{break-inside:avoid}h2,h3{break-after:avoid}
.scroll{overflow:visible}table{font-size:7pt}th,td{padding:2px 5px}
}
`;
