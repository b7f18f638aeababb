/** What a careful author writes without a library: each question by the files that it needs. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Found, JsContender } from '../contender.js';
import { asking } from './asking.js';
import {
  allFiles,
  allLinks,
  bootTime,
  completeName,
  cutName,
  maybeCut,
  pidsOf,
  type Row,
  row,
  type Texts,
  withheld,
} from './proc_text.js';

export const fsVersion = async () => `Node.js ${process.versions.node}`;

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    return withheld(error);
  }
}

function readSync(pid: number, file: string): string | undefined {
  return attempt(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'));
}

let started: number | undefined;

/** It never changes: careful authors read it once. */
function bootedAt(): number {
  started ??= bootTime(readFileSync('/proc/stat', 'utf8'));
  return started;
}

/** The files and links of a process. */
export function textsSync(pid: number, files: readonly string[], links: readonly string[]): Texts {
  const texts: Record<string, string | undefined> = {};
  for (const file of files) texts[file] = readSync(pid, file);
  for (const link of links) texts[link] = attempt(() => readlinkSync(`/proc/${pid}/${link}`));
  return texts;
}

/** By its stat; and by its arguments where the name there may have been cut. */
function oneSync(pid: number): Row | undefined {
  const stat = readSync(pid, 'stat');
  const found = row(pid, { stat }, bootedAt());
  if (found === undefined || !maybeCut(found.name)) return found;
  return row(pid, { stat, cmdline: readSync(pid, 'cmdline') }, bootedAt());
}

function wholeNameSync(pid: number, comm: string): string {
  return maybeCut(comm) ? completeName(comm, readSync(pid, 'cmdline')) : comm;
}

function findSync(name: string, limit = Number.POSITIVE_INFINITY): Found[] {
  const found: Found[] = [];
  const wanted = `${cutName(name)}\n`;
  for (const pid of pidsOf(readdirSync('/proc'))) {
    const comm = readSync(pid, 'comm');
    if (comm !== wanted || wholeNameSync(pid, comm.slice(0, -1)) !== name) continue;
    found.push({ pid, name });
    if (found.length === limit) break;
  }
  return found;
}

function namesSync(): Found[] {
  return pidsOf(readdirSync('/proc')).flatMap((pid) => {
    const comm = readSync(pid, 'comm');
    return comm === undefined ? [] : [{ pid, name: wholeNameSync(pid, comm.slice(0, -1)) }];
  });
}

function allFieldsSync(): Row[] {
  return pidsOf(readdirSync('/proc')).flatMap((pid) => {
    const fds = attempt(() => readdirSync(`/proc/${pid}/fd`))?.length.toString();
    return row(pid, { ...textsSync(pid, allFiles, allLinks), fds }, bootedAt()) ?? [];
  });
}

const listed = (found: readonly Found[]) => [...found];

export const fsSync: JsContender = {
  id: 'fs-sync',
  title: 'careful node:fs, synchronous',
  version: fsVersion,
  question: asking<readonly Found[]>(
    {
      pid: ({ pid }) => [oneSync(pid) ?? []].flat(),
      'name-absent': ({ absentName }) => findSync(absentName),
      'name-first': ({ commonName }) => findSync(commonName, 1),
      'name-long': ({ longName }) => findSync(longName),
      'all-names': namesSync,
      'all-default': () => pidsOf(readdirSync('/proc')).flatMap((pid) => oneSync(pid) ?? []),
      'all-fields': allFieldsSync,
    },
    listed,
  ),
};

function read(pid: number, file: string): Promise<string | undefined> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(withheld);
}

/** As many as keep libuv's four threads busy: with all at once their buffers would pile up. */
const atOnce = 16;

/** What `look` finds of each process; no more are looked at once there are `limit`. */
async function each<T>(
  look: (pid: number) => Promise<T | undefined>,
  limit = Number.POSITIVE_INFINITY,
): Promise<T[]> {
  const pids = pidsOf(await readdir('/proc'));
  const found: T[] = [];
  for (let i = 0; i < pids.length && found.length < limit; i += atOnce) {
    const some = await Promise.all(pids.slice(i, i + atOnce).map(look));
    found.push(...some.filter((one) => one !== undefined));
  }
  return found.slice(0, limit);
}

async function wholeName(pid: number, comm: string): Promise<string> {
  return maybeCut(comm) ? completeName(comm, await read(pid, 'cmdline')) : comm;
}

async function one(pid: number): Promise<Row | undefined> {
  const stat = await read(pid, 'stat');
  const found = row(pid, { stat }, bootedAt());
  if (found === undefined || !maybeCut(found.name)) return found;
  return row(pid, { stat, cmdline: await read(pid, 'cmdline') }, bootedAt());
}

function find(name: string, limit?: number): Promise<Found[]> {
  const wanted = `${cutName(name)}\n`;
  return each<Found>(async (pid) => {
    const comm = await read(pid, 'comm');
    if (comm !== wanted || (await wholeName(pid, comm.slice(0, -1))) !== name) return undefined;
    return { pid, name };
  }, limit);
}

async function named(pid: number): Promise<Found | undefined> {
  const comm = await read(pid, 'comm');
  return comm === undefined ? undefined : { pid, name: await wholeName(pid, comm.slice(0, -1)) };
}

async function everything(pid: number): Promise<Row | undefined> {
  const texts = await Promise.all([
    ...allFiles.map(async (file) => [file, await read(pid, file)] as const),
    ...allLinks.map(
      async (link) => [link, await readlink(`/proc/${pid}/${link}`).catch(withheld)] as const,
    ),
  ]);
  const fds = (await readdir(`/proc/${pid}/fd`).catch(withheld))?.length.toString();
  return row(pid, { ...Object.fromEntries(texts), fds }, bootedAt());
}

export const fsPromises: JsContender = {
  id: 'fs-promises',
  title: 'careful node:fs/promises',
  version: fsVersion,
  question: asking<readonly Found[]>(
    {
      pid: async ({ pid }) => [(await one(pid)) ?? []].flat(),
      'name-absent': ({ absentName }) => find(absentName),
      'name-first': ({ commonName }) => find(commonName, 1),
      'name-long': ({ longName }) => find(longName),
      'all-names': () => each(named),
      'all-default': () => each(one),
      'all-fields': () => each(everything),
    },
    listed,
  ),
};
