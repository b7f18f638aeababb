/** Whether an answer is what it should be: only then does its time count. */
import { readdirSync } from 'node:fs';
import type { Found, Targets } from './contender.js';
import type { QuestionId, Verdict } from './report.js';

export interface Judgement {
  verdict: Verdict;
  problem?: string;
  /** Of a right answer: how it differs from what others say. */
  note?: string;
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
  if (problem !== undefined) return { verdict: 'wrong', problem };
  const note = otherName(found, targets.pid, targets.pidName);
  return { verdict: 'right', ...(note === undefined ? {} : { note }) };
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
      if (pids.length !== 1) return `found ${pids.length} processes`;
      return pids[0] === targets.pid ? undefined : 'found another process';
    case 'name-absent':
      return pids.length === 0 ? undefined : `found ${pids.length} of none`;
    case 'name-first':
      return targets.commonPids.includes(pids[0] ?? 0) ? undefined : 'found another process';
    case 'name-long':
      return pids.length === 1 && pids[0] === targets.longPid
        ? undefined
        : `found ${pids.length} processes, not the one`;
    default: {
      const expected = [targets.pid, targets.longPid, ...targets.commonPids];
      const missing = expected.filter((pid) => !pids.includes(pid));
      if (missing.length > 0) return `missed ${missing.length} processes`;
      // Many may have come or gone meanwhile.
      const present = Math.min(before, processCount());
      if (found.length < 0.5 * present) return `told ${found.length} of ${present} processes`;
      // A list of processes that calls none of them anything is of no use.
      const isNameless = found.every(({ name }) => name === undefined || name === '');
      return isNameless ? 'told no names' : undefined;
    }
  }
}

/** Some call a script by its own name, others by that of its interpreter. */
function otherName(found: readonly Found[], pid: number, name: string): string | undefined {
  const told = found.find((one) => one.pid === pid)?.name;
  return told === undefined || told === name ? undefined : `calls ${name} “${told}”`;
}
