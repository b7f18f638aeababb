/** What was measured, where and how: the words at the head of a report. */
import type { Host, PileUp, Report } from '../report.js';
import { amount, bytes } from './format.js';

export function hostLine({ host }: Report): string {
  const added = host.added > 0 ? ` (${amount(host.added)} of them added by the benchmark)` : '';
  return [
    `${host.cpu}, ${cores(host.cores)}, ${bytes(host.memory)} of memory`,
    ...surroundings(host),
    `kernel ${host.kernel}, ${host.arch}`,
    `Node.js ${host.node.replace(/^v/, '')}`,
    `${amount(host.processes)} processes${added}, ${amount(host.threads)} threads`,
    host.user === 0 ? 'as root' : `as an ordinary user (${host.user})`,
  ].join(' · ');
}

function cores(count: number): string {
  return `${amount(count)} ${count === 1 ? 'core' : 'cores'}`;
}

function surroundings({ virtualisation, container, governor, frequency, quota }: Host): string[] {
  const kind = virtualisation === 'unknown' ? '' : ` (${virtualisation})`;
  const range =
    frequency === null ? '' : `, ${amount(frequency.least)} to ${amount(frequency.most)} MHz`;
  return [
    ...(virtualisation === null ? [] : [`a virtual machine${kind}`]),
    ...(container === null ? [] : [`in a container (${container})`]),
    ...(governor === null ? [] : [`frequency governor ${governor}${range}`]),
    ...(quota === null ? [] : [`a quota of ${cores(quota)}`]),
  ];
}

export function runLine({ procseek, takenAt, quick }: Report): string {
  const when = `${takenAt.slice(0, 10)} ${takenAt.slice(11, 16)} UTC`;
  return `procseek ${procseek}, ${when}${quick ? ', a quick run: few samples' : ''}`;
}

/** Whether the figures can be compared, and why not. */
export function noiseLine({ noise }: Report): string {
  const { load, reasons, verdict } = noise;
  const loads = `load average ${load.start.toFixed(1)} at the start and ${load.end.toFixed(1)} at the end`;
  if (verdict === 'quiet') return `The host was quiet: ${loads}.`;
  const what =
    verdict === 'noisy'
      ? 'The host was noisy, and small differences may be chance'
      : 'Too noisy to compare, run it again when the host is quiet';
  return `${what}: ${[...reasons, loads].join('; ')}.`;
}

/** Boards whose memory is not counted in many GiB are the ones that heat up and save power. */
export function hints({ host, noise }: Report): string[] {
  const { governor, frequency, quota, container } = host;
  const isFixed =
    governor === null || governor === 'performance' || frequency?.least === frequency?.most;
  return [
    ...(isFixed
      ? []
      : [
          `The governor ${governor} changes the frequency while it is measured. As root, "echo performance | tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor" keeps it at the highest.`,
        ]),
    ...(noise.overheated
      ? [
          'Cores were slowed down because they were hot: cool the board, or set scaling_max_freq so low that it stays cool.',
        ]
      : []),
    ...(noise.throttled
      ? [
          `The control group's quota${quota === null ? '' : ` of ${cores(quota)}`} was used up: wall times have pauses in them, CPU times do not.`,
        ]
      : []),
    ...(container === null
      ? []
      : [
          'A container hides the processes of the host: every pass is cheaper inside than it is outside.',
        ]),
    ...(noise.verdict === 'quiet'
      ? []
      : [
          'Stop what else is running, wait until the load average is near 0, and run the benchmark again.',
        ]),
  ];
}

export const legend =
  'CPU is user and system time of one call, in all processes involved; × floor is its multiple ' +
  'of a bare native loop measured in the same run. Times of wrong, empty and failed answers do ' +
  'not count. Absolute figures are those of this host; ratios travel better.';

export const growthLegend =
  'The median of CPU time, and below it the least and the most as multiples of it, and how many samples there are. ' +
  '“per tenfold” is the slope: by how much the cost is multiplied when there are ten times as many. ' +
  '1 × is flat, 10 × is proportional.';

/** Who was not there, and what to do about it. */
export function notThere({ absent }: Report): string[] {
  if (absent.length === 0) return [];
  return [
    ...absent.map(({ title, reason }) => `${title}: ${reason}`),
    '“npx procseek bench --rivals” prints the command that installs them all.',
  ];
}

export function pileUpLine({ period, duration, starvedBy, processes }: PileUp): string {
  return `A lookup by a name that no process has, every ${amount(period)} ms for ${amount(duration / 1000)} s, among ${amount(processes)} processes; the CPU starved by ${starvedBy}. With a guard a tick is skipped while the lookup before it goes on.`;
}
