/** What a benchmark run comes to: the JSON that `procseek bench --json FILE` writes. */

export const reportVersion = 1;

/** Several samples of one figure. */
export interface Spread {
  median: number;
  p99: number;
  min: number;
  max: number;
  /** How many samples there are. */
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
 * time is not held against anybody's.
 */
export type Verdict = 'right' | 'wrong' | 'empty' | 'failed';

export interface Measurement {
  /** As in `Report.contenders`. */
  contender: string;
  verdict: Verdict;
  /** What was wrong; absent when nothing was. */
  problem?: string;
  /** Microseconds per call. `null` when the answer was not right. */
  wall: Spread | null;
  /** Microseconds of CPU time per call, user and system, of all processes involved. */
  cpu: Spread | null;
  /** CPU time as a multiple of the floor's, by medians. */
  timesFloor: number | null;
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
  /** Bytes. */
  rss: number;
  /** Ticks that were due by now and have not come. */
  missed: number;
}

export interface PileUpRun {
  /** As in `Report.contenders`. */
  contender: string;
  ticks: number;
  answered: number;
  mostInFlight: number;
  mostRss: number;
  missed: number;
  samples: PileUpSample[];
}

/** A scheduled lookup on a starved CPU. */
export interface PileUp {
  /** Milliseconds between ticks. */
  period: number;
  duration: number;
  /** How the CPU was starved, in words. */
  starvedBy: string;
  /** One sentence that says what happened. */
  summary: string;
  runs: PileUpRun[];
}

export interface Contender {
  id: string;
  title: string;
  version: string;
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
  host: {
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
  };
  contenders: Contender[];
  /** Contenders that were not there, and why. */
  absent: { title: string; reason: string }[];
  questions: QuestionResult[];
  /** Cost against the number of processes. */
  byProcesses: ScaleSeries[];
  /** Cost against the number of threads of the host. */
  byThreads: ScaleSeries[];
  /** Sizes that were left out, and why. */
  leftOut: string[];
  pileUp: PileUp | null;
}
