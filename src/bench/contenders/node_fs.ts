/**
 * What a careful author writes without a library: every name read to find one, and every process
 * read in full, psutil's way, for all the other questions.
 */
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
  tableFiles,
  tableLinks,
  withheld,
} from './proc_text.js';

const version = async () => `Node.js ${process.versions.node}`;

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

function findSync(name: string, limit = Number.POSITIVE_INFINITY): Found[] {
  const found: Found[] = [];
  const wanted = `${cutName(name)}\n`;
  const isCut = maybeCut(name);
  for (const pid of pidsOf(readdirSync('/proc'))) {
    const comm = readSync(pid, 'comm');
    if (comm !== wanted) continue;
    if (isCut && completeName(comm.slice(0, -1), readSync(pid, 'cmdline')) !== name) continue;
    found.push({ pid, name });
    if (found.length === limit) break;
  }
  return found;
}

function tableSync(isAll: boolean): Row[] {
  const started = bootTime(readFileSync('/proc/stat', 'utf8'));
  const read = isAll ? everythingSync : tableTextsSync;
  return pidsOf(readdirSync('/proc')).flatMap((pid) => row(pid, read(pid), started) ?? []);
}

function tableTextsSync(
  pid: number,
  files: readonly string[] = tableFiles,
  links: readonly string[] = tableLinks,
): Texts {
  const texts: Record<string, string | undefined> = {};
  for (const file of files) texts[file] = readSync(pid, file);
  for (const link of links) texts[link] = attempt(() => readlinkSync(`/proc/${pid}/${link}`));
  return texts;
}

function everythingSync(pid: number): Texts {
  const fds = attempt(() => readdirSync(`/proc/${pid}/fd`));
  return { ...tableTextsSync(pid, allFiles, allLinks), fds: fds?.length.toString() };
}

export const fsSync: JsContender = {
  id: 'fs-sync',
  title: 'node:fs, synchronous',
  version,
  question: asking<Found[]>(
    {
      pid: ({ pid }) => tableSync(false).filter((process) => process.pid === pid),
      'name-absent': ({ absentName }) => findSync(absentName),
      'name-first': ({ commonName }) => findSync(commonName, 1),
      'name-long': ({ longName }) => findSync(longName),
      'all-names': () => tableSync(false),
      'all-default': () => tableSync(false),
      'all-fields': () => tableSync(true),
    },
    (found) => found,
  ),
};

function read(pid: number, file: string): Promise<string | undefined> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(withheld);
}

/** All processes at a time, as libraries do that use promises: there is no early stop. */
async function find(name: string): Promise<Found[]> {
  const wanted = `${cutName(name)}\n`;
  const isCut = maybeCut(name);
  const pids = pidsOf(await readdir('/proc'));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const comm = await read(pid, 'comm');
      if (comm !== wanted) return [];
      if (isCut && completeName(comm.slice(0, -1), await read(pid, 'cmdline')) !== name) return [];
      return [{ pid, name }];
    }),
  );
  return found.flat();
}

async function table(isAll: boolean): Promise<Row[]> {
  const started = bootTime(await readFile('/proc/stat', 'utf8'));
  const pids = pidsOf(await readdir('/proc'));
  const readTexts = isAll ? everything : tableTexts;
  const rows = await Promise.all(
    pids.map(async (pid) => row(pid, await readTexts(pid), started) ?? []),
  );
  return rows.flat();
}

async function tableTexts(
  pid: number,
  files: readonly string[] = tableFiles,
  links: readonly string[] = tableLinks,
): Promise<Texts> {
  const texts = await Promise.all([
    ...files.map(async (file) => [file, await read(pid, file)] as const),
    ...links.map(
      async (link) => [link, await readlink(`/proc/${pid}/${link}`).catch(withheld)] as const,
    ),
  ]);
  return Object.fromEntries(texts);
}

async function everything(pid: number): Promise<Texts> {
  const [texts, fds] = await Promise.all([
    tableTexts(pid, allFiles, allLinks),
    readdir(`/proc/${pid}/fd`).catch(withheld),
  ]);
  return { ...texts, fds: fds?.length.toString() };
}

export const fsPromises: JsContender = {
  id: 'fs-promises',
  title: 'node:fs/promises',
  version,
  question: asking<Found[]>(
    {
      pid: async ({ pid }) => (await table(false)).filter((process) => process.pid === pid),
      'name-absent': ({ absentName }) => find(absentName),
      'name-first': ({ commonName }) => find(commonName),
      'name-long': ({ longName }) => find(longName),
      'all-names': () => table(false),
      'all-default': () => table(false),
      'all-fields': () => table(true),
    },
    (found) => found,
  ),
};
