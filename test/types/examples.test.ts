/** The examples of the documents compile, as strictly as a careful author has it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as procseek from '../../src/index.js';
import { root } from '../support/platform.js';
import { Editor } from './project.js';

const documents = ['README.md', ...namesIn('docs', '.md')];
const sources = namesIn('src', '.ts');

function namesIn(directory: string, ending: string): string[] {
  const names = readdirSync(join(root, directory)).filter((name) => name.endsWith(ending));
  return names.map((name) => `${directory}/${name}`);
}

/** The blocks of JavaScript and TypeScript of a file. */
function examplesOf(path: string): [string, string][] {
  const text = readFileSync(join(root, path), 'utf8').replace(/^ *\* ?/gm, '');
  const blocks = text.matchAll(/^```(?:js|ts|mjs)\n(.*?)^```/gms);
  return [...blocks].map(([, block = ''], i) => [`${path}, example ${i + 1}`, block]);
}

/** Comments in the sources leave out what every reader knows of. */
const context = `import { type ChildProcess, spawn } from 'node:child_process';
import { ${Object.keys(procseek)
  .filter((name) => name !== 'default')
  .join(', ')} } from 'procseek';
declare const child: ChildProcess;
`;

describe('Compiles as it stands:', () => {
  const examples = documents.flatMap(examplesOf);
  test('there are some', () => expect(examples.length).toBeGreaterThan(3));
  test.each(examples)('%s', (_, text) => {
    expect(new Editor(`${text}\nexport {};`).complaints()).toEqual([]);
  });
});

describe('Compiles with what is imported as a matter of course:', () => {
  const examples = sources.flatMap(examplesOf);
  test('there are some', () => expect(examples.length).toBeGreaterThan(3));
  test.each(examples)('%s', (_, text) => {
    expect(new Editor(`${context}${text}`).complaints()).toEqual([]);
  });
});
