/** What takes part in the benchmark. */
import type { QuestionId } from './report.js';

/** What the questions are about on this host. */
export interface Targets {
  /** A process that is there throughout, of this name. */
  pid: number;
  pidName: string;
  /** No process has this name. */
  absentName: string;
  /** Several processes have this name. */
  commonName: string;
  commonPids: number[];
  /** One process has this name, which the kernel cuts. */
  longName: string;
  longPid: number;
}

export interface Found {
  pid: number;
  /** Absent where the contender does not tell. */
  name?: string | undefined;
}

/** A question as one contender asks it. */
export interface Ask {
  /** What is measured. */
  ask(): unknown;
  /** Reads the answer that `ask()` gave, or its promise came to; not measured. */
  found(answer: unknown): Found[];
}

/** A contender that runs in Node.js, in a process of its own. */
export interface JsContender {
  id: string;
  title: string;
  /** Rejects when it is not there, with the reason. */
  version(): Promise<string>;
  /** Gets ready, in the process that is to answer. Not measured. */
  prepare?(): Promise<void>;
  /** Undefined for questions that it has no answer to. */
  question(id: QuestionId, targets: Targets): Ask | undefined;
  /** System calls made so far, by its own count. */
  systemCalls?(): number;
}

/**
 * A contender that runs elsewhere: a program that answers each line of JSON, an ExternalQuestion, by
 * a line of JSON, an ExternalAnswer. With the argument "agent" it takes one line, a Schedule, and
 * tells a Tally whenever that changes. It ends when its input does.
 */
export interface ExternalContender {
  id: string;
  title: string;
  questions: readonly QuestionId[];
  /**
   * The command to run it by, and its version. Rejects when it is not there, with the reason, or
   * when the signal says that nobody waits for it any more.
   */
  prepare(
    signal?: AbortSignal,
  ): Promise<{ command: string; args: string[]; version: string; dispose?: () => void }>;
}

export interface ExternalQuestion {
  question: QuestionId;
  pid: number;
  name: string;
  /** How often to ask. */
  calls: number;
}

/** A lookup by name on a schedule. */
export interface Schedule {
  name: string;
  /** Milliseconds between ticks. */
  period: number;
  /** Whether a tick is skipped while the lookup before it goes on. */
  guarded: boolean;
}

/** What became of the ticks so far. */
export interface Tally {
  ticks: number;
  answered: number;
  skipped: number;
}

export interface ExternalAnswer {
  /** Of the last call: pairs of PID and name. */
  found: [number, string][];
  /** Nanoseconds of wall and of CPU time, user and system, per call. */
  wall: number[];
  cpu: number[];
}
