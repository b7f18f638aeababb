/** What is asked, and the figures of those who answer. */
import type { Targets } from './contender.js';
import { floorOf } from './floor.js';
import type { Participant } from './participant.js';
import type { Measurement, QuestionId, QuestionResult } from './report.js';
import { spread } from './spread.js';
import type { TaskResult } from './worker.js';

export const questionTitles: Record<QuestionId, string> = {
  pid: 'One process, by its PID',
  'name-absent': 'By name, when no process has it',
  'name-first': 'By name, the first of many',
  'name-long': 'By the name of a script, longer than the 15 bytes that the kernel keeps',
  'all-names': 'The names of all processes',
  'all-default': 'The default fields of all processes',
  'all-fields': 'All fields of all processes',
};

export interface Effort {
  /** Milliseconds per contender, question and measurement, in all rounds together. */
  budget: number;
  rounds: number;
  /** Milliseconds for a question, when only those that matter most are asked any more. */
  patience: number;
  /** Takes down who was not asked. */
  leftOut: string[];
}

/** Who is asked first, and the first of them even when time is short. */
const order: readonly string[] = [
  'floor',
  'procseek-sync',
  'procseek-async',
  'fs-sync',
  'finder-bpf',
  'finder-events',
  'psutil',
  'gopsutil-story',
  'gopsutil',
];
const essential = order.slice(0, 4);

/** Asks everybody in turn, several rounds, so that a host that gets slower does so for all. */
export async function askAll(
  id: QuestionId,
  participants: readonly Participant[],
  targets: Targets,
  effort: Effort,
): Promise<QuestionResult> {
  const deadline = performance.now() + effort.patience;
  const asked = participants.filter((participant) => participant.answers(id)).sort(byOrder);
  const results = new Map<Participant, TaskResult[]>();
  for (let round = 0; round < effort.rounds; round++) {
    for (const participant of asked) {
      const earlier = results.get(participant) ?? [];
      if (earlier.some(({ verdict }) => verdict !== 'right')) continue;
      if (performance.now() > deadline && !essential.includes(participant.id)) continue;
      const result = await participant.measure(id, targets, effort.budget / effort.rounds);
      results.set(participant, [...earlier, result]);
    }
  }
  noteLeftOut(
    id,
    asked.filter((participant) => !results.has(participant)),
    effort,
  );
  const measurements: Measurement[] = [];
  for (const [participant, rounds] of results) {
    const isRight = rounds.every(({ verdict }) => verdict === 'right');
    const hasTime = performance.now() < deadline || essential.includes(participant.id);
    const allocated = isRight && hasTime ? await participant.allocation(id, targets) : null;
    measurements.push({ ...merge(rounds), contender: participant.id, allocated });
  }
  compareWithFloor(measurements);
  return { id, title: questionTitles[id], floor: floorOf[id].words, measurements };
}

function byOrder(a: Participant, b: Participant): number {
  const place = ({ id }: Participant) => (order.includes(id) ? order.indexOf(id) : order.length);
  return place(a) - place(b);
}

function noteLeftOut(id: QuestionId, skipped: readonly Participant[], { leftOut }: Effort): void {
  if (skipped.length === 0) return;
  const titles = skipped.map(({ title }) => title).join(', ');
  leftOut.push(`${questionTitles[id]}: no time left for ${titles}`);
}

function merge(rounds: readonly TaskResult[]): Omit<Measurement, 'contender' | 'allocated'> {
  const rss = rounds.flatMap((round) => round.rss);
  const last = rounds[rounds.length - 1];
  const first = rounds.find(({ verdict }) => verdict !== 'right') ?? rounds[0];
  const { verdict = 'failed', problem } = first ?? {};
  const delays = rounds.flatMap(({ loopDelay }) => loopDelay ?? []);
  return {
    verdict,
    ...(problem === undefined ? {} : { problem }),
    wall: verdict === 'right' ? spread(rounds.flatMap(({ wall }) => wall)) : null,
    cpu: verdict === 'right' ? spread(rounds.flatMap(({ cpu }) => cpu)) : null,
    timesFloor: null,
    rssGrowth: rss.length < 2 ? null : Math.max(0, (rss[rss.length - 1] ?? 0) - (rss[0] ?? 0)),
    rssPeak: rss.length === 0 ? null : Math.max(...rss),
    spawned: last?.spawned ?? null,
    loopDelay: delays.length === 0 ? null : Math.max(...delays),
    systemCalls: last?.systemCalls ?? null,
  };
}

function compareWithFloor(measurements: Measurement[]): void {
  const floor = measurements.find(({ contender }) => contender === 'floor')?.cpu?.median;
  if (floor === undefined || floor === 0) return;
  for (const measurement of measurements) {
    if (measurement.cpu) measurement.timesFloor = measurement.cpu.median / floor;
  }
}
