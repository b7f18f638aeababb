/** What a run is asked to do. */
import { parseArgs } from 'node:util';
import { type QuestionId, questionIds } from './report.js';

export const benchUsage = `procseek bench [--quick] [--processes N] [--question ID]... [--json FILE] [--markdown FILE] [--html FILE]

  --quick          20 seconds at most, instead of some minutes
  --processes N    adds N sleeping processes while the questions are asked
  --question ID    asks this question alone, and leaves out scale and pile-up; one of
                   ${questionIds.join(' ')}
  --json FILE      writes the report; so do --markdown and --html
`;

export interface Options {
  quick: boolean;
  processes: number;
  questions: QuestionId[];
  /** Whether only some of the questions were asked for. */
  isPartial: boolean;
  files: Partial<Record<'json' | 'markdown' | 'html', string>>;
}

/** Undefined when help was asked for. */
export function parseOptions(argv: string[]): Options | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      processes: { type: 'string', default: '0' },
      question: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      markdown: { type: 'string' },
      html: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const processes = Number(values.processes);
  if (!Number.isInteger(processes) || processes < 0) {
    throw new Error(`--processes takes a whole number, not ${values.processes}`);
  }
  const unknown = values.question.find((id) => !questionIds.some((known) => known === id));
  if (unknown !== undefined) {
    throw new Error(`--question takes one of ${questionIds.join(', ')}, not ${unknown}`);
  }
  const { quick, json, markdown, html, question } = values;
  const isPartial = question.length > 0;
  const questions = questionIds.filter((id) => !isPartial || question.includes(id));
  const files = { ...(json && { json }), ...(markdown && { markdown }), ...(html && { html }) };
  return { quick, processes, questions, isPartial, files };
}
