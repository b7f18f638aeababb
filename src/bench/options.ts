/** What a run is asked to do. */
import { parseArgs } from 'node:util';
import { type QuestionId, questionIds } from './report.js';

export const runParts = ['questions', 'scale', 'pile-up'] as const;
export type RunPart = (typeof runParts)[number];

export const reportKinds = ['json', 'markdown', 'html'] as const;
export type ReportFiles = Partial<Record<(typeof reportKinds)[number], string>>;

export const benchUsage = `procseek bench [--quick | --minutes N] [--processes N] [--part PART]... [--question ID]...
               [--compare OLD.json] [--json FILE] [--markdown FILE] [--html FILE]
procseek bench --from REPORT.json [--compare OLD.json] [--markdown FILE] [--html FILE]
procseek bench --rivals

  --quick          20 seconds at most, instead of some minutes: the questions alone
  --minutes N      asks the questions for so long at most; what people use is asked first
  --processes N    adds N sleeping processes while the questions are asked
  --part PART      does this part alone; one of ${runParts.join(' ')}
  --question ID    asks this question alone; one of
                   ${questionIds.join(' ')}
  --compare OLD    compares with the report in this JSON file
  --json FILE      writes the report; so do --markdown and --html
  --from FILE      shows the report in this JSON file, and measures nothing
  --rivals         prints the command that installs all that can take part, and does nothing else
`;

export interface Options {
  quick: boolean;
  /** For the questions; without a limit, infinite. */
  minutes: number;
  processes: number;
  questions: QuestionId[];
  parts: RunPart[];
  rivals: boolean;
  /** Files of reports. */
  compare: string | undefined;
  from: string | undefined;
  files: ReportFiles;
  /** What was typed, to be typed again. */
  command: string;
}

/** Undefined when help was asked for. */
export function parseOptions(argv: string[]): Options | undefined {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      minutes: { type: 'string', default: 'Infinity' },
      processes: { type: 'string', default: '0' },
      part: { type: 'string', multiple: true, default: [] },
      question: { type: 'string', multiple: true, default: [] },
      compare: { type: 'string' },
      from: { type: 'string' },
      rivals: { type: 'boolean', default: false },
      json: { type: 'string' },
      markdown: { type: 'string' },
      html: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick, rivals, compare, from, json, markdown, html } = values;
  const processes = Number(values.processes);
  if (!Number.isInteger(processes) || processes < 0) {
    throw new Error(`--processes takes a whole number, not ${values.processes}`);
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0, not ${values.minutes}`);
  const questions = chosen('--question', values.question, questionIds);
  const parts = chosen('--part', values.part, runParts);
  const usual = quick || questions.length > 0 ? (['questions'] as const) : runParts;
  return {
    ...{ quick, minutes, processes, rivals, compare, from },
    questions: questions.length > 0 ? questions : [...questionIds],
    parts: parts.length > 0 ? parts : [...usual],
    files: { ...(json && { json }), ...(markdown && { markdown }), ...(html && { html }) },
    command: ['npx procseek bench', ...argv.map(quoted)].join(' '),
  };
}

/** In the order in which they are known. */
function chosen<T extends string>(option: string, given: string[], known: readonly T[]): T[] {
  const unknown = given.find((one) => !known.some((other) => other === one));
  if (unknown !== undefined) {
    throw new Error(`${option} takes one of ${known.join(', ')}, not ${unknown}`);
  }
  return known.filter((one) => given.includes(one));
}

/** For a shell, where it would take the argument for more than one word. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
