/** The packages that people use today, each by the API that it has for the question. */
import { basename } from 'node:path';
import type { Found } from '../contender.js';
import { callable, peer } from './peer.js';

type FindProcess = (by: 'pid' | 'name', value: number | string, strict?: true) => Promise<Found[]>;

const asIs = (found: Found[]) => found;

export const findProcess = peer<FindProcess, Found[]>({
  name: 'find-process',
  pick: (exports) => callable<FindProcess>(exports, 'default'),
  questions: {
    pid: (find, { pid }) => find('pid', pid),
    'name-absent': (find, { absentName }) => find('name', absentName, true),
    'name-first': (find, { commonName }) => find('name', commonName, true),
    // Without `strict` it looks through the command lines, as for a script one has to.
    'name-long': (find, { longName }) => find('name', longName),
  },
  found: asIs,
});

/** Whether a program's own name or that of a script is among the first words. */
function runs(words: readonly string[], name: string): boolean {
  return words.slice(0, 2).some((word) => basename(word) === name);
}

type PsList = () => Promise<(Found & { cmd?: string })[]>;

async function withName(list: PsList, name: string): Promise<Found[]> {
  return (await list()).filter((process) => process.name === name);
}

export const psList = peer<PsList, Found[]>({
  name: 'ps-list',
  pick: (exports) => callable<PsList>(exports, 'default'),
  questions: {
    pid: async (list, { pid }) => (await list()).filter((process) => process.pid === pid),
    'name-absent': (list, { absentName }) => withName(list, absentName),
    'name-first': (list, { commonName }) => withName(list, commonName),
    'name-long': async (list, { longName }) =>
      (await list()).filter(({ cmd = '' }) => runs(cmd.split(' '), longName)),
    'all-names': (list) => list(),
  },
  found: asIs,
});

type SystemProcess = Found & { command?: string; params?: string };
type Systeminformation = () => Promise<{ list: SystemProcess[] }>;

const now = Date.now;
let skew = 0;

/**
 * It repeats its last answer for half a second: a benchmark of that would measure nothing. With a
 * clock that leaps forward between calls it looks each time.
 */
async function processes(ask: Systeminformation): Promise<SystemProcess[]> {
  skew += 1000;
  const leap = skew;
  Date.now = () => now() + leap;
  try {
    return (await ask()).list;
  } finally {
    Date.now = now;
  }
}

async function processesNamed(ask: Systeminformation, name: string): Promise<Found[]> {
  return (await processes(ask)).filter((process) => process.name === name);
}

export const systeminformation = peer<Systeminformation, Found[]>({
  name: 'systeminformation',
  title: 'systeminformation.processes()',
  pick: (exports) => callable<Systeminformation>(exports, 'processes'),
  questions: {
    pid: async (ask, { pid }) => (await processes(ask)).filter((process) => process.pid === pid),
    'name-absent': (ask, { absentName }) => processesNamed(ask, absentName),
    'name-first': (ask, { commonName }) => processesNamed(ask, commonName),
    'name-long': async (ask, { longName }) =>
      (await processes(ask)).filter(({ command = '', params = '' }) =>
        runs([command, ...params.split(' ')], longName),
      ),
    'all-names': processes,
    'all-default': processes,
  },
  found: asIs,
});

type PidUsage = (pid: number) => Promise<Found>;

export const pidusage = peer<PidUsage, Found>({
  name: 'pidusage',
  pick: (exports) => callable<PidUsage>(exports, 'default'),
  questions: { pid: (usage, { pid }) => usage(pid) },
  found: ({ pid }) => [{ pid }],
});

interface PsNodeQuery {
  pid?: number;
  command?: string;
}

interface PsNodeRow {
  pid: string;
  command: string;
  arguments: string[];
}

type PsNode = (query: PsNodeQuery, done: (error: unknown, rows: PsNodeRow[]) => void) => void;

function lookup(ask: PsNode, query: PsNodeQuery): Promise<PsNodeRow[]> {
  return new Promise((resolve, reject) => {
    ask(query, (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

/** It takes a regular expression, and looks for it in the path of the program. */
function commandNamed(name: string): PsNodeQuery {
  return { command: `(^|/)${name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$` };
}

export const psNode = peer<PsNode, PsNodeRow[]>({
  name: 'ps-node',
  pick: (exports) => callable<PsNode>(exports, 'lookup'),
  questions: {
    pid: (ask, { pid }) => lookup(ask, { pid }),
    'name-absent': (ask, { absentName }) => lookup(ask, commandNamed(absentName)),
    'name-first': (ask, { commonName }) => lookup(ask, commandNamed(commonName)),
    'name-long': async (ask, { longName }) =>
      (await lookup(ask, {})).filter((row) => runs([row.command, ...row.arguments], longName)),
  },
  found: (rows) => rows.map(({ pid }) => ({ pid: Number(pid) })),
});

type ProcessExists = (wanted: number | string) => Promise<boolean>;

/** It tells whether, not which: a right "yes" stands for the process that there is. */
export const processExists = peer<ProcessExists, number | undefined>({
  name: 'process-exists',
  title: 'process-exists (yes or no)',
  pick: (exports) => callable<ProcessExists>(exports, 'processExists', 'default'),
  questions: {
    pid: async (exists, { pid }) => ((await exists(pid)) ? pid : undefined),
    // No process has the PID 0, so that a wrong "yes" shows.
    'name-absent': async (exists, { absentName }) => ((await exists(absentName)) ? 0 : undefined),
    'name-first': async (exists, { commonName, commonPids }) =>
      (await exists(commonName)) ? commonPids[0] : undefined,
  },
  found: (pid) => (pid === undefined ? [] : [{ pid }]),
});
