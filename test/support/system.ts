/** What tests need of the system that they run on: chosen here, and nowhere else. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { TestContext } from 'vitest';
import type { Field, ProcessState } from '../../src/index.js';
import { linux } from './linux/system.js';
import { windows } from './windows/system.js';

/** What not every system has. */
export type Feature =
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

export interface System {
  /** What it lacks, and why. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
  /** Whether there are handles on processes. */
  readonly hasHandles: boolean;
  /** Whether it tells how a process ended that is no child, once it is gone. */
  readonly tellsExits: boolean;
  /** The state of a process that waits. */
  readonly idle: ProcessState;
  /** Whether a name in another case is another name. */
  readonly mindsCase: boolean;
  /** What the name of a program ends in. */
  readonly suffix: string;
  /** Letters beyond ASCII, and whatever else the name of a file may hold. */
  readonly oddity: string;
  /** How many letters a command line has room for. */
  readonly room: number;
  /** Whether each process gets this variable, whatever its environment is to be. */
  isImposed(variable: string): boolean;
  /** What is told otherwise when one process is asked about than when all are. */
  readonly unsteady: readonly Field[];
  /** How many processes are many. */
  readonly many: number;
  /** Whether something that has done little can have taken so much CPU time, in milliseconds. */
  isCpuTime(time: number): boolean;
  /** As the library has it from the system: EMFILE, without a system call. */
  readonly outOfDescriptors: number;
  /** The comm of a program of this name. */
  commOf(name: string): string;
  /** Signals that end a process, each in its own way where there are ways. */
  readonly endingSignals: readonly NodeJS.Signals[];
  /** How a process has ended that this signal ended. */
  killedBy(signal: string): Exit;
  /** Makes a program that repeats each line that it is told, when `programArguments` come first. */
  copyProgram(path: string): void;
  /** Says that it is ready, and exits with the code that it is told. */
  readonly exiting: Command;
  /** Makes a program that does the same, as a command. */
  makeExiting(path: string): Command;
  /** Makes a program that says that it is ready, and starts more and more of it, as a command. */
  makeBreeder(path: string): Command;
  /**
   * With numbers behind it: starts as many processes as the first one says, each of which starts as
   * many as the next one says; each says of which generation it is, and its PID.
   */
  readonly family: Command;
  /** Says that it is ready; told `start` starts a process and says its PID, told `end` ends it. */
  readonly parent: Command;
  /** Runs a program that ends along with this process. */
  spawn(
    program: string,
    args: readonly string[],
    options: StartOptions,
  ): ChildProcessWithoutNullStreams;
  /** Whether the system shows a process that it has yet to give its start, and so its id. */
  isUnborn(process: { id?: string }): boolean;
  /** Makes a command end along with this process. */
  bound(command: Command): Command;
  /** Whether anything is left of a process, as somebody else than the library has it. */
  isThere(pid: number): boolean;
  /** Whether it has ended, though something may be left of it. */
  hasEnded(pid: number): boolean;
  /** The PIDs of all processes, likewise. */
  pids(): number[];
  /** How many handles this process has open of kinds that lookups open. */
  handles(): number;
}

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
