/** Waiting for what other processes do, without guessing how long they take. */
import { setTimeout as sleep } from 'node:timers/promises';
import { slowness } from './platform.js';

const patience = 60_000 * slowness;

/** Asks again and again until the condition gives something; what it gave. */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
): Promise<T> {
  const deadline = Date.now() + patience;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(5);
  }
}
