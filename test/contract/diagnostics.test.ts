/** What operators can see of the cost of lookups. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  findByName,
  findByNameSync,
  findByPidSync,
  type ScanMessage,
  scan,
  scanSync,
} from '../../src/index.js';
import { startExiting } from '../support/processes.js';
import { system } from '../support/system.js';

function collect(): ScanMessage[] {
  const messages: ScanMessage[] = [];
  const note = (message: unknown) => messages.push(message as ScanMessage);
  subscribe('procseek:scan', note);
  onTestFinished(() => {
    unsubscribe('procseek:scan', note);
  });
  return messages;
}

describe('the channel procseek:scan', () => {
  it('tells of each pass how many lookups it served, what it came by, and what it cost', async () => {
    const messages = collect();
    await Promise.all([findByName('absent-1'), findByName('absent-2'), findByName('absent-3')]);
    expect(messages).toHaveLength(1);
    const [message] = messages;
    expect(message).toMatchObject({ lookups: 3, records: 0 });
    expect(message?.processes).toBeGreaterThan(3);
    expect(system.isCpuTime(message?.cpuTime ?? Number.NaN)).toBe(true);
    expect(message?.duration).toBeGreaterThan(0);
  });

  it('tells of synchronous lookups and streams too', async () => {
    const messages = collect();
    findByNameSync('absent');
    for (const _ of scanSync()) break;
    let count = 0;
    for await (const _ of scan()) count++;
    expect(messages).toHaveLength(3);
    expect(messages[2]).toMatchObject({ lookups: 1, records: count });
  });

  it('says how few processes an early stop has looked at', async () => {
    const child = await startExiting();
    const messages = collect();
    for await (const _ of scan({ pids: [child.pid] })) break;
    expect(messages).toMatchObject([{ processes: 1, records: 1 }]);
  });

  it('has nothing to say of a lookup by PID, which makes no pass', () => {
    const messages = collect();
    findByPidSync(process.pid);
    expect(messages).toEqual([]);
  });
});
