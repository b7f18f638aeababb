/** What a question costs on hosts of different size: the slope is the message. */
import type { Targets } from './contender.js';
import { Crowd } from './crowd.js';
import type { Participant } from './participant.js';
import type { Progress } from './progress.js';
import type { QuestionId, ScaleSeries } from './report.js';
import { spread } from './spread.js';

/** Who is asked what. */
const contenders: { readonly [Id in QuestionId]?: readonly string[] } = {
  pid: ['floor', 'procseek-sync', 'fs-sync', 'psutil', 'gopsutil', 'ps-q', 'find-process'],
  'name-absent': [
    ...['floor', 'procseek-sync', 'finder-events', 'finder-bpf', 'fs-sync'],
    ...['psutil', 'gopsutil', 'find-process', 'ps-list'],
  ],
  'all-default': ['floor', 'procseek-sync', 'finder-bpf', 'fs-sync', 'psutil', 'gopsutil'],
};

const pairs = Object.entries(contenders).flatMap(([question, ids]) =>
  ids.map((id): [string, QuestionId] => [id, question as QuestionId]),
);

export interface ScaleOptions {
  participants: readonly Participant[];
  targets: Targets;
  budget: number;
  progress: Progress;
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
  { participants, targets, budget, progress }: ScaleOptions,
): Promise<{ series: ScaleSeries[]; leftOut: string[] }> {
  const series = new Map<string, ScaleSeries>();
  const leftOut: string[] = [];
  progress.expect(sizes.length);
  for (const size of sizes) {
    progress.step(`cost at ${size.toLocaleString('en-US')} ${what}`);
    const crowd = new Crowd();
    try {
      await add(crowd, size);
      for (const [id, question] of pairs) {
        const participant = participants.find((one) => one.id === id && one.answers(question));
        const result = await participant?.measure(question, targets, {
          budget,
          deadline: Number.POSITIVE_INFINITY,
        });
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
