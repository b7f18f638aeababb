/** What a test needs of the machine it runs on; where that is missing, it is skipped and says why. */
import { existsSync } from 'node:fs';
import type { TestOptions } from 'vitest';
import { isRoot } from './processes.js';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test is skipped, for the reporter. */
    reason?: string;
  }
}

/** For describe() and test(), behind the title. */
export function onlyIf(condition: boolean, reason: string): TestOptions {
  return condition ? {} : { skip: true, meta: { reason } };
}

export const strace = '/usr/bin/strace';
export const hasStrace = existsSync(strace);
export const needsStrace = onlyIf(hasStrace, 'needs strace');

export const rootOnly = onlyIf(isRoot, 'needs root');
