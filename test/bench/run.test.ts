/** `procseek bench` as a user runs it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findByNameSync } from '../../src/index.js';
import { until } from '../support/until.js';

const root = join(import.meta.dirname, '../..');
const command = join(root, 'dist/cli.js');
const directory = mkdtempSync(join(tmpdir(), 'procseek-test-'));
const run = promisify(execFile);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

function sleepers(): number {
  return findByNameSync('bench-sleeper').length;
}

/** `questions[].measurements[].cpu.median` and so on, each with the type of its value. */
function shape(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => shape(one, `${path}[]`));
  if (typeof value !== 'object' || value === null)
    return [`${path}: ${value === null ? 'null' : typeof value}`];
  return Object.entries(value).flatMap(([key, one]) => shape(one, path ? `${path}.${key}` : key));
}

describe('A quick run', () => {
  const files = ['json', 'markdown', 'html'].map((kind) => join(directory, `report.${kind}`));
  const [json = '', markdown = '', html = ''] = files;
  let printed = '';

  beforeAll(async () => {
    const args = ['bench', '--quick', '--json', json, '--markdown', markdown, '--html', html];
    const { stdout } = await run(process.execPath, [command, ...args], { cwd: directory });
    printed = stdout;
  }, 120_000);

  test('asks every question, of the floor and the library at least, with right answers', () => {
    const { questions } = JSON.parse(readFileSync(json, 'utf8'));
    expect(questions).toHaveLength(7);
    for (const { id, measurements } of questions) {
      for (const contender of ['floor', 'procseek-sync', 'procseek-async', 'fs-sync']) {
        const measured = measurements.find(
          (one: { contender: string }) => one.contender === contender,
        );
        expect(measured, `${id} ${contender}`).toMatchObject({ verdict: 'right' });
        expect(measured.cpu.median, `${id} ${contender}`).toBeGreaterThan(0);
        expect(measured.timesFloor, `${id} ${contender}`).toBeGreaterThan(0);
      }
    }
  });

  test.each([
    ['writes', json],
    ['was written for the committed report', join(root, 'docs/report.json')],
  ])('%s JSON in which every key is documented', (_, file) => {
    const documentation = readFileSync(join(root, 'docs/benchmark.md'), 'utf8');
    const section = documentation.slice(documentation.indexOf('## The JSON'));
    const documented = new Set((section.match(/`[^`]+`/g) ?? []).join(' ').match(/\w+/g));
    const keys = shape(JSON.parse(readFileSync(file, 'utf8')))
      .map((line) => line.split(': ')[0] ?? '')
      .flatMap((path) => path.replaceAll('[]', '').split('.'));
    expect([...new Set(keys)].filter((key) => !documented.has(key))).toEqual([]);
  });

  test('writes JSON of the shape that the documentation promises', () => {
    const lines = new Set(shape(JSON.parse(readFileSync(json, 'utf8'))));
    const promised = [
      'version: number',
      'takenAt: string',
      'quick: boolean',
      'host.processes: number',
      'contenders[].title: string',
      'questions[].id: string',
      'questions[].measurements[].verdict: string',
      'questions[].measurements[].cpu.median: number',
      'questions[].measurements[].cpu.p99: number',
      'questions[].measurements[].cpu.samples: number',
      'questions[].measurements[].wall.median: number',
      'questions[].measurements[].rssPeak: number',
      'questions[].measurements[].allocated: number',
      'questions[].measurements[].spawned: number',
      'questions[].measurements[].loopDelay: number',
      'questions[].measurements[].systemCalls: number',
      'pileUp.starvedBy: string',
      'pileUp.runs[].samples[].inFlight: number',
      'pileUp.runs[].samples[].rss: number',
      'pileUp.runs[].samples[].missed: number',
    ];
    expect(promised.filter((line) => !lines.has(line))).toEqual([]);
  });

  test('prints and writes the same findings for people', () => {
    for (const text of [printed, readFileSync(markdown, 'utf8'), readFileSync(html, 'utf8')]) {
      expect(text).toContain('By name, when no process has it');
      expect(text).not.toMatch(/\b(NaN|undefined|Infinity)\b/);
    }
  });

  test('leaves no process behind', async () => {
    await until('the sleepers have ended', () => sleepers() === 0);
  });
});

test('More processes than fit are refused politely', async () => {
  const refused = run(process.execPath, [command, 'bench', '--processes', '100000000']);
  await expect(refused).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^procseek: .* more processes .*\n$/),
  });
});

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'The processes that a run added end with it: %s',
  async (signal) => {
    const child = spawn(process.execPath, [command, 'bench', '--processes', '30'], {
      stdio: 'ignore',
      cwd: directory,
    });
    const exited = once(child, 'exit');
    await until('the sleepers are there', () => sleepers() > 30);
    child.kill(signal);
    await exited;
    await until('the sleepers have ended', () => sleepers() === 0);
  },
);
