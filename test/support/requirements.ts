/**
 * Tells what the machine has that tests need. A test that lacks something is skipped and says why.
 * All helpers may import this file, so it imports none of them.
 */
import { existsSync } from 'node:fs';
import type { TestOptions } from 'vitest';

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

/** The user who runs the tests. Only root can start processes of other users. */
export const ownUid = process.getuid?.() ?? null;
export const isRoot = ownUid === 0;

export const strace = '/usr/bin/strace';
export const hasStrace = existsSync(strace);
export const needsStrace = onlyIf(hasStrace, 'needs strace');

export const rootOnly = onlyIf(isRoot, 'needs root');
