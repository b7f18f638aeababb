/** What tests need of the system that they run on: chosen here, and nowhere else. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { TestContext } from 'vitest';
import type { Field, ProcessState } from '../../src/index.js';
import { linux } from './linux/system.js';
import { windows } from './windows/system.js';

/** What not every system has. */
export type Feature =
  | 'atomic starts'
  | 'cut names'
  | 'deleted programs'
  | 'first process'
  | 'namespaces'
  | 'orphans'
  | 'renames'
  | 'scripts'
  | 'shared PIDs'
  | 'signals'
  | 'states'
  | 'system calls'
  | 'thread ids'
  | 'users'
  | 'zombies';

/** A program, and its first arguments. */
export type Command = readonly [program: string, ...args: string[]];

export interface StartOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Real and effective, of the user and the group. */
  readonly uid?: number;
  /** Instead of the path. */
  readonly argv0?: string;
  /** What to write to its standard input, for programs that answer. */
  readonly says?: string;
}

export interface Exit {
  code: number | null;
  signal: string | null;
}

/** What is otherwise on another system. */
export interface Traits {
  /** What it lacks, and why. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
  /** Whether there are handles on processes. */
  readonly hasHandles: boolean;
  /** Whether it tells how a process ended that is no child, once it is gone. */
  readonly tellsExits: boolean;
  /** Signals that end a process, each in its own way where there are ways. */
  readonly endingSignals: readonly NodeJS.Signals[];
  /** How a process has ended that this signal ended. */
  killedBy(signal: string): Exit;
  /** The state of a process that waits. */
  readonly idle: ProcessState;
  /** Whether a name in another case is another name. */
  readonly mindsCase: boolean;
  /** The comm of a program of this name. */
  commOf(name: string): string;
  /** What the name of a program ends in. */
  readonly suffix: string;
  /** Letters beyond ASCII, and whatever else the name of a file may hold. */
  readonly oddity: string;
  /** How many letters a command line has room for. */
  readonly room: number;
  /** How many processes are many. */
  readonly many: number;
  /** Whether each process gets this variable, whatever its environment is to be. */
  isImposed(variable: string): boolean;
  /** What is told otherwise when one process is asked about than when all are. */
  readonly unsteady: readonly Field[];
  /** Whether what has done little may be told to have taken so much CPU time, in milliseconds. */
  isCpuTime(time: number): boolean;
  /** Whether the system shows a process that it has yet to give its start, and so its id. */
  isUnborn(process: { id?: string }): boolean;
  /** EMFILE, as the addon tells it. */
  readonly outOfDescriptors: number;
}

/** The programs that tests run. */
export interface Programs {
  /** Makes a program that repeats each line that it is told, when `programArguments` come first. */
  makeEcho(path: string): void;
  /** Says that it is ready, and exits with the code that it is told. */
  readonly exiting: Command;
  /** Makes a program that does the same, as a command. */
  makeExiting(path: string): Command;
  /**
   * With numbers behind it: starts as many processes as the first one says, each of which starts as
   * many as the next one says; each says of which generation it is, and its PID.
   */
  readonly family: Command;
  /** Says that it is ready; told `start` starts a process and says its PID, told `end` ends it. */
  readonly parent: Command;
  /** Makes a command end along with this process, where there is a way. */
  bound(command: Command): Command;
  /** Runs a program that is bound, as a child with pipes. */
  spawn(
    program: string,
    args: readonly string[],
    options: StartOptions,
  ): ChildProcessWithoutNullStreams;
}

/** What somebody else than the library says of processes. */
export interface SecondOpinion {
  /** Whether anything is left of a process. */
  isThere(pid: number): boolean;
  /** Whether it has ended, though something may be left of it. */
  hasEnded(pid: number): boolean;
  /** The PIDs of all processes. */
  allPids(): number[];
  /** How many handles this process has open of kinds that passes open. */
  handles(): number;
}

export type System = Traits & Programs & SecondOpinion;

export const system: System = process.platform === 'win32' ? windows : linux;

/** Skips a test that is about what the system does not have. */
export function needs({ skip }: Pick<TestContext, 'skip'>, ...features: Feature[]): void {
  for (const feature of features) {
    const reason = system.lacks[feature];
    skip(reason !== undefined, reason);
  }
}

/** The same for each test of a group, by `beforeEach()`. */
export const needing =
  (...features: Feature[]) =>
  (context: Pick<TestContext, 'skip'>): void =>
    needs(context, ...features);
