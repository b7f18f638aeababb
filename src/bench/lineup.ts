/** Who takes part on this host. */
import type { Targets } from './contender.js';
import { externalContenders, jsContenders } from './contenders/index.js';
import { floor } from './floor.js';
import { ExternalParticipant, JsParticipant, type Participant } from './participant.js';
import type { Report } from './report.js';

export interface Lineup {
  participants: Participant[];
  absent: Report['absent'];
}

export async function lineUp(targets: Targets): Promise<Lineup> {
  const participants: Participant[] = [];
  const absent: Report['absent'] = [];
  for (const contender of [floor, ...jsContenders]) {
    const { id, title } = contender;
    await contender.version().then(
      (version) =>
        participants.push(
          new JsParticipant(
            id,
            title,
            version,
            (question) => !!contender.question(question, targets),
          ),
        ),
      (error: unknown) => absent.push({ title, reason: reasonOf(error) }),
    );
  }
  for (const contender of externalContenders) {
    await contender.prepare().then(
      (prepared) => participants.push(new ExternalParticipant(contender, prepared)),
      (error: unknown) => absent.push({ title: contender.title, reason: reasonOf(error) }),
    );
  }
  return { participants, absent };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
