/** Processes that are to be signalled or ended together, and what has become of each. */
import { binding } from './binding.js';
import { ProcessError, statusError } from './errors.js';
import type { Process } from './fields.js';
import { findByPidSync, isRunning } from './find.js';
import { waitForExit } from './lifecycle.js';
import type { Exit } from './monitor.js';

/** The fields that are read of each member; on Linux, one or two small files hold them. */
const fields = ['name', 'ppid', 'state', 'startTime', 'id', 'pgid'] as const;

type MemberRecord = Process<(typeof fields)[number]>;

/** What native calls return for a process that there is not (any more), and for what a host cannot. */
const gone = 2;
const unsupported = 4;

/** Instead of a signal: none. */
const listing = -1;

const notKnown: Exit = { code: null, signal: null };

export interface Member {
  /** With the default fields. */
  readonly process: Process;
  /** Whether it led a process group when it was found. */
  readonly isLeader: boolean;
  /** Who is known to have started it. */
  readonly parent: Member | undefined;
  /** See `origin` in binding.ts; undefined until it was asked for. */
  origin: number | undefined;
  isAsked: boolean;
  isKilled: boolean;
  /** This user may not signal it. */
  isDenied: boolean;
  /** It was started when the others had been asked to end, maybe in order to do so. */
  isLate: boolean;
  /** How it ended; undefined while it has not. */
  exit: Exit | undefined;
  /** There is no telling when it ends but by looking. */
  isUnheard: boolean;
}

/** What became of a signal, and the children that its receiver was seen to have. */
export interface Sent {
  /** There is no such process any more. */
  readonly isGone: boolean;
  /** Before the signal was sent. */
  readonly children: readonly number[];
  /** Those and others, afterwards. */
  readonly childrenAfter: readonly number[];
  /** This host cannot list the children of one process. */
  readonly isUnlisted: boolean;
}

export class Members {
  readonly #all = new Map<string, Member>();
  /** The last one found by each PID. */
  readonly #byPid = new Map<number, Member>();
  /** Ends the waits. */
  readonly #over = new AbortController();
  readonly #isAwaited: boolean;
  #hear = () => {};
  /** The first thing that went wrong, which does not keep the others from being signalled. */
  #failure: unknown;

  /** Whether their ends are to be waited for. */
  constructor(isAwaited: boolean) {
    this.#isAwaited = isAwaited;
  }

  /** In the order in which they were found. */
  *[Symbol.iterator](): IterableIterator<Member> {
    yield* this.#all.values();
  }

  get size(): number {
    return this.#all.size;
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  at(pid: number): Member | undefined {
    return this.#byPid.get(pid);
  }

  living(): Member[] {
    return [...this].filter(({ exit }) => exit === undefined);
  }

  /** Those that can be signalled. */
  targets(): Member[] {
    return this.living().filter(({ isDenied }) => !isDenied);
  }

  /** Undefined when it is one already, or this very process, or has ended, or `isRight` says no. */
  add(
    pid: number,
    parent: Member | undefined,
    isRight: (record: MemberRecord) => boolean,
  ): Member | undefined {
    if (pid === process.pid) return undefined;
    const found = this.#lookUp(pid);
    if (found === undefined || this.has(found.id) || !isRight(found)) return undefined;
    // It has ended before, and its parent has yet to take note of it.
    if (found.state === 'zombie' && !isRunning(found)) return undefined;
    const { pgid, ...record } = found;
    const member: Member = {
      process: record,
      isLeader: pgid === pid,
      parent,
      origin: undefined,
      isAsked: false,
      isKilled: false,
      isDenied: false,
      isLate: false,
      exit: undefined,
      isUnheard: false,
    };
    this.#all.set(record.id, member);
    this.#byPid.set(pid, member);
    if (this.#isAwaited) this.#await(member);
    return member;
  }

  /** The children of a member. */
  list(member: Member): Pick<Sent, 'children' | 'isUnlisted'> {
    const { pid } = member.process;
    const [, listed = 0, ...children] = this.#signal(member, listing);
    if (listed < 0) this.#note(member, statusError(listed, pid));
    // Had its PID been given to another process meanwhile, these might be that one's.
    const isNews = children.some((child) => !this.#byPid.has(child));
    const now = isNews ? this.#lookUp(pid) : undefined;
    const isAnother = now !== undefined && now.id !== member.process.id;
    return { children: isAnother ? [] : children, isUnlisted: listed === unsupported };
  }

  /** Sends a signal, and lists the children around that. */
  send(member: Member, signal: number): Sent {
    const { pid } = member.process;
    const [sent = 0, listed = 0, ...children] = this.#signal(member, signal);
    // How it ended, the wait is about to tell.
    if (sent === gone && (member.isUnheard || !this.#isAwaited)) this.#end(member, notKnown);
    if (sent < 0) this.#note(member, statusError(sent, pid));
    if (listed < 0) this.#note(member, statusError(listed, pid));
    const before = children.indexOf(0);
    return {
      isGone: sent === gone,
      children: before < 0 ? children : children.slice(0, before),
      childrenAfter: before < 0 ? [] : children.slice(before + 1),
      isUnlisted: listed === unsupported,
    };
  }

  /** Throws what went wrong so far, once. */
  check(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Has `hear` called whenever a member has ended. */
  listen(hear: () => void): void {
    this.#hear = hear;
  }

  /** Looks at those whose ends nobody tells, or at all. */
  lookAgain(isForAll = false): void {
    for (const member of this.living()) {
      if ((isForAll || member.isUnheard) && !isRunning(member.process)) this.#end(member, notKnown);
    }
  }

  /** No more ends are waited for. */
  close(): void {
    this.#over.abort();
  }

  #signal({ process: { pid, id } }: Member, signal: number): Int32Array {
    const answer = binding.signalParent(pid, Buffer.from(id), signal);
    if (typeof answer === 'number') throw statusError(answer, pid);
    return new Int32Array(answer);
  }

  #note(member: Member, error: ProcessError): void {
    if (error.code === 'EPERM') member.isDenied = true;
    else this.#failure ??= error;
  }

  #end(member: Member, exit: Exit): void {
    if (member.exit !== undefined) return;
    member.exit = exit;
    this.#hear();
  }

  async #await(member: Member): Promise<void> {
    try {
      this.#end(member, await waitForExit(member.process, { signal: this.#over.signal }));
    } catch {
      member.isUnheard = true; // there may be no descriptor left, and it can still be looked at
    }
  }

  #lookUp(pid: number): MemberRecord | undefined {
    try {
      return findByPidSync(pid, { fields });
    } catch (error) {
      // One that is hidden from this user is not his to signal.
      if (!(error instanceof ProcessError)) throw error;
      if (error.code !== 'EACCES') this.#failure ??= error;
      return undefined;
    }
  }
}
