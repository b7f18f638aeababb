import { cpus, machine, release, totalmem } from 'node:os';
import { scanSync } from 'procseek';
import type { Report } from './report.js';

export function describeHost(added: number): Report['host'] {
  let processes = 0;
  let threads = 0;
  for (const found of scanSync({}, { fields: ['threads'] })) {
    processes++;
    threads += found.threads ?? 0;
  }
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
    kernel: release(),
    arch: machine(),
    node: process.version,
    processes,
    threads,
    added,
    user: process.getuid?.() ?? -1,
  };
}
