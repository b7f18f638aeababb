/**
 * The child processes that `node:child_process` has started on this thread. Node.js reaps them, and
 * so learns how they ended where nobody else can any more.
 */
import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import type { Exit } from './monitor.js';

/** Those that have ended or have been collected leave it when it is twice as long. */
let children: WeakRef<ChildProcess>[] = [];
let most = 64;

/** Published before the child is started: its PID is not known yet. */
subscribe('child_process', (message) => {
  const { process: child } = message as { process?: ChildProcess };
  if (typeof child?.once !== 'function') return;
  if (children.length >= most) {
    children = children.filter((reference) => {
      const kept = reference.deref();
      return kept !== undefined && !hasEnded(kept);
    });
    most = Math.max(64, 2 * children.length);
  }
  children.push(new WeakRef(child));
});

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/**
 * Asks Node.js how its child ends. Undefined when the PID is none of a child that Node.js has yet to
 * reap: as long as it has not, nobody else can have the PID.
 *
 * Returns a function to be called when the child is known to have ended: it calls back as soon as
 * Node.js knows how.
 */
export function askParent(pid: number): ((callback: (exit: Exit) => void) => void) | undefined {
  for (const reference of children) {
    const child = reference.deref();
    if (child === undefined || child.pid !== pid || hasEnded(child)) continue;
    return (callback) => {
      const tell = () => callback({ code: child.exitCode, signal: child.signalCode });
      if (hasEnded(child)) tell();
      else child.once('exit', tell);
    };
  }
  return undefined;
}

/**
 * The exits of children that only Node.js could tell, by the children's ids. Native code remembers
 * all other exits. The exit of a child that nobody waited for is not kept.
 */
const exits = new Map<string, Exit>();
/** As many as native code remembers: ExitMemory::kMost. */
const mostExits = 8192;

export function rememberExit(id: string, exit: Exit): void {
  exits.delete(id); // so that it becomes the newest entry
  exits.set(id, { ...exit });
  if (exits.size <= mostExits) return;
  const [oldest] = exits.keys();
  if (oldest !== undefined) exits.delete(oldest);
}

export function recallExit(id: string | undefined): Exit | undefined {
  const exit = id === undefined ? undefined : exits.get(id);
  return exit && { ...exit };
}
