/** The files that a report is written to, opened before minutes are spent on it. */
import { closeSync, fstatSync, ftruncateSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { printableJson } from '../printable.js';
import { type ReportFiles, reportKinds } from './options.js';
import { renderHtml } from './render/html.js';
import { renderMarkdown } from './render/markdown.js';
import type { Report } from './report.js';

const renderers = {
  json: (report: Report) => `${printableJson(report, 1)}\n`,
  markdown: renderMarkdown,
  html: renderHtml,
};

interface Output {
  kind: keyof typeof renderers;
  file: string;
  descriptor: number;
}

export class Outputs {
  readonly #open: Output[] = [];

  /** What is in the files is kept until the report is there. */
  constructor(files: ReportFiles) {
    for (const kind of reportKinds) {
      const file = files[kind];
      if (file === undefined) continue;
      try {
        this.#open.push({ kind, file, descriptor: openSync(file, 'a') });
      } catch (error) {
        this.discard();
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`--${kind} ${file} cannot be written, nothing was measured: ${why}`);
      }
    }
  }

  write(report: Report): void {
    for (const { kind, descriptor } of this.#open.splice(0)) {
      if (fstatSync(descriptor).isFile()) ftruncateSync(descriptor);
      writeFileSync(descriptor, renderers[kind](report));
      closeSync(descriptor);
    }
  }

  /** Closes what was not written, and leaves no empty file of its own behind. */
  discard(): void {
    for (const { file, descriptor } of this.#open.splice(0)) {
      const status = fstatSync(descriptor);
      closeSync(descriptor);
      if (status.isFile() && status.size === 0) unlinkSync(file);
    }
  }
}
