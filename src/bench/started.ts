/**
 * The processes that a run starts. Each leads a process group of its own: Ctrl-C in a terminal
 * reaches this process alone, which then ends all of them with whatever they started.
 */
import {
  type ChildProcess,
  type ForkOptions,
  fork,
  type SpawnOptions,
  spawn,
} from 'node:child_process';

const running = new Set<ChildProcess>();

function keep<C extends ChildProcess>(child: C): C {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** A program. Its input is a pipe, for it to end when this process does, however. */
export function startProgram(command: string, args: readonly string[], options: SpawnOptions = {}) {
  const stdio = ['pipe', 'pipe', 'inherit'] as const;
  return keep(spawn(command, args, { ...options, stdio: [...stdio], detached: true }));
}

/** This program once more, to do another part of the work. */
export function startSelf(part: string, options: ForkOptions = {}): ChildProcess {
  return keep(fork(process.argv[1] ?? '', [part], { ...options, detached: true }));
}

/** With its process group. */
export function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL'); // it has not come to lead its group yet, or has ended
  }
}

export function killAll(): void {
  for (const child of running) kill(child);
}
