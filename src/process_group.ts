/** The processes of a session, a process group or a control group. */
import { binding } from './binding.js';
import type { Population, Sweep } from './ending.js';
import { wrongType, wrongValue } from './errors.js';
import type { Process } from './fields.js';
import type { Member, Members } from './members.js';
import { checkOptions, checkRealPid } from './options.js';
import { scan, scanSync } from './scan.js';
import { type ChildHandle, isChild, pidOfChild } from './target.js';

/** Processes that belong together, although nobody of their family may be left. */
export type ProcessGroup =
  | {
      /**
       * All of this process group, 1 to 2³¹−1: the PID of its leader, who need not live any more.
       * What a shell with job control starts by one line is one. Of a child process, its PID, whether
       * or not it has ended.
       */
      pgid: number | ChildHandle;
    }
  | {
      /** All of this session, likewise: what a `detached` child process leads is one. */
      sid: number | ChildHandle;
    }
  | {
      /**
       * All of this control group and of those below it: a path as in the field `cgroup`. What systemd
       * calls a unit is one, and a container.
       */
      cgroup: string;
    };

type Row = Process<'id' | 'ppid' | 'pgid' | 'sid' | 'cgroup'>;

/** How to find out who is of a group. */
export interface GroupTest {
  readonly fields: readonly ('id' | 'ppid' | 'pgid' | 'sid' | 'cgroup')[];
  matches(row: Partial<Row>): boolean;
  /** Of a control group, its path. */
  readonly cgroup: string | undefined;
}

export function compileGroup(group: unknown): GroupTest {
  const asked = group as Partial<Record<'pgid' | 'sid' | 'cgroup', unknown>> | undefined;
  const { pgid, sid, cgroup } = checkOptions(asked, 'group');
  const given = [pgid, sid, cgroup].filter((one) => one !== undefined);
  if (given.length !== 1) throw wrongValue('group', 'must have one of pgid, sid and cgroup');
  if (pgid !== undefined) {
    const number = checkLeader(pgid, 'group.pgid');
    return {
      fields: ['id', 'ppid', 'pgid'],
      matches: (row) => row.pgid === number,
      cgroup: undefined,
    };
  }
  if (sid !== undefined) {
    const number = checkLeader(sid, 'group.sid');
    return {
      fields: ['id', 'ppid', 'sid'],
      matches: (row) => row.sid === number,
      cgroup: undefined,
    };
  }
  const path = checkGroupPath(cgroup);
  const below = path === '/' ? path : `${path}/`;
  return {
    fields: ['id', 'ppid', 'cgroup'],
    matches: (row) => row.cgroup === path || (row.cgroup?.startsWith(below) ?? false),
    cgroup: path,
  };
}

function checkLeader(pid: unknown, name: string): number {
  return isChild(pid) ? pidOfChild(pid) : checkRealPid(pid, name);
}

function checkGroupPath(path: unknown): string {
  if (typeof path !== 'string') throw wrongType('group.cgroup', 'a string', path);
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  const isPlain = /^\/(?:[^/\0]+(?:\/[^/\0]+)*)?$/.test(trimmed);
  if (!isPlain || /\/\.{1,2}(?:\/|$)/.test(trimmed)) {
    throw wrongValue('group.cgroup', "must be an absolute path without '.' and '..'");
  }
  return trimmed;
}

const sigkill = 9;

/** How long one sweep may keep the event loop waiting, in milliseconds. */
const longestSweep = 200;

/** Children are born into the groups of their parent: looking at the group again finds them all. */
export class GroupPopulation implements Population {
  readonly members: Members;
  readonly #test: GroupTest;
  #includesSelf = false;

  constructor(members: Members, test: GroupTest) {
    this.members = members;
    this.#test = test;
  }

  /** Who is in it now, members or not. */
  pids(): number[] {
    return this.#list().map(({ pid }) => pid);
  }

  explore(): void {
    this.#take(this.#list());
  }

  sweep(signal: number, mark: (member: Member) => boolean): Sweep {
    const until = performance.now() + longestSweep;
    if (signal === sigkill) this.#killAtOnce();
    do {
      for (const member of this.members.targets())
        if (mark(member)) this.members.send(member, signal);
      if (this.#take(this.#list()).length === 0) return { isComplete: true };
    } while (performance.now() < until);
    return { isComplete: false };
  }

  async look(): Promise<Member[]> {
    const rows: Partial<Row>[] = [];
    for await (const row of scan({}, { fields: this.#test.fields })) {
      if (this.#test.matches(row)) rows.push(row);
    }
    return this.#take(rows as Row[]);
  }

  #list(): Row[] {
    const all: Iterable<Partial<Row>> = scanSync({}, { fields: this.#test.fields });
    return [...all].filter((row) => this.#test.matches(row)) as Row[];
  }

  #take(rows: readonly Row[]): Member[] {
    const taken: Member[] = [];
    for (const { pid, id, ppid } of rows) {
      this.#includesSelf ||= pid === process.pid;
      if (this.members.has(id)) continue;
      const member = this.members.add(pid, this.members.at(ppid), (found) => found.id === id);
      if (member !== undefined) taken.push(member);
    }
    return taken;
  }

  /** Where the kernel kills a control group as a whole, nobody can fork meanwhile. */
  #killAtOnce(): void {
    const { cgroup } = this.#test;
    if (cgroup === undefined || this.#includesSelf) return;
    const [row] = this.#list().filter((one) => one.cgroup === cgroup);
    if (row !== undefined) binding.killControlGroup(Buffer.from(cgroup), row.pid);
  }
}
