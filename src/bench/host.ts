import { cpus, machine, release, totalmem } from 'node:os';
import { scanSync } from 'procseek';
import { readConditions } from './conditions.js';
import type { Host } from './report.js';

export function countTasks(): Pick<Host, 'processes' | 'threads'> {
  let processes = 0;
  let threads = 0;
  for (const found of scanSync({}, { fields: ['threads'] })) {
    processes++;
    threads += found.threads ?? 0;
  }
  return { processes, threads };
}

export function describeHost(added: number): Host {
  return {
    cpu: cpus()[0]?.model.trim() || 'a CPU that does not tell its name',
    cores: cpus().length,
    memory: totalmem(),
    kernel: release(),
    arch: machine(),
    node: process.version,
    ...countTasks(),
    added,
    user: process.getuid?.() ?? -1,
    ...readConditions(),
  };
}
