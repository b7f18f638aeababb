/** Whether an answer is what it should be: only then does its time count. */
import { readdirSync } from 'node:fs';
import type { Found, Targets } from './contender.js';
import type { QuestionId, Verdict } from './report.js';

export interface Judgement {
  verdict: Verdict;
  problem?: string;
}

/** How many there are now. */
export function processCount(): number {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).length;
}

/** `before` is how many processes there were before the question was asked. */
export function judge(
  id: QuestionId,
  targets: Targets,
  found: readonly Found[],
  before: number,
): Judgement {
  if (found.length === 0 && id !== 'name-absent') {
    return { verdict: 'empty', problem: 'found nothing' };
  }
  const problem = problemOf(id, targets, found, before);
  return problem === undefined ? { verdict: 'right' } : { verdict: 'wrong', problem };
}

function problemOf(
  id: QuestionId,
  targets: Targets,
  found: readonly Found[],
  before: number,
): string | undefined {
  const pids = found.map(({ pid }) => pid);
  switch (id) {
    case 'pid':
      return pids.length === 1 && pids[0] === targets.pid
        ? wrongName(found, targets.pid, targets.pidName)
        : `found ${pids.length} processes`;
    case 'name-absent':
      return pids.length === 0 ? undefined : `found ${pids.length} of none`;
    case 'name-first':
      return targets.commonPids.includes(pids[0] ?? 0) ? undefined : 'found another process';
    case 'name-long':
      return pids.length === 1 && pids[0] === targets.longPid
        ? undefined
        : `found ${pids.length} processes, not the one`;
    default: {
      // Whether it completes names that the kernel cuts is a question of its own.
      const expected = [targets.pid, targets.longPid, ...targets.commonPids];
      const missing = expected.filter((pid) => !pids.includes(pid));
      if (missing.length > 0) return `missed ${missing.length} processes`;
      // Many may have come or gone meanwhile.
      const present = Math.min(before, processCount());
      if (found.length < 0.5 * present) return `told ${found.length} of ${present} processes`;
      return wrongName(found, targets.pid, targets.pidName);
    }
  }
}

function wrongName(found: readonly Found[], pid: number, name: string): string | undefined {
  const told = found.find((one) => one.pid === pid)?.name;
  return told === undefined || told === name ? undefined : `called ${name} "${told}"`;
}
