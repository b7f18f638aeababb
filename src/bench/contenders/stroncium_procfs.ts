/** @stroncium/procfs, which reads one file of /proc at a time: its callers do the rest. */
import type { Found } from '../contender.js';
import { peer } from './peer.js';
import { completeName, cutName, maybeCut } from './proc_text.js';

interface Procfs {
  processes(): number[];
  processComm(pid: number): string;
  processCmdline(pid: number): string[];
  processStat(pid: number): { pid: number; comm: string };
  processStatus(pid: number): unknown;
  processExe(pid: number): unknown;
  processCwd(pid: number): unknown;
  processEnviron(pid: number): unknown;
  processIo(pid: number): unknown;
  processCgroups(pid: number): unknown;
  processFds(pid: number): unknown;
}

/**
 * For processes that have vanished, and what may not be read. It hides the reason of most errors, so
 * that none is told from another.
 */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function search(procfs: Procfs, name: string, limit = Number.POSITIVE_INFINITY): Found[] {
  const found: Found[] = [];
  const wanted = cutName(name);
  const isCut = maybeCut(name);
  for (const pid of procfs.processes()) {
    const comm = attempt(() => procfs.processComm(pid));
    if (comm !== wanted) continue;
    if (isCut && wholeName(procfs, pid, comm) !== name) continue;
    found.push({ pid, name });
    if (found.length === limit) break;
  }
  return found;
}

function wholeName(procfs: Procfs, pid: number, comm: string): string {
  if (!maybeCut(comm)) return comm;
  return completeName(comm, attempt(() => procfs.processCmdline(pid))?.join('\0'));
}

function names(procfs: Procfs): Found[] {
  return procfs.processes().flatMap((pid) => {
    const comm = attempt(() => procfs.processComm(pid));
    return comm === undefined ? [] : [{ pid, name: wholeName(procfs, pid, comm) }];
  });
}

function one(procfs: Procfs, pid: number): Found[] {
  const stat = attempt(() => procfs.processStat(pid));
  return stat === undefined ? [] : [{ ...stat, name: wholeName(procfs, pid, stat.comm) }];
}

const details = [
  'processStatus',
  'processCmdline',
  'processExe',
  'processCwd',
  'processEnviron',
  'processIo',
  'processCgroups',
  'processFds',
] as const;

function everything(procfs: Procfs, pid: number): Found[] {
  return one(procfs, pid).map((process) => {
    const all = details.map((detail) => [detail, attempt(() => procfs[detail](pid))] as const);
    return { ...process, ...Object.fromEntries(all) };
  });
}

export const stronciumProcfs = peer<Procfs, Found[]>({
  name: '@stroncium/procfs',
  pick: ({ procfs }) => procfs as Procfs | undefined,
  questions: {
    pid: (procfs, { pid }) => one(procfs, pid),
    'name-absent': (procfs, { absentName }) => search(procfs, absentName),
    'name-first': (procfs, { commonName }) => search(procfs, commonName, 1),
    'name-long': (procfs, { longName }) => search(procfs, longName),
    'all-names': names,
    'all-default': (procfs) => procfs.processes().flatMap((pid) => one(procfs, pid)),
    'all-fields': (procfs) => procfs.processes().flatMap((pid) => everything(procfs, pid)),
  },
  found: (found) => found,
});
