/** Processes and their descendants, however these come and go while they are looked for. */
import { binding } from './binding.js';
import type { Population, Sweep } from './ending.js';
import type { Process } from './fields.js';
import type { Member, Members } from './members.js';
import { scan, scanSync } from './scan.js';

/** What is read of every process, where it takes a look at every one; one file on Linux. */
const fields = ['id', 'ppid', 'pgid', 'sid', 'startTime'] as const;

type Row = Process<(typeof fields)[number]>;

/** Milliseconds by which the start of a process may be told too late or too early. */
const inexactness = 30;

/** How long one sweep may keep the event loop waiting, in milliseconds. */
const longestSweep = 200;

/** PID 1, which adopts all orphans that nobody else does. */
const init = 1;

/**
 * Parents lead to their children while they live, and nobody is signalled before his children have
 * been listed. To a process that lost its parent unseen lead, if it was started since the tree has been
 * looked at:
 *
 * - its session, whose leader was of the tree: only descendants of the leader can be in it;
 * - its process group, likewise, when who adopts the orphans of the tree has adopted it;
 * - its origin: the kernel puts programs at random places, which forked processes share until they
 *   execute a program. Equal to that of a member, and of nobody else who was there before.
 *
 * What was orphaned before that has been let go, as daemons are.
 */
export class ProcessTree implements Population {
  readonly members: Members;
  readonly #roots: Member[] = [];
  readonly #begin = Date.now() - inexactness;
  #isExplored = false;
  #hasOwnChildren = false;
  /** Whether some have been started, or have ended unasked, since. */
  #isChanging = false;
  /** This host does not list the children of one process. */
  #isUnlisted = false;
  /** Origins of processes that are not of the tree. */
  #strangers: ReadonlySet<number> | undefined;

  constructor(members: Members) {
    this.members = members;
  }

  /** Unless it has gone. */
  addRoot({ pid, id }: Process<'id'>): Member | undefined {
    const root = this.members.add(pid, undefined, (found) => found.id === id);
    if (root !== undefined) this.#roots.push(root);
    return root;
  }

  /** All below this very process, which cannot be a member: those it has now. */
  addOwnChildren(): Member[] {
    if (this.#hasOwnChildren) return [];
    this.#hasOwnChildren = true;
    const own = [...scanSync({ ppid: process.pid }, { fields: ['id'] })];
    return own.flatMap((child) => this.addRoot(child) ?? []);
  }

  explore(): void {
    this.#follow();
    this.#isExplored = true;
  }

  /** From the roots on: who looks after others and starts them anew is to hear of it first. */
  sweep(signal: number, mark: (member: Member) => boolean): Sweep {
    const until = performance.now() + longestSweep;
    const waiting = this.members.targets();
    let next = 0;
    for (let member = waiting[next]; member !== undefined; member = waiting[++next]) {
      if (member.isDenied || member.exit !== undefined || !mark(member)) continue;
      const listedAt = Date.now();
      const { isGone, children, childrenAfter } = this.members.send(member, signal);
      this.#isChanging ||= isGone;
      waiting.push(...this.#take(member, children, listedAt));
      for (const child of this.#take(member, childrenAfter, Date.now())) {
        child.isLate = true; // it may have been started because of the signal
        waiting.push(child);
      }
      if (performance.now() > until) break;
    }
    const isComplete = next >= waiting.length - 1;
    return {
      isComplete: isComplete && (!this.#isUnlisted || this.#takeAll(listAll()).length === 0),
    };
  }

  async look(haveSomeEnded: boolean): Promise<Member[]> {
    const known = this.members.size;
    this.#follow();
    // Only now: nobody was to wait for it before he was signalled.
    for (const member of this.members.living()) {
      member.origin ??= binding.origin(member.process.pid, false);
    }
    if (haveSomeEnded && (this.#isChanging || this.#isUnlisted || this.#hasGroupLeft())) {
      const rows: Row[] = [];
      for await (const batch of scan({}, { fields }).batches()) rows.push(...batch);
      this.#takeAll(rows);
    }
    return [...this.members].slice(known);
  }

  /**
   * Adds the descendants of all that live. One that has been killed forks no more, and its children
   * are known. Of a tree that grows faster than it can be looked at, sweeping finds the rest.
   */
  #follow(): void {
    const until = performance.now() + longestSweep;
    const waiting = this.members.living().filter((one) => one.isDenied || !one.isKilled);
    let next = 0;
    for (let parent = waiting[next]; parent !== undefined; parent = waiting[++next]) {
      if (performance.now() > until) break;
      const listedAt = Date.now();
      const { isUnlisted, children } = this.members.list(parent);
      this.#isUnlisted ||= isUnlisted;
      if (this.#isUnlisted) break;
      waiting.push(...this.#take(parent, children, listedAt));
    }
    if (this.#isUnlisted) this.#takeAll(listAll());
  }

  /** Those that are new of a list of children, as it was at some moment. */
  #take(parent: Member, pids: readonly number[], listedAt: number): Member[] {
    const { pid, startTime } = parent.process;
    const taken: Member[] = [];
    for (const child of pids) {
      if (child === process.pid) taken.push(...this.addOwnChildren());
      const known = this.members.at(child);
      if (known !== undefined && known.exit === undefined) continue;
      const member = this.members.add(child, parent, (found) => {
        if (found.ppid === pid) return true;
        // It has lost this parent since; or it has been given the PID since, and is too young.
        const { startTime: start } = found;
        return start >= startTime - inexactness && start <= listedAt + inexactness;
      });
      if (member !== undefined) taken.push(member);
    }
    if (taken.length > 0) this.#isChanging ||= this.#isExplored;
    return taken;
  }

  /** Those that are new among all processes. */
  #takeAll(rows: readonly Row[]): Member[] {
    const byPid = new Map(rows.map((row) => [row.pid, row]));
    const reapers = this.#reapers(byPid);
    const taken: Member[] = [];
    const self = byPid.get(process.pid);
    if (self !== undefined && this.members.at(self.ppid) !== undefined) this.addOwnChildren();
    let rest = rows.filter(({ id }) => !this.members.has(id));
    // In the order of PIDs children may come before their parents.
    for (let before = -1; before !== taken.length; ) {
      before = taken.length;
      rest = rest.filter((row) => {
        const parent = this.members.at(row.ppid);
        const isChild = parent !== undefined && parent.process.id === byPid.get(row.ppid)?.id;
        if (!isChild && !this.#isLost(row, reapers, rows)) return true;
        const from = isChild ? parent : undefined;
        const member = this.members.add(row.pid, from, ({ id }) => id === row.id);
        if (member !== undefined) taken.push(member);
        return false;
      });
    }
    if (taken.length > 0) this.#isChanging ||= this.#isExplored;
    return taken;
  }

  #isLost(row: Row, reapers: ReadonlySet<number>, rows: readonly Row[]): boolean {
    if (!this.#isExplored || row.startTime < this.#begin) return false;
    // A number is not given to a new process while it is that of a session or a group: whoever was a
    // member by it, was its leader.
    if (row.sid !== null && this.members.at(row.sid) !== undefined) return true;
    if (!reapers.has(row.ppid)) return false;
    // The parent of a root may itself have put others into the group, as shells do.
    const isOfShell =
      row.ppid !== init && this.#roots.some(({ process }) => process.ppid === row.ppid);
    if (row.pgid !== null && this.members.at(row.pgid) !== undefined && !isOfShell) return true;
    const origin = binding.origin(row.pid, true);
    if (origin === 0) return false;
    this.#strangers ??= this.#originsOfStrangers(rows);
    return !this.#strangers.has(origin) && [...this.members].some((one) => one.origin === origin);
  }

  /** Of those that were there before. */
  #originsOfStrangers(rows: readonly Row[]): ReadonlySet<number> {
    const strangers = rows.filter(
      ({ id, startTime }) => startTime < this.#begin && !this.members.has(id),
    );
    return new Set(strangers.map(({ pid }) => binding.origin(pid, false)));
  }

  /** Who may adopt orphans of the tree. */
  #reapers(byPid: ReadonlyMap<number, Row>): ReadonlySet<number> {
    const reapers = new Set([init]);
    for (const { process } of this.#roots) {
      let { ppid }: { ppid: number } = process;
      while (ppid > 0 && !reapers.has(ppid)) {
        reapers.add(ppid);
        ppid = byPid.get(ppid)?.ppid ?? 0;
      }
    }
    return reapers;
  }

  /** Whether a process group that was of the tree has a member yet. */
  #hasGroupLeft(): boolean {
    return [...this.members].some(({ isLeader, process: { pid } }) => isLeader && hasGroup(pid));
  }
}

function listAll(): Row[] {
  return [...scanSync({}, { fields })];
}

function hasGroup(pgid: number): boolean {
  try {
    return process.kill(-pgid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
