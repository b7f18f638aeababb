import { findByName, findByPidSync, type Process, scan } from 'procseek';

export async function sum(): Promise<number> {
  const self: Process | undefined = findByPidSync(process.pid);
  let total = self?.ppid ?? 0;
  for (const { rss } of await findByName('node', { fields: ['rss'] })) total += rss ?? 0;
  for await (const { pid } of scan({ uid: 0 })) total += pid;
  return total;
}
