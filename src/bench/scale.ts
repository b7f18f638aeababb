/** What a question costs on hosts of different size: the slope is the message. */
import type { Targets } from './contender.js';
import { Crowd } from './crowd.js';
import type { Participant } from './participant.js';
import type { QuestionId, ScaleSeries } from './report.js';
import { spread } from './spread.js';

/** Who is asked what. */
const pairs: readonly [string, QuestionId][] = [
  ['floor', 'name-absent'],
  ['procseek-sync', 'pid'],
  ['procseek-sync', 'name-absent'],
  ['finder-bpf', 'name-absent'],
  ['finder-events', 'name-absent'],
  ['fs-sync', 'name-absent'],
  ['procseek-sync', 'all-default'],
  ['finder-bpf', 'all-default'],
  ['fs-sync', 'all-default'],
  ['psutil', 'name-absent'],
  ['gopsutil', 'name-absent'],
  ['gopsutil-story', 'pid'],
  ['ps-list', 'name-absent'],
];

export interface ScaleOptions {
  participants: readonly Participant[];
  targets: Targets;
  budget: number;
  /** When no further size is to be begun. */
  deadline: number;
  /** Told what is going on. */
  progress(message: string): void;
}

/** `sizes` are totals of the host; those that it has outgrown already become what it has. */
export async function byProcesses(
  sizes: readonly number[],
  present: number,
  options: ScaleOptions,
) {
  return measureSizes(
    [...new Set(sizes.map((size) => Math.max(size, present)))],
    (crowd, size) => crowd.addProcesses(size - present),
    'processes',
    options,
  );
}

/** Likewise; the first of the sizes is the host as it is. */
export async function byThreads(sizes: readonly number[], present: number, options: ScaleOptions) {
  return measureSizes(
    [present, ...sizes.filter((size) => size > present)],
    (crowd, size) => crowd.addThreads(size - present),
    'threads',
    options,
  );
}

async function measureSizes(
  sizes: readonly number[],
  add: (crowd: Crowd, size: number) => Promise<void>,
  what: string,
  { participants, targets, budget, deadline, progress }: ScaleOptions,
): Promise<{ series: ScaleSeries[]; leftOut: string[] }> {
  const series = new Map<string, ScaleSeries>();
  const leftOut: string[] = [];
  for (const size of sizes) {
    if (performance.now() > deadline) {
      leftOut.push(`${size} ${what}: no time left`);
      continue;
    }
    progress(`${size} ${what}`);
    const crowd = new Crowd();
    try {
      await add(crowd, size);
      for (const [id, question] of pairs) {
        const participant = participants.find((one) => one.id === id && one.answers(question));
        const result = await participant?.measure(question, targets, budget);
        const cpu = result?.verdict === 'right' ? spread(result.cpu) : null;
        if (cpu === null) continue;
        const key = `${id} ${question}`;
        const known = series.get(key) ?? { contender: id, question, points: [] };
        known.points.push({ size, cpu });
        series.set(key, known);
      }
    } catch (error) {
      leftOut.push(`${size} ${what}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await crowd.end();
    }
  }
  return { series: [...series.values()], leftOut };
}
