/** When a process started: never in the future, and the same whoever asks, and how often. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { findByNameSync, findByPidSync, scanSync } from '../../../src/index.js';
import { inProcess } from '../../support/library.js';
import { makeProgram, scratchDirectory, startProgram, uniqueName } from '../../support/programs.js';
import { isRoot } from '../../support/requirements.js';

const scratch = scratchDirectory();
const fields = ['startTime'] as const;

test('No process starts later than it is looked at, nor long before it was started', async () => {
  for (let i = 0; i < 100; i++) {
    const before = Date.now();
    const child = spawn('/bin/sleep', ['100']);
    const started = findByPidSync(child.pid ?? 0, { fields })?.startTime ?? Number.NaN;
    const now = Date.now();
    child.kill('SIGKILL');
    expect(started).toBeLessThanOrEqual(now);
    expect(started).toBeGreaterThanOrEqual(before - 15); // a tick, and what is rounded
    await once(child, 'close');
  }
}, 300_000);

test('All ways of asking tell the same start, as often as one asks', async () => {
  const name = uniqueName(12);
  const { pid } = await startProgram(makeProgram(scratch, name));
  const told = findByPidSync(pid, { fields })?.startTime;
  expect(Number.isInteger(told)).toBe(true);
  for (let i = 0; i < 1000; i++) expect(findByPidSync(pid, { fields })?.startTime).toBe(told);
  for (let i = 0; i < 100; i++)
    expect(findByNameSync(name, { fields })).toEqual([{ pid, startTime: told }]);
  expect([...scanSync({}, { fields })]).toContainEqual({ pid, startTime: told });
  const elsewhere = await inProcess({}, pid, ({ procseek }, pid) =>
    Array.from({ length: 20 }, () => procseek.findByPidSync(pid, { fields: ['startTime'] })),
  );
  for (const other of elsewhere) expect(other?.startTime).toBe(told);
});

/**
 * Runs what follows in a time namespace in which the time since the start of the host, counted from
 * the wall clock's zero, ends in so many nanoseconds of a tick; or exits with 77.
 */
const atPhase = (nanoseconds: number) => [
  '/usr/bin/python3',
  '-I',
  '-c',
  `import ctypes, os, subprocess, sys, time
def ahead():
    while True:
        before = time.clock_gettime_ns(6)
        wall = time.clock_gettime_ns(5)
        if time.clock_gettime_ns(6) == before: return wall - before
shift = (ahead() - int(sys.argv[1])) % 10000000
if ctypes.CDLL(None).unshare(0x80) != 0: sys.exit(77)
with open('/proc/self/timens_offsets', 'w') as offsets:
    offsets.write('monotonic 0 %d\\nboottime 0 %d\\n' % (shift, shift))
sys.exit(subprocess.call(sys.argv[2:]))`,
  String(nanoseconds),
];

describe('Where the start of the host is at the edge of what is rounded', () => {
  const phases = [
    0, 1, -1, 50, -50, 1_000_000, 999_999, 4_999_999, 5_000_000, 5_000_001, 9_500_000,
  ];
  test.for(phases)('(%i ns)', async (phase, { skip }) => {
    skip(!isRoot, 'needs root');
    const told = await inProcess({ launcher: atPhase(phase) }, null, ({ procseek }) => {
      const ask = () =>
        procseek.findByPidSync(process.pid, { fields: ['startTime'] })?.startTime ?? 0;
      const started = ask();
      const values = new Set(Array.from({ length: 5000 }, ask));
      return { values: [...values], started, age: Date.now() - started };
    }).catch((error: { code?: unknown }) => {
      if (error.code === 77) return undefined;
      throw error;
    });
    if (told === undefined) return skip('there are no time namespaces');
    expect(told.values).toEqual([told.started]);
    expect(told.age).toBeGreaterThanOrEqual(0);
    expect(told.age).toBeLessThan(60_000);
  });
});
