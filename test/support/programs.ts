/** Programs and scripts with names that no other process has. */
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type Child, launch, type StartOptions, start } from './processes.js';

let named = 0;

/** A name of exactly so many ASCII characters that has not been given yet. */
export function uniqueName(length: number): string {
  const start = `p${process.pid.toString(36)}x${(named++).toString(36)}x`;
  if (start.length > length) throw new Error(`no unique name has ${length} characters`);
  return start.padEnd(length, 'abcdefghij');
}

/** A directory that everybody may look into, until the tests of this file have run. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'procseek-test-'));
  chmodSync(directory, 0o755);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** An executable file: a copy of cat(1), to be run by `startProgram`. */
export function makeProgram(directory: string, name: string): string {
  const path = join(directory, name);
  copyFileSync('/bin/cat', path);
  chmodSync(path, 0o755);
  return path;
}

const waiting = `
echo ready
read line`;

/** An executable script; unless told otherwise, a shell's that says that it is ready, and waits. */
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
 * Runs a copy of cat(1) until the test ends. It waits for ever: it would take the arguments for
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
