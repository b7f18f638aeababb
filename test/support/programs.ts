/** Programs and scripts with names that no other process has. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { slowness } from './platform.js';
import { type Child, launch, type StartOptions, start } from './processes.js';
import { type Command, system } from './system.js';

let named = 0;

/**
 * A name of so many ASCII characters, on Windows at least, that no program has been given yet, by this
 * run of the tests or by another one. Where there is room, its end is unique as well as its start.
 */
export function uniqueName(length: number): string {
  const part = `p${process.pid.toString(36)}x${(named++).toString(36)}x`;
  const { suffix } = system;
  if (part.length > length) throw new Error(`no unique name has ${length} characters`);
  const end = 2 * part.length + suffix.length > length ? suffix : part + suffix;
  return part.padEnd(length - end.length, 'abcdefghij') + end;
}

/** A directory that everybody may look into, until the tests of this file have run. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'procseek-test-'));
  chmodSync(directory, 0o755);
  // Windows lets go of a program's file somewhat after the program has ended.
  const retrying = { maxRetries: 10, retryDelay: 100 * slowness };
  // Behind all that the tests of this file clean up.
  beforeAll(() => () => rmSync(directory, { recursive: true, force: true, ...retrying }));
  return directory;
}

/** An executable file that repeats what it is told, to be run by `startProgram`: on Linux, cat(1). */
export function makeProgram(directory: string, name: string): string {
  const path = join(directory, name);
  system.makeEcho(path);
  return path;
}

/** The same, which says that it is ready, and exits with the code that it is told: a command. */
export function makeExiting(directory: string, name: string): Command {
  return system.makeExiting(join(directory, name));
}

const waiting = `
echo ready
read line`;

/** An executable script, on Linux; unless told otherwise, a shell's that says that it is ready, and waits. */
export function makeScript(
  directory: string,
  name: string,
  interpreter: string,
  body = waiting,
): string {
  const path = join(directory, name);
  writeFileSync(path, `#!${interpreter}${body}\n`, { mode: 0o755 });
  return path;
}

/** What `startProgram` puts in front of the arguments. */
export const programArguments = ['--', '-'];

/**
 * Runs such a program until the test ends. It waits for ever: cat(1) would take the arguments for
 * files only when its standard input came to an end.
 */
export function startProgram(
  path: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Child> {
  return start(path, [...programArguments, ...args], { ...options, says: 'ready' });
}

/** The same, for the caller to stop. */
export function launchProgram(
  path: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Child> {
  return launch(path, [...programArguments, ...args], { ...options, says: 'ready' });
}
