/**
 * Child processes that no test can leave behind: each is killed when the test ends, by the kernel
 * (on Linux) when the runner dies, and those that read their standard input end along with it.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { ownUid } from './requirements.js';
import { type StartOptions, system } from './system.js';

export type { StartOptions } from './system.js';

/** What holds for all that the tests start, as a filter. */
export const ours = { ppid: process.pid, ...(ownUid === null ? {} : { uid: ownUid }) } as const;

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

/**
 * Programs, other than Python, that may have been executed later than a second after their fork, for
 * it took that long until they were ready.
 */
export const lateStarts = new Set<number>();

/** Runs a program that says when it is ready. For the caller to stop. */
export async function launch(
  command: string,
  args: readonly string[] = [],
  options: StartOptions = {},
): Promise<Child> {
  const begun = performance.now();
  const child = new Child(system.spawn(command, args, options));
  if (options.says !== undefined) child.say(options.says);
  try {
    child.greeting = await child.line();
    const isLate = performance.now() - begun > 900 && !command.endsWith('/python3');
    if (isLate) lateStarts.add(child.pid);
    else lateStarts.delete(child.pid);
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

/** A process that exits with the code that it is told; it ends with the test. */
export function startExiting(): Promise<Child> {
  const [program, ...args] = system.exiting;
  return start(program, args);
}

/** A process with as many children as given, each of them with as many as the next number says. */
export async function startFamily(
  ...sizes: number[]
): Promise<{ pid: number; generations: number[][] }> {
  const [program, ...args] = system.family;
  const root = await start(program, [...args, ...sizes.map(String)]);
  const generations = sizes.map((): number[] => []);
  let missing = sizes.reduceRight((below, size) => size * (1 + below), 0);
  for (let line = root.greeting; ; line = await root.line()) {
    const [generation = 0, pid = 0] = line.split(' ').map(Number);
    if (generation > 0) generations[generation - 1]?.push(pid);
    if (generation > 0) missing--;
    if (missing === 0) break;
  }
  return { pid: root.pid, generations };
}

/** A process that starts another one when it is told to, and ends it; it ends with the test. */
export async function startParent() {
  const [program, ...args] = system.parent;
  const child = await start(program, args);
  const ask = (what: string) => {
    child.say(what);
    return child.line();
  };
  return {
    pid: child.pid,
    startChild: async () => Number(await ask('start')),
    endChild: async () => void (await ask('end')),
  };
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

/**
 * On Linux: a process that has written a title over its arguments, which leaves room for 200 bytes at
 * least, and something else into its comm; what remains is filled up with `padding`. It ends with
 * the test.
 */
export function startTitled(
  comm: string,
  title: string,
  { padding = '\0', over = 'arguments' }: { padding?: string; over?: string } = {},
  options: StartOptions = {},
): Promise<Child> {
  // The positions of the numbers are those of proc_pid_stat(5), less 3.
  return startPython(
    `import ctypes, os, sys
comm, title, padding, over = [bytes.fromhex(each) for each in sys.argv[1:5]]
numbers = open('/proc/self/stat').read().rsplit(')', 1)[1].split()
at = {b'arguments': 45, b'environment': 47}[over]
start, end = int(numbers[at]), int(numbers[at + 1])
ctypes.memmove(start, title + padding * (end - start - len(title)), end - start)
if comm: os.write(os.open('/proc/self/comm', os.O_WRONLY), comm)
print('ready', flush=True)
sys.stdin.read()`,
    [comm, title, padding, over, ' '.repeat(200)].map((text) => Buffer.from(text).toString('hex')),
    options,
  );
}

/**
 * On Linux: a process whose first thread has ended, while another one goes on; `before` is what it
 * does first. It ends with the test.
 */
export function startHeadless(before = '', options: StartOptions = {}): Promise<Child> {
  return startPython(
    `import ctypes, os, platform, sys, threading
exit_thread = {'x86_64': 60, 'aarch64': 93}[platform.machine()]
${before}
def go_on():
    while open('/proc/self/stat').read().rsplit(')', 1)[1].split()[0] != 'Z': pass
    print('ready', flush=True)
    sys.stdin.read()
threading.Thread(target=go_on).start()
ctypes.CDLL(None).syscall(exit_thread, 0)`,
    [],
    options,
  );
}
