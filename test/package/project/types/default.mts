import procseek, { type Watcher } from 'procseek';

let watcher: Watcher | undefined;

export function sum(): number {
  const self: procseek.Process | undefined = procseek.findByPidSync(process.pid);
  watcher ??= procseek.watch('node');
  return (self?.ppid ?? 0) + watcher.processes.size;
}
