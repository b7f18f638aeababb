/** Who takes part on this host. */
import type { Targets } from './contender.js';
import { externalContenders, jsContenders } from './contenders/index.js';
import { floor } from './floor.js';
import { ExternalParticipant, JsParticipant, type Participant } from './participant.js';
import type { QuestionId, Report } from './report.js';

export interface Lineup {
  participants: Participant[];
  absent: Report['absent'];
}

/** Whoever is not ready within so many milliseconds is left out. */
export async function lineUp(targets: Targets, patience: number): Promise<Lineup> {
  const signal = AbortSignal.timeout(patience);
  const absent: Report['absent'] = [];
  const probe = async (title: string, participant: () => Promise<Participant>) => {
    try {
      return [await participant()];
    } catch (error) {
      const late = `not ready within ${Math.round(patience / 1000)} s: a full run takes the time`;
      absent.push({ title, reason: signal.aborted ? late : reasonOf(error) });
      return [];
    }
  };
  const present = await Promise.all([
    ...[floor, ...jsContenders].map((contender) =>
      probe(contender.title, async () => {
        const version = await contender.version();
        const answers = (id: QuestionId) => contender.question(id, targets) !== undefined;
        return new JsParticipant(contender.id, contender.title, version, answers);
      }),
    ),
    ...externalContenders.map((contender) =>
      probe(contender.title, async () => {
        return new ExternalParticipant(contender, await contender.prepare(signal));
      }),
    ),
  ]);
  return { participants: present.flat(), absent };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
