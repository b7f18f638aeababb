/** What a benchmark run comes to: the JSON that `procseek bench --json FILE` writes. */

/** Of this shape. Reports of version 1 measured other things by the same names. */
export const reportVersion = 2;

/** Several samples of one figure. */
export interface Spread {
  median: number;
  p99: number;
  min: number;
  max: number;
  /** The quartiles: half of the samples lie between them. */
  low: number;
  high: number;
  /** How many samples there are. Of one, nothing is known of the spread. */
  samples: number;
}

export const questionIds = [
  'pid',
  'name-absent',
  'name-first',
  'name-long',
  'all-names',
  'all-default',
  'all-fields',
] as const;

export type QuestionId = (typeof questionIds)[number];

/**
 * Whether a contender's answer was what it should be: one that was `wrong` or `empty` is shown, its
 * time is not held against anybody's. An answer is wrong when it names another process, misses one,
 * or cannot be used; what a contender calls a process is its own affair.
 */
export type Verdict = 'right' | 'wrong' | 'empty' | 'failed';

export interface Measurement {
  /** As in `Report.contenders`. */
  contender: string;
  verdict: Verdict;
  /** What was wrong; absent when nothing was. */
  problem?: string;
  /** What a reader should know of a right answer; absent when there is nothing. */
  note?: string;
  /** Microseconds per call. `null` when the answer was not right. */
  wall: Spread | null;
  /** Microseconds of CPU time per call, user and system, of all processes involved. */
  cpu: Spread | null;
  /** CPU time as a multiple of the floor's, by medians. */
  timesFloor: number | null;
  /**
   * How well the CPU time repeats: the greatest median of a round by the least. `null` with less
   * than two rounds.
   */
  drift: number | null;
  /** Bytes by which the resident memory of the asking process grew over all calls, and at most. */
  rssGrowth: number | null;
  rssPeak: number | null;
  /** Bytes of JavaScript heap per call. `null` for what is not JavaScript. */
  allocated: number | null;
  /** Processes started per call. */
  spawned: number | null;
  /** The longest time, in milliseconds, for which the event loop was held up. */
  loopDelay: number | null;
  /** System calls per call, where the contender counts them itself. */
  systemCalls: number | null;
}

export interface QuestionResult {
  id: QuestionId;
  /** What is asked, in words. */
  title: string;
  /** What the bare loop does that is the floor of this question, in words. */
  floor: string;
  /** The bare loop first. */
  measurements: Measurement[];
}

/** One contender over hosts of different size. */
export interface ScaleSeries {
  /** As in `Report.contenders`. */
  contender: string;
  question: QuestionId;
  points: { size: number; cpu: Spread }[];
}

export interface PileUpSample {
  /** Milliseconds since the start. */
  at: number;
  /** Lookups that were started and have not been answered. */
  inFlight: number;
  /** Bytes, of the process that asks and of those that it started. */
  rss: number;
  /** Ticks that were due by now and have not come. */
  missed: number;
}

export interface PileUpRun {
  /** As in `Report.contenders`. */
  contender: string;
  /** Whether a tick was skipped while the lookup before it went on. */
  guarded: boolean;
  /** Ticks that came, and what became of them; some may not have been answered at the end. */
  ticks: number;
  answered: number;
  skipped: number;
  mostInFlight: number;
  mostRss: number;
  missed: number;
  samples: PileUpSample[];
}

/** A scheduled lookup on a starved CPU, by a name that no process has. */
export interface PileUp {
  /** Milliseconds between ticks. */
  period: number;
  duration: number;
  /** How the CPU was starved, in words. */
  starvedBy: string;
  /** Processes of the host meanwhile. */
  processes: number;
  runs: PileUpRun[];
}

export interface Contender {
  id: string;
  title: string;
  version: string;
}

/** What the host is. Of what it does not tell, `null`. */
export interface Host {
  cpu: string;
  cores: number;
  memory: number;
  kernel: string;
  arch: string;
  node: string;
  /** Processes and threads of the host when the questions were asked. */
  processes: number;
  threads: number;
  /** Of these processes, the ones that the benchmark added. */
  added: number;
  user: number;
  /** The hypervisor's name, `unknown` when there is one that does not tell it. */
  virtualisation: string | null;
  /** What the processes are confined by: `docker`, `kubernetes`, `lxc` or the like. */
  container: string | null;
  /** What decides on the frequency of the first core. */
  governor: string | null;
  /** Between what it may choose, in MHz. */
  frequency: { least: number; most: number } | null;
  /** CPU time that the control group may have, in cores. */
  quota: number | null;
}

/** What may have disturbed the run, from its first question to its last. */
export interface Disturbance {
  /** Tasks that ran or waited for a CPU, on average over a minute, before and afterwards. */
  load: { start: number; end: number };
  /** For what share of the time some task waited for a CPU, from 0 to 1. */
  pressure: number | null;
  /** The share of CPU time that the hypervisor gave to others, from 0 to 1. */
  stolen: number | null;
  /** How often the control group's quota was used up. */
  throttled: number | null;
  /** How often a core was slowed down because it was hot. */
  overheated: number | null;
  /** How well CPU times repeat: the median of all measurements' `drift`. */
  drift: number | null;
}

export const noiseVerdicts = ['quiet', 'noisy', 'too noisy to compare'] as const;

export interface Noise extends Disturbance {
  verdict: (typeof noiseVerdicts)[number];
  /** Why it is not quiet, each in words. */
  reasons: string[];
}

export interface Report {
  version: typeof reportVersion;
  /** The version of procseek. */
  procseek: string;
  /** ISO 8601. */
  takenAt: string;
  /** The command that repeats it. */
  command: string;
  quick: boolean;
  host: Host;
  noise: Noise;
  contenders: Contender[];
  /** Contenders that were not there, and why. */
  absent: { title: string; reason: string }[];
  questions: QuestionResult[];
  /** Cost against the number of processes. */
  byProcesses: ScaleSeries[];
  /** Cost against the number of threads of the host. */
  byThreads: ScaleSeries[];
  /** What was left out, and why. */
  leftOut: string[];
  pileUp: PileUp | null;
}
