/** Signals by name and number. */
import nodeModule from 'node:module';
import { quoted, suggestion, wrongType } from './errors.js';

interface Signals {
  readonly numbers: Readonly<Record<string, number>>;
  /** The first name of each, which is the usual one. */
  readonly names: ReadonlyMap<number, string>;
}

let known: Signals | undefined;

/** When the first one is asked for: `node:os` takes a part of the time to load the library. */
function signals(): Signals {
  known ??= tabulate();
  return known;
}

function tabulate(): Signals {
  // An ES module has no `require`, and webpack replaces a createRequire() that is imported by its name.
  const { createRequire } = nodeModule;
  const { constants }: typeof import('node:os') = createRequire(process.execPath)('node:os');
  // Where the system has no signals (Windows), native code stops and continues by Linux's numbers.
  const own: Readonly<Record<string, number>> = constants.signals;
  const numbers = { SIGCONT: 18, SIGSTOP: 19, ...own };
  const names = new Map<number, string>();
  for (const [name, number] of Object.entries(numbers)) {
    if (!names.has(number)) names.set(number, name);
  }
  return { numbers, names };
}

const largest = 64; // SIGRTMAX, signal(7)

/** 0 tests whether a signal could be sent. */
export function signalNumber(signal: unknown): number {
  if (typeof signal === 'number' && Number.isInteger(signal) && signal >= 0 && signal <= largest) {
    return signal;
  }
  if (typeof signal !== 'string' && typeof signal !== 'number') {
    throw wrongType('signal', 'a name or a number', signal);
  }
  const { numbers } = signals();
  const number = Object.hasOwn(numbers, signal) ? numbers[signal] : undefined;
  if (number !== undefined) return number;
  const given = typeof signal === 'string' ? quoted(signal) : signal;
  const message = `Unknown signal: ${given}${meantSignal(signal, Object.keys(numbers))}`;
  throw Object.assign(new TypeError(message), { code: 'ERR_UNKNOWN_SIGNAL' });
}

/** kill(1) and shells take names without SIG, and in whatever case. */
function meantSignal(signal: string | number, names: readonly string[]): string {
  if (typeof signal === 'number') return `; numbers are integers from 0 to ${largest}`;
  if (/^\d+$/.test(signal)) return '; a number is given as a number, not as a string';
  const whole = `SIG${signal.toUpperCase()}`;
  return suggestion(names.includes(whole) ? whole : signal, names) || suggestion(whole, names);
}

/** Null for 0; real-time signals, which have no names, are like `'SIG34'`. */
export function signalName(number: number): string | null {
  return number === 0 ? null : (signals().names.get(number) ?? `SIG${number}`);
}
