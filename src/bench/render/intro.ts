/** What was measured, where and how: the words at the head of a report. */
import type { Report } from '../report.js';
import { amount, bytes } from './format.js';

export function hostLine({ host }: Report): string {
  const cores = `${amount(host.cores)} ${host.cores === 1 ? 'core' : 'cores'}`;
  const added = host.added > 0 ? ` (${amount(host.added)} of them added by the benchmark)` : '';
  return [
    `${host.cpu}, ${cores}, ${bytes(host.memory)} of memory`,
    `kernel ${host.kernel}, ${host.arch}`,
    `Node.js ${host.node.replace(/^v/, '')}`,
    `${amount(host.processes)} processes${added}, ${amount(host.threads)} threads`,
    `user ${host.user}`,
  ].join(' · ');
}

export function runLine({ procseek, takenAt, quick }: Report): string {
  return `procseek ${procseek}, ${takenAt}${quick ? ', a quick run: few samples' : ''}`;
}

export const legend =
  'CPU is user and system time of one call, in all processes involved; × floor is its multiple ' +
  'of a bare native loop measured in the same run. Times of wrong, empty and failed answers do ' +
  'not count. Absolute figures are those of this host; ratios travel better.';

export const growthLegend =
  'The median of CPU time (least–most, as multiples of it; n samples). “per tenfold” is the slope: by how much the cost is ' +
  'multiplied when there are ten times as many. 1 × is flat, 10 × is proportional.';
