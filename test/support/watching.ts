/** Watchers whose every word is remembered, and processes that change as they are told. */
import { readlinkSync } from 'node:fs';
import { beforeAll, expect, onTestFinished } from 'vitest';
import { findByPidSync, type Watcher, type WatcherEvent, watch } from '../../src/index.js';
import { emulator } from './platform.js';
import { type Child, lateStarts, launch, type StartOptions, startPython } from './processes.js';
import { system } from './system.js';
import { until } from './until.js';

/** However many other processes come and go meanwhile, they are listened to. */
export const events = { cpuBudget: 1 } as const;

/** What there are several ways to do, each as options of `watch()`. */
export const ways = [
  ['events', events],
  ['polling', { backend: 'polling', interval: 20, cpuBudget: 1 }],
] as const;

interface Watched {
  pid: number;
  id?: string;
}

export class Observer<T extends Watched> {
  readonly watcher: Watcher<T>;
  /** All events so far. */
  readonly told: WatcherEvent<T>[] = [];

  constructor(watcher: Watcher<T>) {
    this.watcher = watcher;
    const note = (event: WatcherEvent<T>) => {
      if (!system.isUnborn(event.process)) this.told.push(event);
    };
    watcher.on('start', (event) => note({ type: 'start', ...event }));
    watcher.on('exit', (event) => note({ type: 'exit', ...event }));
    watcher.on('rename', (event) => note({ type: 'rename', ...event }));
  }

  /**
   * What was told of one process: `start`, `existing`, `exit`, `in`, `out` or `rename`. A program
   * that was executed too late for a start, as `watch()` documents it, comes to match instead: that
   * depends on how busy this host is, and is told here as the start that it is.
   */
  of({ pid }: { pid: number }): string[] {
    const words = this.told.filter(({ process }) => process.pid === pid).map(inWords);
    return words[0] === 'in' && lateStarts.has(pid) ? ['start', ...words.slice(1)] : words;
  }

  /** Waits until just so much has been told of the process; anything else is a failure. */
  async hears(child: { pid: number }, ...words: string[]): Promise<void> {
    await until(`of process ${child.pid} is told: ${words}`, () => {
      const now = this.of(child);
      expect(now).toEqual(words.slice(0, now.length));
      return now.length === words.length;
    });
  }

  /** The last event of this process. */
  last({ pid }: { pid: number }): WatcherEvent<T> | undefined {
    return this.told.findLast(({ process }) => process.pid === pid);
  }

  get pids(): number[] {
    return [...this.watcher.processes.keys()].sort((a, b) => a - b);
  }
}

function inWords<T>(event: WatcherEvent<T>): string {
  if (event.type === 'start') return event.existing ? 'existing' : 'start';
  if (event.type === 'exit') return 'exit';
  if (event.previousName === null) return event.matches ? 'in' : 'never';
  return event.matches ? 'rename' : 'out';
}

/** Listens to a watcher until the test ends. */
export function observe<T extends Watched>(watcher: Watcher<T>): Observer<T> {
  onTestFinished(() => watcher.close());
  return new Observer(watcher);
}

/** The same, when all that is there already has been told. */
export async function observeReady<T extends Watched>(watcher: Watcher<T>): Promise<Observer<T>> {
  const observer = observe(watcher);
  await watcher.ready;
  return observer;
}

const acting = `import ctypes, os, signal, sys, threading, time
def rename(name): ctypes.CDLL(None).prctl(15, name.encode())
print('ready', flush=True)
for line in iter(sys.stdin.readline, ''):
    exec(line)
    print('done', flush=True)`;

/** Python that does what it is told: lines of code, by `order()`. */
export function startActor(options: StartOptions = {}): Promise<Child> {
  return startPython(acting, [], options);
}

/** Actors for the tests of this file, to be taken: nothing that they do is part of their start. */
export function grownActors(count: number): () => Promise<Child> {
  const actors: Child[] = [];
  let taken = 0;
  beforeAll(async () => {
    if (system.lacks.renames !== undefined) return; // nobody will ask
    for (let i = 0; i < count; i++) {
      actors.push(await launch('/usr/bin/python3', ['-I', '-S', '-c', acting]));
    }
    return () => Promise.all(actors.map((actor) => actor.stop()));
  });
  return async () => {
    const actor = actors[taken++];
    if (actor === undefined) throw new Error(`there are no more than ${count} actors`);
    await grow(actor);
    return actor;
  };
}

/** Has an actor run a line of Python. */
export async function order(actor: Child, code: string): Promise<void> {
  actor.say(code);
  const answer = await actor.line();
  if (answer !== 'done') throw new Error(`the actor says ${answer}`);
}

/** Has an actor execute a copy of cat(1) in its place. */
export async function executeIn(actor: Child, path: string, ...args: string[]): Promise<void> {
  actor.say(`os.execv(${JSON.stringify(path)}, ${JSON.stringify([path, '--', '-', ...args])})`);
  await until(`process ${actor.pid} runs ${path}`, () => executable(actor.pid) === path);
  // What is said before, Python takes in along with the order.
  actor.say('ready');
  await actor.line();
}

function executable(pid: number): string {
  return readlinkSync(`/proc/${pid}/exe`);
}

async function grow({ pid }: { pid: number }): Promise<void> {
  const { startTime } = findByPidSync(pid, { fields: ['startTime'] }) ?? {};
  if (startTime === undefined) throw new Error(`process ${pid} has ended`);
  await until(`process ${pid} is grown up`, () => Date.now() - startTime > 1250);
}

/** Why what is about events cannot be tested here; undefined where it can. */
export async function whyNoEvents(): Promise<string | undefined> {
  const watcher = watch({ pids: [process.pid] }, { fields: [] });
  await watcher.ready;
  watcher.close();
  const { reason } = watcher.stats;
  if (reason === null) return undefined;
  return emulator === undefined ? reason : `as ${emulator} has it, ${reason}`;
}
