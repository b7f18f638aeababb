/** The library itself, by its public API. */
import {
  defaultFields,
  type Field,
  fieldNames,
  findByName,
  findByNameSync,
  findByPid,
  findByPidSync,
  scan,
  scanSync,
} from 'procseek';
import manifest from '../../../package.json';
import type { Found, JsContender } from '../contender.js';
import { asking } from './asking.js';

const version = async () => manifest.version;

/** Fields that are not known when this is compiled may be absent: pid never is. */
type Rows = readonly Found[];

function listed(rows: Rows | Found | undefined): Found[] {
  if (rows === undefined) return [];
  return 'pid' in rows ? [rows] : [...rows];
}

async function gather(fields: readonly Field[]): Promise<Rows> {
  const rows: Found[] = [];
  for await (const row of scan({}, { fields })) rows.push(row);
  return rows;
}

function gatherSync(fields: readonly Field[]): Rows {
  return [...scanSync({}, { fields })];
}

export const procseekSync: JsContender = {
  id: 'procseek-sync',
  title: 'procseek, synchronous',
  version,
  question: asking<Rows | Found | undefined>(
    {
      pid: ({ pid }) => findByPidSync(pid),
      'name-absent': ({ absentName }) => findByNameSync(absentName),
      'name-first': ({ commonName }) => findByNameSync(commonName, { limit: 1 }),
      'name-long': ({ longName }) => findByNameSync(longName),
      'all-names': () => gatherSync(['name']),
      'all-default': () => gatherSync(defaultFields),
      'all-fields': () => gatherSync(fieldNames),
    },
    listed,
  ),
};

export const procseekAsync: JsContender = {
  id: 'procseek-async',
  title: 'procseek, asynchronous',
  version,
  question: asking<Rows | Found | undefined>(
    {
      pid: ({ pid }) => findByPid(pid),
      'name-absent': ({ absentName }) => findByName(absentName),
      'name-first': ({ commonName }) => findByName(commonName, { limit: 1 }),
      'name-long': ({ longName }) => findByName(longName),
      'all-names': () => gather(['name']),
      'all-default': () => gather(defaultFields),
      'all-fields': () => gather(fieldNames),
    },
    listed,
  ),
};
