/** Processes to look at on Windows: copies of target.exe (target.c), which end with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, onTestFinished } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'procseek-'));
afterAll(async () => {
  // The system lets go of a program's file somewhat after the program has ended.
  await until('the files can be removed', () => {
    rmSync(directory, { recursive: true, force: true });
    return true;
  });
});

const patience = 60_000;
let named = 0;

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + patience;
  for (let problem: unknown; ; await sleep(20)) {
    try {
      if (await condition()) return;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`, { cause: problem });
  }
}

/** A file name that there has not been yet. */
export function uniqueName(start = 'Target'): string {
  return `${start}-${process.pid}-${named++}.exe`;
}

export function makeProgram(name: string): string {
  const { PROCSEEK_TEST_TARGET: source } = process.env;
  if (source === undefined) throw new Error('PROCSEEK_TEST_TARGET is not set');
  const path = join(directory, name);
  copyFileSync(source, path);
  return path;
}

export interface Target {
  readonly pid: number;
  readonly path: string;
  readonly name: string;
  readonly child: ChildProcess;
  /** Kills it, and waits for its end. */
  stop(): Promise<void>;
}

export interface TargetOptions {
  readonly name?: string;
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

/** Runs a copy of the program with these arguments. */
export async function start(
  args: readonly string[] = ['sleep'],
  { name = uniqueName(), cwd, env }: TargetOptions = {},
): Promise<Target> {
  const path = makeProgram(name);
  const child = spawn(path, args, {
    stdio: 'ignore',
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  });
  const ended = once(child, 'exit');
  ended.catch(() => {});
  await once(child, 'spawn');
  const stop = async () => {
    child.kill();
    await ended;
  };
  onTestFinished(stop);
  return { pid: child.pid ?? 0, path, name, child, stop };
}

/** The same, with the path of a file behind the first argument, by which it tells that it is ready. */
export async function startTelling(
  [what = '', ...args]: readonly string[],
  options: TargetOptions = {},
): Promise<Target & { args: readonly string[] }> {
  const flag = join(directory, `${named++}.flag`);
  const all = [what, flag, ...args];
  const target = await start(all, options);
  await until('a target is ready', () => existsSync(flag));
  return { ...target, args: all };
}

/** Does nothing else until then, the events of this process included. */
export function blockUntil(condition: () => boolean): void {
  const deadline = Date.now() + patience;
  while (!condition()) if (Date.now() > deadline) throw new Error('waited in vain, blocking');
}
