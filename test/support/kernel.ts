/** What depends on the system and its version, or on what a sandbox or an emulator lets through. */
import { expect } from 'vitest';
import { type Exit, system } from './system.js';

export const { hasHandles, tellsExits } = system;

/**
 * How a process has ended that its parent reaps at once. Where the kernel does not tell, who asks may
 * come too late: then it is told that this is not known, and nothing else.
 */
export function asTold<T extends Exit>(exit: T): T {
  if (tellsExits) return exit;
  const possible: object[] = [exit, { ...exit, code: null, signal: null }];
  return expect.toBeOneOf(possible.map((one) => expect.objectContaining(one))) as T;
}

export const exitedWith = (code: number) => asTold({ code, signal: null });
export const killedBy = (signal: string) => asTold(system.killedBy(signal));
