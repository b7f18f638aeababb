/** All that takes part in the benchmark. */
import type { ExternalContender, JsContender } from '../contender.js';
import { finderBpf, finderEvents } from './finders.js';
import { gopsutil, gopsutilStory } from './gopsutil.js';
import { fsPromises, fsSync } from './node_fs.js';
import {
  findProcess,
  pidusage,
  processExists,
  psList,
  psNode,
  systeminformation,
} from './npm_peers.js';
import { processTable } from './process_table.js';
import { procseekAsync, procseekSync } from './procseek.js';
import { pgrep, pidOf, ps, psQuick } from './programs.js';
import { psutil } from './psutil.js';
import { stronciumProcfs } from './stroncium_procfs.js';

export const jsContenders: readonly JsContender[] = [
  procseekSync,
  procseekAsync,
  finderBpf,
  finderEvents,
  fsSync,
  fsPromises,
  processTable,
  ps,
  psQuick,
  pgrep,
  pidOf,
  findProcess,
  psList,
  systeminformation,
  pidusage,
  psNode,
  stronciumProcfs,
  processExists,
];

export const externalContenders: readonly ExternalContender[] = [psutil, gopsutil, gopsutilStory];
