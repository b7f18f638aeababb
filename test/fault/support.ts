/** Child processes that load the built library, and end with the test at the latest. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');
const library = join(root, 'dist/index.js');

/** The line of JavaScript that loads the library; a script may want to do so late, or not at all. */
export const load = `const procseek = require(${JSON.stringify(library)});`;

/** The kernel ends the child when the process that started it ends, however that comes about. A
 * wrapper is tied, and so is what it starts. */
const tied = ['setpriv', '--pdeathsig', 'KILL', '--'];

/**
 * For scripts: the megabytes that each of several rounds adds to the resident memory. What is left
 * behind is left by every round, and an allocator that takes more does so in some; so the least
 * counts, and a script need not know when everything has been allocated that is used again.
 */
export const growthPerRound = `
  const rss = () => { gc(); gc(); return process.memoryUsage.rss() / 2 ** 20; };
  async function growthPerRound(round) {
    let least = Infinity;
    for (let i = 0; i < 12 && least > 1; i++) {
      const before = rss();
      await round();
      least = Math.min(least, rss() - before);
    }
    return least;
  }`;

export interface ScriptOptions {
  /** A command that is given the command to run as its last arguments. */
  wrapper?: readonly string[];
  /** Options for node. */
  flags?: readonly string[];
  env?: Readonly<Record<string, string>>;
  timeout?: number;
}

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** How a script looks that ran to its end, said nothing, and was not killed. */
export const cleanExit: Outcome = { code: 0, signal: null, stdout: '', stderr: '' };

/** Runs a CommonJS script in a node of its own. */
export async function runScript(script: string, options: ScriptOptions = {}): Promise<Outcome> {
  if (!existsSync(library)) throw new Error(`${library} is missing: npm run build`);
  const { wrapper = [], flags = [], env = {}, timeout = 290_000 } = options;
  const command = [...tied, ...wrapper, ...tied, process.execPath, ...flags, '-e', script];
  return collect(start(command, { ...childEnvironment(), ...env }, timeout));
}

/** The same for a script that prints one line of JSON. */
export async function resultOf<T>(script: string, options: ScriptOptions = {}): Promise<T> {
  const { stdout, ...rest } = await runScript(script, options);
  if (rest.code !== 0 || rest.stderr !== '') {
    throw new Error(`The script failed: ${JSON.stringify(rest)}\n${rest.stderr}${stdout}`);
  }
  return JSON.parse(stdout) as T;
}

/** Without what the test runner adds for itself. */
function childEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  return env;
}

function start(command: readonly string[], env: NodeJS.ProcessEnv, timeout: number): ChildProcess {
  const [file = '', ...args] = command;
  return spawn(file, args, {
    env,
    timeout,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function collect(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

export interface Crowd {
  readonly pids: readonly number[];
  disperse(): Promise<void>;
}

/** So many sleeping processes. They are gone when the test is: their shell reads its end. */
export async function gather(count: number): Promise<Crowd> {
  const script = `i=0; while [ $i -lt ${count} ]; do
      sleep 1000000 >/dev/null 2>&1 & pids="$pids $!"; i=$((i + 1));
    done; echo $pids; read -r _; kill $pids 2>/dev/null`;
  const shell = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(shell, 'close');
  let line = '';
  for await (const text of shell.stdout.setEncoding('utf8')) {
    line += String(text);
    if (line.endsWith('\n')) break;
  }
  return {
    pids: line.trim().split(' ').map(Number),
    async disperse() {
      shell.stdin.end();
      await ended;
    },
  };
}
