/** What a reader may quote: the findings of a report in a few sentences. */
import { differs } from '../noise.js';
import type {
  Measurement,
  PileUp,
  PileUpRun,
  QuestionId,
  QuestionResult,
  Report,
} from '../report.js';
import { amount, bytes, duration, multiple } from './format.js';
import { isOurs, plainId, titleOf } from './ranking.js';

/** Of these, when they were measured, a reader wants to know first. */
const quoted: readonly QuestionId[] = ['pid', 'name-absent'];
/** In this order; whoever else there is follows in the charts. */
const rivals = ['fs-sync', 'psutil', 'gopsutil', 'find-process', 'ps-list', 'ps', 'process-table'];

export function summary(report: Report): string[] {
  const told = quoted.flatMap(
    (id) => report.questions.find((question) => question.id === id) ?? [],
  );
  const questions = told.length > 0 ? told : report.questions.slice(0, 1);
  const warning = 'Not to be quoted: this run was too noisy to compare.';
  return [
    ...(report.noise.verdict === 'too noisy to compare' ? [warning] : []),
    ...questions.flatMap((question) => questionSummary(report, question) ?? []),
    ...(report.pileUp === null ? [] : [pileUpSummary(report, report.pileUp)]),
  ];
}

function questionSummary(report: Report, question: QuestionResult): string | undefined {
  const ours = question.measurements.find(({ contender }) => contender === plainId);
  if (!ours?.cpu) return undefined;
  const ratios = rivals.flatMap((id) => {
    const rival = question.measurements.find(({ contender }) => contender === id);
    return rival === undefined ? [] : (against(report, ours, rival) ?? []);
  });
  const floor = ours.timesFloor === null ? '' : ` (${multiple(ours.timesFloor)} the floor)`;
  const cost = `${question.title}: ${duration(ours.cpu.median)} of CPU time${floor}`;
  return ratios.length === 0 ? `${cost}.` : `${cost}; ${ratios.join(', ')}.`;
}

function against(report: Report, ours: Measurement, rival: Measurement): string | undefined {
  if (!ours.cpu || !rival.cpu || rival.verdict !== 'right') return undefined;
  const title = titleOf(report, rival.contender);
  if (!differs(ours.cpu, rival.cpu)) return `as much as ${title}, within the noise`;
  const [less, more] = [rival.cpu.median / ours.cpu.median, ours.cpu.median / rival.cpu.median];
  return less > 1
    ? `${multiple(less)} cheaper than ${title}`
    : `${multiple(more)} dearer than ${title}`;
}

/** Ticks in flight that are no more than a lookup that takes its time. */
const fewInFlight = 2;

/** Without an overlap nothing piles up, and nothing is said of it. */
export function pileUpSummary(report: Report, { runs, period, processes }: PileUp): string {
  const piled = runs.filter(({ mostInFlight }) => mostInFlight > fewInFlight);
  const where = `Asked every ${amount(period / 1000)} s on a starved CPU with ${amount(processes)} processes`;
  const ours = runs.filter(({ contender, guarded }) => isOurs(contender) && !guarded);
  const us = ours.map((run) => outcome(report, run)).join('; ');
  if (piled.length === 0)
    return `${where}, nobody's lookups piled up: each ended before the next one, or soon after. ${us}.`;
  return `${where}: ${[us, ...piled.filter((run) => !ours.includes(run)).map((run) => outcome(report, run))].join('; ')}.`;
}

function outcome(report: Report, { contender, guarded, samples, ...run }: PileUpRun): string {
  const grown = Math.max(0, run.mostRss - (samples[0]?.rss ?? 0));
  const who = `${titleOf(report, contender)}${guarded ? ' with a guard' : ''}`;
  return `${who} answered ${amount(run.answered)} of ${amount(run.ticks)} lookups, had up to ${amount(run.mostInFlight)} in flight and took up to ${bytes(grown)} more memory`;
}
