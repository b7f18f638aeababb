/** Who is who in a report, and in which order they are shown. */
import type { Measurement, QuestionResult, Report } from '../report.js';

export const floorId = 'floor';

/** The library without anything that it keeps: what it is judged by. */
export const plainId = 'procseek-sync';

/** Its finders too, which keep something to be cheaper. */
export function isOurs(contender: string): boolean {
  return /^(procseek|finder)(-|$)/.test(contender);
}

export function titleOf(report: Report, contender: string): string {
  return report.contenders.find(({ id }) => id === contender)?.title ?? contender;
}

export function versionOf(report: Report, contender: string): string {
  return report.contenders.find(({ id }) => id === contender)?.version ?? '-';
}

/** Colours in the style sheet, beside procseek's and the floor's. */
export const colours = 7;

/** The class of a contender's colour, in each chart of a report the same. */
export function colourOf(report: Report, contender: string): string {
  if (isOurs(contender)) return contender === plainId ? 'ours' : 'ours variant';
  if (contender === floorId) return 'floor';
  const drawn = [...report.byProcesses, ...report.byThreads, ...(report.pileUp?.runs ?? [])];
  const others = new Set(
    drawn.map((one) => one.contender).filter((id) => !isOurs(id) && id !== floorId),
  );
  return `colour${[...others].indexOf(contender) % colours}`;
}

/** Right answers by CPU time, then the others. */
export function ranked({ measurements }: QuestionResult): Measurement[] {
  return [...measurements].sort((a, b) => place(a) - place(b));
}

function place({ verdict, cpu }: Measurement): number {
  return verdict === 'right' ? (cpu?.median ?? 1e300) : Number.MAX_VALUE;
}

/** Answers that do not count, and why, and what is to be known of others; each in words. */
export function remarks(report: Report, question: QuestionResult): string[] {
  return ranked(question).flatMap(({ contender, verdict, problem, note }) => {
    const title = titleOf(report, contender);
    const why = problem === undefined ? '' : ` (${problem})`;
    if (verdict !== 'right') return [`${title}: ${verdict}${why}`];
    return note === undefined ? [] : [`${title} ${note}`];
  });
}
