/**
 * The runtime that the tests run in, where that is not simply this machine's Node.js:
 * test/platforms/run.mjs tells in the environment what else it is.
 */
import { fileURLToPath } from 'node:url';

const {
  PROCSEEK_TEST_RUNTIME: given,
  PROCSEEK_TEST_NODE: node,
  PROCSEEK_TEST_LIBRARY: library,
  PROCSEEK_TEST_EMULATOR: emulating,
  PROCSEEK_TEST_SLOWNESS: factor,
} = process.env;

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The command that runs a script in a runtime like this one; under an emulator, not `execPath`. */
export const runtime: readonly string[] =
  given === undefined ? [process.execPath] : (JSON.parse(given) as string[]);

/** A Node.js that runs here by itself: a process to look at, whatever looks at it. */
export const nativeNode = node ?? process.execPath;

/** The library in a single CommonJS file; undefined where each test has to bundle it. */
export const bundledLibrary = library;

export const isDeno = 'deno' in process.versions;

/** Who stands between the runtime and the kernel, and passes on less than the kernel offers. */
export const emulator = emulating;

/** Why what a process is told of itself cannot be compared; undefined where it can. */
export const whyNoSelf =
  emulator === undefined ? undefined : `${emulator} makes up some of the process's own files`;

/** How many times as long things may take. */
export const slowness = Number(factor ?? 1);
