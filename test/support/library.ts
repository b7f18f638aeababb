/** The library in processes of its own: as another user, in a namespace, under a tracer. */
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bundledLibrary, root, runtime, slowness } from './platform.js';
import { strace } from './requirements.js';
import { system } from './system.js';

type Library = typeof import('../../src/index.js');

/** What `inProcess` is given has to bring along all it uses but these: it runs elsewhere. */
export interface Tools {
  readonly procseek: Library;
  readonly require: NodeJS.Require;
  /** The system calls to be looked at start, and end. See `traced`. */
  begin(): void;
  end(): void;
}

export interface Surroundings {
  /** The program, with its first arguments, that is to run the runtime. */
  readonly launcher?: readonly string[];
  /** The Node.js to run, instead of a runtime like this one. */
  readonly node?: string;
  /** Arguments for the script, which takes no notice of them. */
  readonly args?: readonly string[];
}

/** As a user who may do nothing to others. */
export const asNobody: Surroundings = {
  launcher: ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'],
};

/** As PID 1 of a PID namespace, which ends with it. */
export const inPidNamespace: Surroundings = {
  launcher: ['/usr/bin/unshare', '--pid', '--fork', '--kill-child', '--mount-proc'],
};

const run = promisify(execFile);

/** Runs a function in a process of its own and gives back what it returned, by way of JSON. */
export async function inProcess<A, R>(
  { launcher = [], node, args = [] }: Surroundings,
  argument: A,
  body: (tools: Tools, argument: A) => R | Promise<R>,
): Promise<R> {
  const directory = mkdtempSync(join(tmpdir(), 'procseek-test-'));
  try {
    chmodSync(directory, 0o755);
    const script = join(directory, 'script.cjs');
    const answer = join(directory, 'answer.json');
    writeFileSync(answer, '');
    chmodSync(answer, 0o666); // the launcher may make it another user
    await bundleLibrary(join(directory, 'procseek.cjs'));
    writeFileSync(
      script,
      `const procseek = require('./procseek.cjs');
const { openSync, writeFileSync } = require('node:fs');
const answer = openSync(${JSON.stringify(answer)}, 'w');
const open = (path) => { try { openSync(path); } catch {} };
const tools = { procseek, require, begin: () => open('/begin'), end: () => open('/end') };
(async () => {
  const result = await (${body.toString()})(tools, ${JSON.stringify(argument)});
  writeFileSync(answer, JSON.stringify({ result }));
  process.exit();
})();`,
    );
    const [first = '', ...rest] = [...launcher, ...(node === undefined ? runtime : [node])];
    const [program, ...command] = system.bound([first, ...rest, script, ...args]);
    await run(program, command, {
      timeout: 150_000 * slowness,
      killSignal: 'SIGKILL',
    });
    return (JSON.parse(readFileSync(answer, 'utf8')) as { result: R }).result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The sources as they are now, to run in any version of Node.js. */
async function bundleLibrary(outfile: string): Promise<void> {
  if (bundledLibrary !== undefined) return copyFileSync(bundledLibrary, outfile);
  const { build } = await import('esbuild');
  await build({
    entryPoints: [join(root, 'src/index.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'error',
    // The addon is looked for from where binding.ts stands.
    define: { __dirname: JSON.stringify(join(root, 'src')) },
  });
}

/**
 * The lines of strace(1) about these calls, and `openat`, between the moments when the function
 * calls `begin()` and `end()`.
 */
export async function traced<A>(
  calls: string,
  argument: A,
  body: (tools: Tools, argument: A) => unknown,
): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'procseek-test-'));
  try {
    const file = join(directory, 'trace');
    const launcher = [strace, '-f', '-qq', '-o', file, '-e', `trace=openat,${calls}`];
    await inProcess({ launcher }, argument, body);
    const lines = readFileSync(file, 'utf8').split('\n');
    const begin = lines.findIndex((line) => line.includes('"/begin"'));
    const end = lines.findIndex((line) => line.includes('"/end"'));
    if (begin < 0 || end < begin) throw new Error('begin() and end() have not been called');
    return lines.slice(begin + 1, end);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The paths that were opened, also in vain. */
export function openedPaths(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /openat\(\w+, "([^"]*)"/.exec(line)?.[1] ?? []);
}
