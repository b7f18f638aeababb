/** Where procseek loses or draws, from the figures. */
import type { Measurement, QuestionResult, Report } from '../report.js';
import { duration, multiple } from './format.js';
import { floorId, isOurs, titleOf } from './ranking.js';

/** Medians closer than this are a draw. */
const margin = 1.2;

type Measure = 'cpu' | 'wall';

const words: Record<Measure, string> = { cpu: 'CPU', wall: 'wall time' };

/** Sentences about others, none when nobody came near. A finder of procseek's is no other. */
export function standing(report: Report): string[] {
  return report.questions.flatMap((question) => {
    if (best(question, 'cpu') === null) {
      return [`“${question.title}”: no right answer by procseek.`];
    }
    return rivalsIn(question).flatMap((rival) => {
      const outcomes = [outcome(question, rival, 'cpu'), outcome(question, rival, 'wall')];
      const told = outcomes.filter((words) => words !== '').join(' and ');
      const name = titleOf(report, rival.contender);
      return told === '' ? [] : [`“${question.title}” against “${name}”: procseek ${told}.`];
    });
  });
}

export const nobodyNear = `No other contender came within ${margin} × of procseek's best in any question, neither in CPU nor in wall time.`;

/** Empty where procseek wins. */
function outcome(question: QuestionResult, rival: Measurement, measure: Measure): string {
  const ours = best(question, measure);
  const theirs = median(rival, measure);
  if (ours === null || theirs === null || theirs > ours * margin) return '';
  const verb = theirs * margin < ours ? 'loses' : 'draws';
  const figures = `${duration(ours)} to ${duration(theirs)}, ${multiple(ours / theirs)}`;
  return `${verb} in ${words[measure]} (${figures})`;
}

function rivalsIn({ measurements }: QuestionResult): Measurement[] {
  return measurements.filter(
    (one) => one.contender !== floorId && !isOurs(one.contender) && median(one, 'cpu') !== null,
  );
}

/** The best of procseek's own medians, without those of finders: these keep something. */
function best({ measurements }: QuestionResult, measure: Measure): number | null {
  const medians = measurements
    .filter(({ contender }) => contender.startsWith('procseek'))
    .flatMap((one) => median(one, measure) ?? []);
  return medians.length === 0 ? null : Math.min(...medians);
}

function median(measurement: Measurement, measure: Measure): number | null {
  return measurement.verdict === 'right' ? (measurement[measure]?.median ?? null) : null;
}
