// What the committed report of the benchmark, docs/report.json, is shown as.
//
//   node scripts/report.mjs render    writes docs/report.md, docs/report.html and the README's charts
import { writeFileSync } from 'node:fs';
import { dispatch, inRoot } from './run.mjs';

/** The renderers, compiled in memory. */
async function renderers() {
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    absWorkingDir: inRoot(),
    stdin: { contents: 'export * from "./src/bench/documents.ts"', resolveDir: inRoot() },
    bundle: true,
    platform: 'node',
    format: 'esm',
    tsconfigRaw: {},
    write: false,
  });
  const [{ text }] = outputFiles;
  return import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
}

async function render() {
  const { documents } = await renderers();
  for (const [name, content] of documents(inRoot('docs/report.json'))) {
    writeFileSync(inRoot('docs', name), content);
  }
}

await dispatch(import.meta.url, { render });
