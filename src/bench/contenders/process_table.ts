/**
 * The process table by node:fs, and then a match: every process read in full to find one, the
 * pattern of libraries that know no other question. The question by PID has the honest rival in
 * node_fs.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { Found, JsContender } from '../contender.js';
import { asking } from './asking.js';
import { fsVersion, textsSync } from './node_fs.js';
import { bootTime, pidsOf, type Row, row, tableFiles, tableLinks } from './proc_text.js';

function table(): Row[] {
  const started = bootTime(readFileSync('/proc/stat', 'utf8'));
  return pidsOf(readdirSync('/proc')).flatMap(
    (pid) => row(pid, textsSync(pid, tableFiles, tableLinks), started) ?? [],
  );
}

const named = (name: string): Found[] => table().filter((process) => process.name === name);

export const processTable: JsContender = {
  id: 'process-table',
  title: 'the whole table by node:fs, then a match',
  version: fsVersion,
  question: asking<Found[]>(
    {
      pid: ({ pid }) => table().filter((process) => process.pid === pid),
      'name-absent': ({ absentName }) => named(absentName),
      'name-first': ({ commonName }) => named(commonName).slice(0, 1),
      'name-long': ({ longName }) => named(longName),
    },
    (found) => found,
  ),
};
