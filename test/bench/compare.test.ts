/** An earlier report beside a later one, as a user reads them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compare } from '../../src/bench/compare.js';
import type { Report, Spread } from '../../src/bench/report.js';
import { scratchDirectory } from '../support/programs.js';
import { sampleReport } from './sample-report.js';

const root = join(import.meta.dirname, '../..');
const committed = join(root, 'docs/report.json');
const directory = scratchDirectory();

function bench(...args: string[]) {
  const command = [join(root, 'dist/cli.js'), 'bench', ...args];
  return spawnSync(process.execPath, command, { encoding: 'utf8', cwd: directory });
}

const times = (cpu: Spread, factor: number): Spread => {
  const { samples, ...figures } = cpu;
  const scaled = Object.entries(figures).map(([key, figure]) => [key, figure * factor]);
  return { ...Object.fromEntries(scaled), samples } as Spread;
};

/** The sample, with psutil by PID at so many times its cost. */
function withPsutilAt(factor: number, host: Partial<Report['host']> = {}): Report {
  const questions = sampleReport.questions.map((question) => ({
    ...question,
    measurements: question.measurements.map((one) =>
      one.contender === 'psutil' && question.id === 'pid' && one.cpu
        ? { ...one, cpu: times(one.cpu, factor), timesFloor: (one.timesFloor ?? 1) * factor }
        : one,
    ),
  }));
  return { ...sampleReport, host: { ...sampleReport.host, ...host }, questions };
}

function psutilIn({ changes }: ReturnType<typeof compare>) {
  return changes.find(({ contender, question }) => contender === 'psutil' && question === 'by PID');
}

describe('A comparison', () => {
  test.each([
    [1.02, 'same'],
    [1.5, 'dearer'],
    [0.5, 'cheaper'],
  ])('of %s times the cost says: %s', (factor, verdict) => {
    const comparison = compare(sampleReport, withPsutilAt(factor));
    expect(comparison.unit).toBe('microseconds');
    expect(psutilIn(comparison)).toMatchObject({ before: 212, verdict });
  });

  test.each<Partial<Report['host']>>([{ cpu: 'another' }, { kernel: '7.0' }, { processes: 5170 }])(
    'with another host (%j) is of multiples of the floor, and says why',
    (host) => {
      const comparison = compare(sampleReport, withPsutilAt(2, host));
      expect(comparison.unit).toBe('multiples of the floor');
      expect(comparison.notes.join()).toMatch(/Not of the same host/);
      expect(psutilIn(comparison)?.before).toBeCloseTo(212 / 4.37);
      expect(psutilIn(comparison)?.verdict).toBe('dearer');
    },
  );
});

describe('procseek bench', () => {
  test('--from with --compare shows both, measures nothing, and takes the committed report', () => {
    const { status, stdout, stderr } = bench('--from', committed, '--compare', committed);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [, comparison] = stdout.split('Against the other report, CPU time in microseconds');
    expect(comparison).toMatch(/within the noise/);
    expect(comparison).not.toMatch(/ (dearer|cheaper)$/m);
  });

  test.each([
    ['no JSON', 'nonsense', /cannot be read as a report/],
    ['something else', '{"version": 2}', /is no report of procseek bench/],
    ['null', 'null', /is no report of procseek bench/],
    ['an older report', '{"version": 1, "questions": []}', /version 1, .* knows version 2/],
    ['a newer report', '{"version": 3, "questions": []}', /version 3, .* knows version 2/],
    [
      'a damaged one',
      JSON.stringify({ ...sampleReport, host: { ...sampleReport.host, cores: 'two' } }),
      /is damaged: host\.cores/,
    ],
  ])('--compare refuses %s before it measures anything', (what, content, message) => {
    const file = join(directory, `${what}.json`);
    writeFileSync(file, content);
    const { status, stdout, stderr } = bench('--compare', file);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('--compare refuses a file that is not there', () => {
    expect(bench('--compare', 'absent.json')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/absent\.json cannot be read .*ENOENT/),
    });
  });

  test('tells that a file cannot be written before it measures anything', () => {
    const [json, html] = ['new.json', 'no/such/folder/x.html'];
    const started = performance.now();
    const { status, stdout, stderr } = bench('--json', json, '--html', html);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(
      /--html no\/such\/folder\/x\.html cannot be written, nothing was measured: ENOENT/,
    );
    expect(performance.now() - started).toBeLessThan(20_000); // a run takes minutes
    expect(existsSync(join(directory, json))).toBe(false);
  });

  test('keeps what is in a file when the run comes to nothing', () => {
    const file = join(directory, 'kept.json');
    writeFileSync(file, 'precious');
    expect(bench('--json', file, '--from', 'absent.json').status).toBe(2);
    expect(readFileSync(file, 'utf8')).toBe('precious');
  });

  test('--rivals prints one command, and does nothing else', () => {
    const { status, stdout, stderr } = bench('--rivals');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const commands = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatch(/^npm install --no-save find-process ps-list .*psutil/);
    expect(existsSync(join(directory, 'node_modules'))).toBe(false);
  });
});
