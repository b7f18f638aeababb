/** Processes and threads that only sleep, for a host to be as full as one likes. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, freemem, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findByNameSync } from 'procseek';
import { startProgram } from './started.js';

/** The name of every sleeping process. */
export const crowdName = 'bench-sleeper';

/** Subshells that wait for the end of their input, which comes when this process ends, however. */
const crowdScript = `
exec 3<&0
i=0
while [ $i -lt "$1" ]; do
  (read _ <&3) &
  i=$((i + 1))
done
echo ready
read _ <&3`;

const kilobytesPerProcess = 400;

export class Crowd {
  readonly #directory = mkdtempSync(join(tmpdir(), 'procseek-bench-'));
  readonly #children: ChildProcess[] = [];
  /** Sleepers that were there before its own. */
  #before = Number.POSITIVE_INFINITY;

  /** Adds so many processes. Rejects, with the reason, when this host has no room for them. */
  async addProcesses(count: number): Promise<void> {
    if (count <= 0) return;
    const reason = whyNot(count);
    if (reason !== undefined) throw new Error(reason);
    this.#before = countSleepers();
    const original = realpathSync('/bin/sh');
    const shell = join(this.#directory, crowdName);
    copyFileSync(original, shell);
    const args = ['-c', crowdScript, 'sh', String(count - 1)];
    // A busybox goes by its first argument.
    await this.#start(shell, args, basename(original) === 'busybox' ? 'sh' : undefined);
  }

  /** Starts one process whose name the kernel cuts. */
  async addLongNamed(name: string): Promise<number> {
    const script = join(this.#directory, name);
    writeFileSync(script, '#!/bin/sh\necho ready\nread _\n', { mode: 0o755 });
    return this.#start(script, []);
  }

  /** Adds so many threads, of a few processes. */
  async addThreads(count: number): Promise<void> {
    for (let left = count; left > 0; left -= threadsPerProcess) {
      const size = String(Math.min(left, threadsPerProcess));
      const env = { ...process.env, UV_THREADPOOL_SIZE: size };
      await this.#start(process.execPath, ['-e', threadsScript], undefined, env);
    }
  }

  /** Ends them all. */
  async end(): Promise<void> {
    const ended = this.#children.map(async (child) => {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    await Promise.all(ended);
    // Thousands of processes take their time to end, which nobody is to be measured in.
    const deadline = performance.now() + 20_000;
    while (countSleepers() > this.#before && performance.now() < deadline) await sleep(20);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #start(
    file: string,
    args: string[],
    argv0?: string,
    env: NodeJS.ProcessEnv = process.env,
  ): Promise<number> {
    const child = startProgram(file, args, { env, ...(argv0 === undefined ? {} : { argv0 }) });
    this.#children.push(child);
    const failed = once(child, 'exit').then(() => {
      throw new Error(`${file} ended before it was ready`);
    });
    await Promise.race([once(child.stdout, 'data'), failed]);
    failed.catch(() => {}); // it may end from now on
    return child.pid ?? 0;
  }
}

function countSleepers(): number {
  return findByNameSync(crowdName, { fields: [] }).length;
}

const threadsPerProcess = 1000;

/** libuv starts all threads of its pool with the first piece of work. */
const threadsScript = `
require('node:fs').stat('/', () => console.log('ready'));
process.stdin.resume();
process.stdin.on('end', () => process.exit());`;

/** Why so many more processes would be too many for this host; undefined when they would not. */
export function whyNot(count: number): string | undefined {
  const room = Math.min(...roomByLimit());
  if (count > room) return `${count} more processes do not fit: this host has room for ${room}`;
  const memory = count * kilobytesPerProcess * 1024;
  if (memory > freemem() / 2) return `${count} more processes would take half of the free memory`;
  return undefined;
}

/** Some of the room is left to others. */
function roomByLimit(): number[] {
  const threads = number(/\d+\/(\d+)/, '/proc/loadavg') ?? 0;
  const limits = [
    number(/^(\d+)/, '/proc/sys/kernel/pid_max'),
    number(/^(\d+)/, '/proc/sys/kernel/threads-max'),
    number(/^Max processes +(\d+)/m, '/proc/self/limits'),
    number(/^(\d+)/, '/sys/fs/cgroup/pids.max'),
  ];
  const known = limits.filter((limit) => limit !== undefined);
  return [
    Math.max(0, Math.floor(0.8 * Math.min(...known, 1e6)) - threads),
    20_000 * availableParallelism(),
  ];
}

/** What a file says, or undefined. */
function number(pattern: RegExp, file: string): number | undefined {
  try {
    const found = pattern.exec(readFileSync(file, 'utf8'))?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}
