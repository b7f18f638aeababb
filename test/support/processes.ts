/**
 * Child processes that no test can leave behind: each is killed when the test ends, by the kernel
 * when the runner dies, and those that read their standard input end along with it.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** Who runs the tests: root as a rule, who alone can start processes of other users. */
export const ownUid = process.getuid?.() ?? 0;
export const isRoot = ownUid === 0;

export interface StartOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Real and effective, of the user and the group. */
  readonly uid?: number;
  /** Instead of the path. */
  readonly argv0?: string;
  /** What to write to its standard input, for programs that answer. */
  readonly says?: string;
}

/** A process that has said, by a line of its standard output, that it is ready. */
export class Child {
  readonly pid: number;
  /** That line. */
  greeting = '';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: NodeJS.AsyncIterator<string>;
  readonly #closed: Promise<unknown>;
  #complaints = '';

  constructor(child: ChildProcessWithoutNullStreams) {
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#closed = once(child, 'close');
    this.#closed.catch(() => {});
    child.stdin.on('error', () => {}); // it may have ended
    child.stderr.on('data', (text: Buffer) => {
      this.#complaints += text.toString();
    });
  }

  /** The next line of its standard output. */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (!next.done) return next.value;
    await this.#closed;
    throw new Error(`${this.#child.spawnargs.join(' ')} ended early: ${this.#complaints}`);
  }

  /** Writes a line to its standard input. */
  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal); // Deno's ChildProcess would close its standard input first
  }

  /** Kills it and waits for the end of it, and of all who share its output. */
  async stop(): Promise<void> {
    this.#child.stdin.destroy();
    this.#child.kill('SIGKILL');
    await this.#closed.catch(() => {});
  }
}

/** Runs a program that says when it is ready. For the caller to stop. */
export async function launch(
  command: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Child> {
  const child = new Child(spawnBound(command, args, options));
  if (options.says !== undefined) child.say(options.says);
  try {
    child.greeting = await child.line();
  } catch (error) {
    await child.stop();
    throw error;
  }
  return child;
}

/** The same; it ends with the test. */
export async function start(
  command: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Child> {
  const child = await launch(command, args, options);
  onTestFinished(() => child.stop());
  return child;
}

/** Python code that says when it is ready; it ends with the test. */
export function startPython(
  code: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Child> {
  return start('/usr/bin/python3', ['-I', '-S', '-c', code, ...args], options);
}

/** A process of this comm, which need not be text; it ends with the test. */
export function startNamed(comm: string | Uint8Array, options: StartOptions = {}): Promise<Child> {
  return startPython(
    `import os, sys
os.write(os.open('/proc/self/comm', os.O_WRONLY), bytes.fromhex(sys.argv[1]) or b'\\0')
print('ready', flush=True)
sys.stdin.read()`,
    [Buffer.from(comm).toString('hex')],
    options,
  );
}

/** setpriv(1), env(1) and the shell execute what they are given in their own place: the PID stays. */
function spawnBound(
  command: string,
  args: readonly string[],
  { argv0, uid, env, cwd }: StartOptions,
): ChildProcessWithoutNullStreams {
  const retitled = ['bash', '-c', 'exec -a "$0" "$@"', argv0 ?? '', command];
  // Not every runtime passes on every variable.
  const pairs = Object.entries(env ?? {}).map(([name, value]) => `${name}=${value}`);
  const environment = env === undefined ? [] : ['/usr/bin/env', '-i', ...pairs];
  const line = [...environment, ...(argv0 === undefined ? [command] : retitled), ...args];
  return spawn('/usr/bin/setpriv', ['--pdeathsig', 'KILL', '--', ...line], {
    stdio: 'pipe',
    ...(uid === undefined ? {} : { uid, gid: uid }),
    ...(cwd === undefined ? {} : { cwd }),
  });
}
