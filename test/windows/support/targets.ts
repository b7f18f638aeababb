/** Processes to look at that there are on Windows alone: of target.c. */

import { slowness } from '../../support/platform.js';
import { type Child, start } from '../../support/processes.js';
import { makeProgram, scratchDirectory, uniqueName } from '../../support/programs.js';

const scratch = scratchDirectory();
const patience = 20_000 * slowness;

export interface Denying {
  readonly name: string;
  readonly child: Child;
  readonly pid: number;
}

/** A process that nobody may open. */
export async function startDenying(): Promise<Denying> {
  const name = uniqueName(20);
  const child = await start(makeProgram(scratch, name), ['deny']);
  return { name, child, pid: child.pid };
}

/** Does nothing else until then, the events of this process included. */
export function blockUntil(condition: () => boolean): void {
  const deadline = Date.now() + patience;
  while (!condition()) if (Date.now() > deadline) throw new Error('waited in vain, blocking');
}
