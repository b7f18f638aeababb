/** What depends on the version of the kernel, or on what a sandbox or an emulator lets through. */
import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import { expect } from 'vitest';
import { emulator } from './platform.js';

/** Whether there are handles on processes: pidfd_open(2), Linux 5.3. As Python finds. */
export const hasHandles =
  spawnSync('/usr/bin/python3', ['-I', '-S', '-c', 'import os; os.pidfd_open(os.getpid())'])
    .status === 0;

/** Whether it tells how a process ended that is no child, once it is reaped: Linux 6.15. */
export const tellsExits = hasHandles && isSince(6, 15) && emulator === undefined;

/**
 * How a process has ended that its parent reaps at once. Elsewhere, who asks may come too late: then
 * it is told that this is not known, and nothing else.
 */
export function asTold<T extends { code: number | null; signal: string | null }>(exit: T): T {
  if (tellsExits) return exit;
  const possible: object[] = [exit, { ...exit, code: null, signal: null }];
  return expect.toBeOneOf(possible.map((one) => expect.objectContaining(one))) as T;
}

export const exitedWith = (code: number) => asTold({ code, signal: null });
export const killedBy = (signal: string) => asTold({ code: null, signal });

function isSince(major: number, minor: number): boolean {
  const [ours = 0, of = 0] = release().split('.').map(Number);
  return ours > major || (ours === major && of >= minor);
}
