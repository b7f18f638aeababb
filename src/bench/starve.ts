/** Takes CPU time away from a process, as a weak device has little of it. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProgram } from './started.js';

export interface Starvation {
  /** In words. */
  how: string;
  /** Once the process has been killed, and what it started with it. */
  end(): Promise<void>;
}

const percent = 5;

/** By a quota where this user may set one, else by competitors and the lowest priority. */
export function starve(pid: number): Starvation {
  return byQuota(pid) ?? byCompetition(pid);
}

function byQuota(pid: number): Starvation | undefined {
  const period = 100_000; // microseconds
  const quota = (period * percent) / 100;
  const groups = [
    { root: '/sys/fs/cgroup', limits: { 'cpu.max': `${quota} ${period}` } },
    {
      root: '/sys/fs/cgroup/cpu',
      limits: { 'cpu.cfs_period_us': String(period), 'cpu.cfs_quota_us': String(quota) },
    },
  ];
  for (const { root, limits } of groups) {
    const group = `${root}/procseek-bench-${pid}`;
    if (!existsSync(`${root}/cgroup.procs`)) continue;
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    try {
      // Only files that the kernel put there: on an ordinary file system these would be made.
      if (!Object.keys(limits).every((file) => existsSync(`${group}/${file}`))) throw new Error();
      for (const [file, value] of Object.entries(limits)) writeFileSync(`${group}/${file}`, value);
      writeFileSync(`${group}/cgroup.procs`, String(pid));
      return {
        how: `a quota of ${percent} % of one core (control group)`,
        end: () => remove(group),
      };
    } catch {
      rmdirSync(group);
    }
  }
  return undefined;
}

/** The kernel lets go of a group some time after the last of its processes. */
async function remove(group: string): Promise<void> {
  for (const deadline = performance.now() + 5000; ; await sleep(20)) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
  }
}

function byCompetition(pid: number): Starvation {
  const busy =
    'process.stdin.on("end", () => process.exit()).resume(); setImmediate(function spin() { for (let i = 0; i < 1e7; i++); setImmediate(spin); })';
  const competitors: ChildProcess[] = [];
  for (let i = 0; i < availableParallelism(); i++) {
    competitors.push(startProgram(process.execPath, ['-e', busy]));
  }
  setPriority(pid, 19);
  return {
    how: 'a busy competitor on every core, and the lowest priority',
    end: async () => {
      for (const competitor of competitors) competitor.stdin?.end();
    },
  };
}
