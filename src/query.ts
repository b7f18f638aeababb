/** What to look for, from the caller's words to those of native/query.h. */
import { types } from 'node:util';
import { binding } from './binding.js';
import type { Engine } from './engine.js';
import { outOfRange, wrongChoice, wrongType, wrongValue } from './errors.js';
import { type Exclusion, excludedPids } from './exclude.js';
import { fieldMask, optionalFieldMask } from './fields.js';
import {
  checkCount,
  checkKeys,
  checkLimit,
  checkMaxBytes,
  checkOptions,
  checkPids,
  checkPpid,
  checkUid,
} from './options.js';
import { followProgramLinks } from './program_links.js';

/**
 * A name to look for. A string (as UTF-8) or bytes match when they equal, byte for byte, what `by`
 * says; a RegExp is tested against the text, from its start, whatever its `lastIndex`. An array
 * matches when one of its elements does. Neither empty nor with a NUL.
 *
 * One call takes at most 10,000 names, whose strings and bytes are not longer than 2 MiB in all; a
 * string with letters beyond ASCII, whose case does not matter, has at most 4,096 characters.
 *
 * Windows: case does not matter but in a command line, nor which slash stands in a path; and the
 * `.exe` at the end may be left out, also for a RegExp, whose case is up to its flags.
 */
export type NameQuery = NamePattern | readonly NamePattern[];
export type NamePattern = string | RegExp | Uint8Array;

/**
 * What a name is compared with:
 *
 * - `'name'` (default): `name` or `comm`
 * - `'comm'`: `comm` alone
 * - `'exe'`: the executable's base name; its whole path when the query has a `/` (Windows: or a `\`).
 *   Links in `/bin`, `/sbin`, `/usr/bin`, `/usr/sbin` and `/etc/alternatives` are followed when the call
 *   is made, so that `/bin/sleep` finds `/usr/bin/sleep`; for other links, pass what `fs.realpath()` tells.
 * - `'argv0'`: the first argument, likewise; of a login shell also without the dash in front of it
 *   (`-bash` is found as `bash` too), and of a path in Windows, as Wine puts it there, what stands
 *   behind the last backslash
 * - `'cmdline'`: the arguments with spaces between them, in which it is to occur
 * - `'any'`: any of these
 *
 * A RegExp is tested against base name and path.
 */
export type MatchBy = 'name' | 'comm' | 'exe' | 'argv0' | 'cmdline' | 'any';

export interface NameOptions {
  /** What the name is compared with. Default: `'name'`. */
  by?: MatchBy | undefined;
  /**
   * Upper and lower case are the same. Default: false. Windows: case only matters in a command line
   * to begin with.
   */
  ignoreCase?: boolean | undefined;
  /**
   * Only processes of this real user id, 0 to 2³²−1. Default: any. Windows has no such ids: none
   * matches.
   */
  uid?: number | undefined;
  /** Only children of this process, 0 to 2³¹−1. Default: any. */
  ppid?: number | undefined;
  /**
   * Whether processes count that have ended, and are there only until their parents wait for them. A
   * zombie whose first thread alone has ended, while others go on, has not. Default: false where
   * there is a name, and true for a scan without one, which lists them with their `state`.
   *
   * A watch with `zombies: true` tells those too that had ended before it began: a `start` marked
   * `existing`, and their `exit` next. Its default is false, with and without a name.
   *
   * Windows has no zombies.
   */
  zombies?: boolean | undefined;
  /**
   * Processes to leave out, before anything is read of them and whatever they are called. One of
   * these, or an array of them:
   *
   * - `'self'`: the process that calls
   * - `'ancestors'`: the process that calls, its parent, the parent of that one, and so on, as they
   *   are when the call is made: a search in command lines would find whoever was told what to
   *   search for, `npx` and `sh -c` among them. Ends at an ancestor that is hidden from this user.
   * - a PID, 0 to 2³¹−1
   *
   * Default: none.
   */
  exclude?: Exclusion | readonly Exclusion[] | undefined;
}

/** Which processes; all conditions have to hold. */
export interface ProcessFilter extends NameOptions {
  /** Default: any. */
  name?: NameQuery | undefined;
  /** Only these, at most 4,194,304; no others are looked at. Default: all processes. */
  pids?: readonly number[] | undefined;
}

/** All conditions that there are. */
const conditions: Readonly<Record<keyof ProcessFilter, true>> = {
  name: true,
  by: true,
  ignoreCase: true,
  uid: true,
  ppid: true,
  pids: true,
  exclude: true,
  zombies: true,
};

/** All options of a lookup by name. */
const nameOptions: Readonly<Record<string, true>> = {
  by: true,
  ignoreCase: true,
  uid: true,
  ppid: true,
  exclude: true,
  zombies: true,
  limit: true,
  fields: true,
  maxBytes: true,
  signal: true,
};

/** In the order of `By` in native/query.h. */
const byNumbers: readonly string[] = ['name', 'comm', 'exe', 'argv0', 'cmdline', 'any'];

/** What each `by` compares with, as fields. */
const subjectFields = {
  name: ['name', 'comm'],
  comm: ['comm'],
  exe: ['exe'],
  argv0: ['cmdline'],
  cmdline: ['cmdline'],
  any: ['name', 'comm', 'exe', 'cmdline'],
} as const;

/** The flags of addQuery() in native/node/addon.cc. */
const flags = { ignoreCase: 1, tellAll: 2, anyName: 4, skipsEnded: 8, tellsEnded: 16 };

/** The arguments of Binding.addQuery(). */
export interface NativeQuery {
  readonly by: number;
  readonly flags: number;
  readonly uid: number;
  readonly ppid: number;
  readonly limit: number;
  readonly fields: number;
  readonly names: Uint8Array;
  readonly textLimit: number;
  readonly excluded: Int32Array | undefined;
}

/** A decision that only JavaScript can make: whether one of the patterns matches. */
export interface NameTest {
  /** `pid`, and the fields that `matches` looks at. */
  readonly fields: number;
  matches(subject: NameSubject): boolean;
}

export interface NameSubject {
  name?: string;
  comm?: string;
  exe?: string | null;
  cmdline?: string[] | null;
}

export interface Query {
  readonly native: NativeQuery;
  /**
   * The query for the pass over all processes. It equals `native` when native code alone can decide.
   * Otherwise it asks for the fields that the test looks at, of all processes, ended ones included.
   */
  readonly candidates: NativeQuery;
  /** There when native code alone cannot decide. */
  readonly test: NameTest | undefined;
  readonly pids: Int32Array | undefined;
}

export interface QueryOptions extends NameOptions {
  limit?: number | undefined;
  fields?: unknown;
  maxBytes?: unknown;
  pids?: unknown;
}

/** `name` may be left out where a filter is meant. `engine` is to tell who this process is. */
export function compileQuery(
  name: NameQuery | undefined,
  options: QueryOptions,
  engine?: Engine,
): Query {
  const { by = 'name', ignoreCase = false, zombies = name === undefined } = options;
  const byNumber = byNumbers.indexOf(by);
  if (byNumber === -1) throw wrongChoice('options.by', byNumbers, by);
  if (typeof ignoreCase !== 'boolean')
    throw wrongType('options.ignoreCase', 'a boolean', ignoreCase);
  if (typeof zombies !== 'boolean') throw wrongType('options.zombies', 'a boolean', zombies);
  const { literals, patterns } = sortNames(name, by, ignoreCase);
  const test = patterns.length === 0 ? undefined : nameTest(patterns, by);
  const native: NativeQuery = {
    by: byNumber,
    flags:
      (ignoreCase ? flags.ignoreCase : 0) |
      (test ? flags.tellAll : 0) |
      (name === undefined ? flags.anyName : 0) |
      (zombies ? flags.tellsEnded : flags.skipsEnded),
    uid: checkUid(options.uid),
    ppid: checkPpid(options.ppid),
    limit: checkLimit(options.limit),
    fields: optionalFieldMask(options.fields),
    names: literals,
    textLimit: checkMaxBytes(options.maxBytes),
    excluded: excludedPids(options.exclude, engine, askPpid),
  };
  const candidates = test === undefined ? native : candidatesFor(native, test);
  return { native, candidates, test, pids: checkPids(options.pids) };
}

function candidatesFor(native: NativeQuery, { fields }: NameTest): NativeQuery {
  const withEnded = native.flags & ~flags.skipsEnded;
  return { ...native, flags: withEnded, limit: 0, fields, uid: -1, ppid: -1 };
}

const askPpid = () => compileQuery(undefined, { fields: ['ppid'] });

/**
 * What to tell of each process is not the filter's. `zombies` where the filter does not say: by
 * default, whether it names nobody.
 */
export function compileFilter(
  filter: ProcessFilter | undefined,
  { fields, maxBytes }: { fields?: unknown; maxBytes?: unknown },
  { engine, zombiesByDefault }: { engine?: Engine; zombiesByDefault?: boolean },
): Query {
  const checked = checkFilter(filter);
  const { name, by, ignoreCase, uid, ppid, pids, exclude, zombies = zombiesByDefault } = checked;
  const options = { by, ignoreCase, uid, ppid, pids, exclude, zombies, fields, maxBytes };
  return compileQuery(name, options, engine);
}

function checkFilter(filter: ProcessFilter | undefined): ProcessFilter {
  const checked = checkOptions(filter, 'filter');
  checkKeys('filter', checked, conditions, 'condition');
  return checked;
}

/** Also of a lookup by name, some of whose options are conditions. */
export function checkNameOptions<T extends object>(options: T | undefined): T {
  const checked = checkOptions(options);
  checkKeys('options', checked, nameOptions, 'option');
  return checked;
}

/** A test of a text: of the whole of it, or of whether it occurs somewhere in it. */
interface Pattern {
  readonly whole: RegExp;
  readonly within: RegExp;
}

export const nameTypes = 'a string, a RegExp, a Uint8Array or an array of these';

/** Of one query; without the terminators. */
const mostNames = 10_000;
const mostBytes = 2 ** 21;

interface SortedNames {
  /** To be compared as bytes, in native code: a NUL behind each. */
  readonly literals: Uint8Array;
  readonly patterns: readonly Pattern[];
}

function sortNames(name: NameQuery | undefined, by: MatchBy, ignoreCase: boolean): SortedNames {
  const names = copyNames(name);
  const isCaseless = ignoreCase || (namesAreImages && by !== 'cmdline');
  const texts: string[] = [];
  const bytes: Uint8Array[] = [];
  const patterns: Pattern[] = [];
  let length = 0;
  for (const one of names) {
    if (types.isRegExp(one)) {
      patterns.push(ownPattern(one, ignoreCase));
      continue;
    }
    if (typeof one !== 'string' && !types.isUint8Array(one))
      throw wrongType('name', nameTypes, one);
    // A string has at least as many bytes: what is too long is neither looked into nor encoded.
    length += one.length;
    if (length > mostBytes) throw tooLong(length);
    checkLiteral(one);
    if (typeof one !== 'string') bytes.push(one);
    else if (isCaseless && isBeyondAscii(one)) patterns.push(caselessPattern(one, ignoreCase));
    else texts.push(...spellings(one, by));
  }
  // Together, for each call of the encoder costs more than a name does.
  const encoded = Buffer.from(texts.map((text) => `${text}\0`).join(''));
  const literals =
    bytes.length === 0
      ? encoded
      : Buffer.concat([encoded, ...bytes.flatMap((one) => [one, terminator])]);
  if (literals.length - texts.length - bytes.length > mostBytes) throw tooLong(literals.length);
  return { literals, patterns };
}

/** The path of an executable is told without symbolic links; on most systems, `/bin` is one. */
function spellings(name: string, by: MatchBy): string[] {
  const isPath = (by === 'exe' || by === 'any') && name.startsWith('/') && !namesAreImages;
  const followed = isPath ? followProgramLinks(name) : name;
  return followed === name ? [name] : [name, followed];
}

const terminator = new Uint8Array(1);

function tooLong(bytes: number): RangeError {
  return outOfRange('name', `at most ${mostBytes} bytes in all`, bytes);
}

/** Each element is read once: what a caller's array says of itself may change. */
function copyNames(name: NameQuery | undefined): readonly unknown[] {
  if (name === undefined) return [];
  if (!Array.isArray(name)) return [name];
  const count = checkCount('name', name, mostNames, 'names');
  if (count === 0) throw wrongValue('name', 'must not be an empty array');
  const copy: unknown[] = [];
  for (let i = 0; i < count; i++) copy.push(name[i]);
  return copy;
}

function checkLiteral(name: string | Uint8Array): void {
  if (name.length === 0) throw wrongValue('name', 'must not be empty');
  if (typeof name === 'string' ? name.includes('\0') : name.includes(0)) {
    throw wrongValue('name', 'must not contain a NUL');
  }
}

/** The case of image files does not matter; that of what stands in a command line does. */
const { namesAreImages } = binding;

/** Native code compares the letters of ASCII without regard to case, and no others. */
function isBeyondAscii(text: string): boolean {
  return /[^\0-\x7f]/.test(text);
}

/**
 * Compiling a RegExp takes some 100 bytes of the stack for each letter. This fits into the smallest
 * stack that there is, a megabyte on Windows, and no path of Linux has more.
 */
const mostCaseless = 4096;

function caselessPattern(name: string, ignoreCase: boolean): Pattern {
  if (name.length > mostCaseless) {
    const range = `at most ${mostCaseless} characters where case does not matter beyond ASCII`;
    throw outOfRange('name', range, name.length);
  }
  const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  const path = namesAreImages ? escaped.replace(/\\[\\/]/g, '[\\\\/]') : escaped;
  return {
    whole: new RegExp(`^${path}$`, 'iu'),
    within: new RegExp(escaped, ignoreCase ? 'iu' : 'u'),
  };
}

/** A copy, so that neither the caller's `lastIndex` counts nor ours shows. */
function ownPattern(pattern: RegExp, ignoreCase: boolean): Pattern {
  const kept = pattern.flags.replace(/[gi]/g, '');
  const isCaseless = ignoreCase || pattern.ignoreCase;
  const copy = new RegExp(pattern.source, isCaseless ? `${kept}i` : kept);
  return { whole: copy, within: copy };
}

function nameTest(patterns: readonly Pattern[], by: MatchBy): NameTest {
  const includes = (one: MatchBy) => by === one || by === 'any';
  return {
    fields: fieldMask(subjectFields[by]),
    matches({ name, comm, exe, cmdline }) {
      const whole: (string | undefined)[] = [];
      if (includes('name')) whole.push(name, comm);
      if (includes('comm')) whole.push(comm);
      if (includes('exe') && exe) whole.push(exe, baseName(exe));
      const argv0 = cmdline?.[0];
      if (includes('argv0') && argv0 !== undefined) whole.push(...namesInArgv0(argv0));
      if (namesAreImages) whole.push(...whole.map(withoutExe));
      const line = includes('cmdline') && cmdline?.length ? cmdline.join(' ') : undefined;
      return patterns.some(
        (pattern) =>
          whole.some((text) => text !== undefined && test(pattern.whole, text)) ||
          (line !== undefined && test(pattern.within, line)),
      );
    },
  };
}

function test(pattern: RegExp, text: string): boolean {
  pattern.lastIndex = 0; // only moved by the `y` flag, which anchors the pattern to the start
  return pattern.test(text);
}

function baseName(path: string): string {
  const slash = namesAreImages
    ? Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
    : path.lastIndexOf('/');
  return path.slice(slash + 1);
}

/**
 * A login shell has a dash in front of its name, and Wine knows a program by its path in Windows; see
 * NameSet::contains_argv0() in native/name.h.
 */
function namesInArgv0(argv0: string): string[] {
  const base = baseName(argv0);
  if (namesAreImages) return [argv0, base];
  const isWindowsPath = /^(?:\\\\|[a-z]:[\\/])/i.test(argv0);
  const own = isWindowsPath ? base.slice(base.lastIndexOf('\\') + 1) : base;
  const names = [argv0, base, own];
  return names.concat(names.filter((name) => name.startsWith('-')).map((name) => name.slice(1)));
}

/** What a query may leave out. */
function withoutExe(name: string | undefined): string | undefined {
  return name?.replace(/(?<=.)\.exe$/i, '');
}
