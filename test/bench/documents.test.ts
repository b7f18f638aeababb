/** The committed report, and what is made of it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { documents } from '../../src/bench/documents.js';

const docs = join(import.meta.dirname, '../../docs');

describe('What is made of docs/report.json', () => {
  test.each(documents(join(docs, 'report.json')))('is committed: %s', (name, content) => {
    const message = 'run "npm run report" and commit what it writes';
    expect(readFileSync(join(docs, name), 'utf8') === content, message).toBe(true);
  });
});
