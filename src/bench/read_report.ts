/** A report that an earlier run wrote, checked: whoever shows or compares it can rely on its shape. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { noiseVerdicts, questionIds, type Report, reportVersion } from './report.js';

const number = v.number();
const text = v.string();
const maybe = v.nullable(number);

const spread = v.object({
  ...{ median: number, p99: number, min: number, max: number },
  ...{ low: number, high: number, samples: number },
});

const question = v.picklist(questionIds);

const measurement = v.object({
  contender: text,
  verdict: v.picklist(['right', 'wrong', 'empty', 'failed']),
  problem: v.exactOptional(text),
  note: v.exactOptional(text),
  wall: v.nullable(spread),
  cpu: v.nullable(spread),
  ...{ timesFloor: maybe, drift: maybe, rssGrowth: maybe, rssPeak: maybe, allocated: maybe },
  ...{ spawned: maybe, loopDelay: maybe, systemCalls: maybe },
});

const series = v.array(
  v.object({
    contender: text,
    question,
    points: v.array(v.object({ size: number, cpu: spread })),
  }),
);

const host = v.object({
  ...{ cpu: text, cores: number, memory: number, kernel: text, arch: text, node: text },
  ...{ processes: number, threads: number, added: number, user: number },
  ...{ virtualisation: v.nullable(text), container: v.nullable(text), governor: v.nullable(text) },
  frequency: v.nullable(v.object({ least: number, most: number })),
  quota: maybe,
});

const noise = v.object({
  load: v.object({ start: number, end: number }),
  ...{ pressure: maybe, stolen: maybe, throttled: maybe, overheated: maybe, drift: maybe },
  verdict: v.picklist(noiseVerdicts),
  reasons: v.array(text),
});

const pileUp = v.object({
  ...{ period: number, duration: number, starvedBy: text, processes: number },
  runs: v.array(
    v.object({
      ...{ contender: text, guarded: v.boolean(), ticks: number, answered: number },
      ...{ skipped: number, mostInFlight: number, mostRss: number, missed: number },
      samples: v.array(v.object({ at: number, inFlight: number, rss: number, missed: number })),
    }),
  ),
});

const schema = v.object({
  version: v.literal(reportVersion),
  ...{ procseek: text, takenAt: text, command: text, quick: v.boolean(), host, noise },
  contenders: v.array(v.object({ id: text, title: text, version: text })),
  absent: v.array(v.object({ title: text, reason: text })),
  questions: v.array(
    v.object({ id: question, title: text, floor: text, measurements: v.array(measurement) }),
  ),
  ...{ byProcesses: series, byThreads: series },
  leftOut: v.array(text),
  pileUp: v.nullable(pileUp),
});

/** Throws an error that tells what is wrong with the file. */
export function readReport(file: string): Report {
  return checkReport(parse(file), file);
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${file} cannot be read as a report: ${why}. It takes a file that --json wrote`,
    );
  }
}

export function checkReport(content: unknown, file: string): Report {
  const version = v.safeParse(
    v.object({ version: number, questions: v.array(v.unknown()) }),
    content,
  );
  if (!version.success) {
    throw new Error(`${file} is no report of procseek bench. It takes a file that --json wrote`);
  }
  if (version.output.version !== reportVersion) {
    throw new Error(
      `${file} is a report of version ${version.output.version}, and this procseek knows version ${reportVersion}: take it again`,
    );
  }
  const checked = v.safeParse(schema, content);
  if (checked.success) return checked.output;
  const [issue] = checked.issues;
  const where = v.getDotPath(issue);
  throw new Error(`${file} is damaged: ${where ?? 'the report'}: ${issue.message}. Take it again`);
}
