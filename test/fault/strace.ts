/** The system calls of a script, as strace(1) saw them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { strace } from '../support/requirements.js';
import { load, runScript } from './support.js';

export interface Call {
  thread: string;
  name: string;
  /** As printed; file descriptors are followed by their path in angle brackets. */
  args: string;
  /** Likewise. */
  result: string;
}

// Calls that take a path or a file descriptor, and those that ask for a process.
const traced = '%file,%desc,kill,tkill,tgkill,pidfd_open';
/** Descriptors that are no files: what the runtime wakes its threads by. */
const wakeUp = /<(anon_inode|pipe|socket):/;
/** Where malloc(3) looks when it is called first on a thread, which may be any time. */
const processors = /\/sys\/devices\/system\/cpu\//;

/**
 * What the `traced` part of a script calls, on all threads. `prepare` goes before it, unseen: what
 * happens once per process (loading, the first allocation) does not concern the tests.
 */
export async function trace(traced: string, prepare = traced): Promise<Call[]> {
  const script = `${load}
    const { existsSync } = require('node:fs');
    (async () => {
      { ${prepare}; }
      existsSync('/procseek-begin');
      { ${traced}; }
      existsSync('/procseek-end');
    })();`;
  return between(await straced(script));
}

async function straced(script: string): Promise<Call[]> {
  const folder = mkdtempSync(join(tmpdir(), 'procseek-strace-'));
  const log = join(folder, 'log');
  try {
    const wrapper = [strace, '-f', '-qq', '-y', '-e', `trace=${traced}`, '-e', 'signal=none'];
    const outcome = await runScript(script, { wrapper: [...wrapper, '-o', log] });
    if (outcome.code !== 0) throw new Error(`strace failed: ${outcome.stderr}`);
    return parse(readFileSync(log, 'latin1'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where two threads call at once, strace cuts the lines and resumes them later. */
function parse(log: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, Call>();
  for (const line of log.split('\n')) {
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>(.*?)\)? += (.*)$/.exec(line);
    if (resumed) {
      const [, thread = '', args = '', result = ''] = resumed;
      const call = unfinished.get(thread);
      if (call) Object.assign(call, { args: call.args + args, result });
      continue;
    }
    const begun = /^(\d+) +(\w+)\((.*?)(?: <unfinished \.\.\.>|\) += (.*))$/.exec(line);
    if (!begun) continue;
    const [, thread = '', name = '', args = '', result = ''] = begun;
    const call = { thread, name, args, result };
    calls.push(call);
    unfinished.set(thread, call);
  }
  return calls;
}

function between(calls: Call[]): Call[] {
  const begin = calls.findIndex(({ args }) => args.includes('/procseek-begin'));
  const end = calls.findIndex(({ args }) => args.includes('/procseek-end'));
  if (begin === -1 || end === -1) throw new Error('The marks are missing from the trace');
  const isOfRuntime = ({ name, args }: Call) =>
    /^m(map|unmap|protect)$/.test(name) || wakeUp.test(args) || processors.test(args);
  return calls.slice(begin + 1, end).filter((call) => !isOfRuntime(call) && !isLook(call));
}

/** Every 200 ms it is looked whether another /proc has been mounted: how often, is up to the machine. */
function isLook(call: Call): boolean {
  return /^(newfstatat|fstatat64|statx)$/.test(call.name) && pathOf(call) === '/proc';
}

/** `name path` of each call. */
export function summary(calls: readonly Call[]): string[] {
  return calls.map((call) => `${call.name} ${pathOf(call)}`.trim());
}

/** The file that a call is about: by its path, by that of a handle, or by one below the handle. */
export function pathOf({ name, args }: Call): string {
  const [, handle = ''] = /^\w+<([^>]*)>/.exec(args) ?? [];
  const [, path = ''] = /^(?:[^",]*, )?"([^"]*)"/.exec(args) ?? [];
  if (path === '' || /read$|write|getdents/.test(name)) return handle;
  return path.startsWith('/') || handle === '' ? path : `${handle}/${path}`;
}

/** What was called for one process, in order, each with the entry of /proc/PID it was called for. */
export function callsFor(pid: number, calls: readonly Call[]): string[] {
  const folder = `/proc/${pid}`;
  return calls
    .filter((call) => pathOf(call) === folder || pathOf(call).startsWith(`${folder}/`))
    .map((call) => `${call.name} ${pathOf(call).slice(folder.length + 1)}`.trim());
}
