/** What is asked, and the figures of those who answer. */
import type { Targets } from './contender.js';
import { floorOf } from './floor.js';
import type { Participant } from './participant.js';
import type { Progress } from './progress.js';
import type { Measurement, QuestionId, QuestionResult } from './report.js';
import { spread } from './spread.js';
import type { TaskResult } from './worker.js';

export const questionTitles: Record<QuestionId, string> = {
  pid: 'One process, by its PID',
  'name-absent': 'By name, when no process has it',
  'name-first': 'By name, the first of many',
  'name-long': 'One script, by its name of more than 15 bytes',
  'all-names': 'The names of all processes',
  'all-default': 'The default fields of all processes',
  'all-fields': 'All fields of all processes',
};

export interface SurveyOptions {
  ids: readonly QuestionId[];
  participants: readonly Participant[];
  targets: Targets;
  /** Asks those of the front rank first, and everybody else when all of them have answered. */
  isRanked: boolean;
  rounds: number;
  /** Milliseconds of each measurement in a round. */
  budget: number;
  /** When there is no time left, in milliseconds since 1970. */
  deadline: number;
  progress: Progress;
}

export interface Survey {
  questions: QuestionResult[];
  /** Who was not asked, and why. */
  leftOut: string[];
}

/** The library in its plainest form, and what people use today. */
export const frontRank: readonly string[] = [
  'floor',
  'procseek-sync',
  'psutil',
  'gopsutil',
  'find-process',
  'ps',
  'fs-sync',
];

interface Step {
  id: QuestionId;
  participant: Participant;
}

/**
 * Everybody in turn, and that several times: a host that gets slower does so for all, and what a
 * figure is worth shows in how well it repeats.
 */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const { ids, participants, targets, budget, deadline, progress } = options;
  const results = new Map<string, TaskResult[]>();
  const steps = plan(options);
  progress.expect(steps.length);
  for (const { id, participant } of steps) {
    const key = `${id} ${participant.id}`;
    const earlier = results.get(key) ?? [];
    if (earlier.some(({ verdict }) => verdict !== 'right')) continue;
    if (Date.now() >= deadline) break;
    progress.step(`${questionTitles[id]}: ${participant.title}`);
    const result = await participant.measure(id, targets, { budget, deadline });
    if (result !== undefined) results.set(key, [...earlier, result]);
  }
  const questions: QuestionResult[] = [];
  const leftOut: string[] = [];
  for (const id of ids) {
    const asked = ranked(participants).filter((participant) => participant.answers(id));
    const isAnswered = ({ id: contender }: Participant) => results.has(`${id} ${contender}`);
    const measurements = asked.filter(isAnswered).map((participant) => ({
      ...merge(results.get(`${id} ${participant.id}`) ?? []),
      contender: participant.id,
      allocated: null,
    }));
    compareWithFloor(measurements);
    questions.push({ id, title: questionTitles[id], floor: floorOf[id].words, measurements });
    leftOut.push(
      ...unasked(
        id,
        asked.filter((participant) => !isAnswered(participant)),
      ),
    );
  }
  await countAllocations(questions, options);
  return { questions, leftOut };
}

function plan({ ids, participants, isRanked, rounds }: SurveyOptions): Step[] {
  const sorted = ranked(participants);
  const isFront = ({ id }: Participant) => frontRank.includes(id);
  const groups = isRanked
    ? [sorted.filter(isFront), sorted.filter((participant) => !isFront(participant))]
    : [sorted];
  const sweeps = Array.from({ length: rounds }, () => groups).flat();
  return sweeps.flatMap((sweep) =>
    ids.flatMap((id) =>
      sweep
        .filter((participant) => participant.answers(id))
        .map((participant) => ({ id, participant })),
    ),
  );
}

/** The front rank first. */
function ranked(participants: readonly Participant[]): Participant[] {
  const place = ({ id }: Participant) => (frontRank.includes(id) ? frontRank.indexOf(id) : 99);
  return [...participants].sort((a, b) => place(a) - place(b));
}

function unasked(id: QuestionId, skipped: readonly Participant[]): string[] {
  if (skipped.length === 0) return [];
  const titles = skipped.map(({ title }) => title).join(', ');
  return [`${questionTitles[id]}: no time left for ${titles}`];
}

/** In processes of their own, which keep their garbage for it to be counted. */
async function countAllocations(
  questions: readonly QuestionResult[],
  { participants, targets, deadline, progress }: SurveyOptions,
): Promise<void> {
  progress.expect(1);
  progress.step('what JavaScript allocates');
  for (const { id, measurements } of questions) {
    for (const measurement of measurements) {
      const participant = participants.find((one) => one.id === measurement.contender);
      if (measurement.verdict !== 'right' || Date.now() >= deadline) continue;
      measurement.allocated = (await participant?.allocation(id, targets, deadline)) ?? null;
    }
  }
}

function merge(rounds: readonly TaskResult[]): Omit<Measurement, 'contender' | 'allocated'> {
  const rss = rounds.flatMap((round) => round.rss);
  const last = rounds[rounds.length - 1];
  const first = rounds.find(({ verdict }) => verdict !== 'right') ?? rounds[0];
  const { verdict = 'failed', problem, note } = first ?? {};
  const delays = rounds.flatMap(({ loopDelay }) => loopDelay ?? []);
  return {
    verdict,
    ...(problem === undefined ? {} : { problem }),
    ...(note === undefined ? {} : { note }),
    wall: verdict === 'right' ? spread(rounds.flatMap(({ wall }) => wall)) : null,
    cpu: verdict === 'right' ? spread(rounds.flatMap(({ cpu }) => cpu)) : null,
    timesFloor: null,
    drift: verdict === 'right' ? driftOf(rounds) : null,
    rssGrowth: rss.length < 2 ? null : Math.max(0, (rss[rss.length - 1] ?? 0) - (rss[0] ?? 0)),
    rssPeak: rss.length === 0 ? null : Math.max(...rss),
    spawned: last?.spawned ?? null,
    loopDelay: delays.length === 0 ? null : Math.max(...delays),
    systemCalls: last?.systemCalls ?? null,
  };
}

function driftOf(rounds: readonly TaskResult[]): number | null {
  const medians = rounds.flatMap(({ cpu }) => spread(cpu)?.median ?? []);
  const least = Math.min(...medians);
  return medians.length < 2 || !(least > 0) ? null : Math.max(...medians) / least;
}

function compareWithFloor(measurements: Measurement[]): void {
  const floor = measurements.find(({ contender }) => contender === 'floor')?.cpu?.median;
  if (floor === undefined || floor === 0) return;
  for (const measurement of measurements) {
    if (measurement.cpu) measurement.timesFloor = measurement.cpu.median / floor;
  }
}
