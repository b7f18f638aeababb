/** `procseek bench` as a user runs it. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { externalContenders, jsContenders } from '../../src/bench/contenders/index.js';
import { psutil } from '../../src/bench/contenders/psutil.js';
import { frontRank } from '../../src/bench/questions.js';
import { readReport } from '../../src/bench/read_report.js';
import type { Report } from '../../src/bench/report.js';
import { findByNameSync } from '../../src/index.js';
import { until } from '../support/until.js';

const root = join(import.meta.dirname, '../..');
const command = join(root, 'dist/cli.js');
const directory = mkdtempSync(join(tmpdir(), 'procseek-test-'));
const run = promisify(execFile);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const installedPsutil = await psutil.prepare().then(
  () => existsSync('/usr/bin/script'),
  () => false,
);

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

  let took = 0;

  beforeAll(async () => {
    const args = ['bench', '--quick', '--json', json, '--markdown', markdown, '--html', html];
    const started = performance.now();
    const { stdout } = await run(process.execPath, [command, ...args], { cwd: directory });
    took = performance.now() - started;
    printed = stdout;
  }, 120_000);

  test('keeps to its 20 seconds, whatever else is running', () => {
    expect(took).toBeLessThan(20_000);
  });

  test('asks of the floor, the library and a careful author at least, with right answers', () => {
    const { questions } = JSON.parse(readFileSync(json, 'utf8'));
    expect(questions).toHaveLength(7);
    for (const { id, measurements } of questions) {
      for (const contender of ['floor', 'procseek-sync', 'fs-sync']) {
        const measured = measurements.find(
          (one: { contender: string }) => one.contender === contender,
        );
        expect(measured, `${id} ${contender}`).toMatchObject({ verdict: 'right' });
        expect(measured.cpu.median, `${id} ${contender}`).toBeGreaterThan(0);
        expect(measured.timesFloor, `${id} ${contender}`).toBeGreaterThan(0);
      }
    }
  });

  test('asks nobody else before all of the front rank have answered', () => {
    const { questions, leftOut }: Report = JSON.parse(readFileSync(json, 'utf8'));
    const asked = questions.flatMap(({ measurements }) => measurements);
    if (asked.every(({ contender }) => frontRank.includes(contender))) return;
    const front = [...jsContenders, ...externalContenders].filter(({ id }) =>
      frontRank.includes(id),
    );
    for (const { title } of front) {
      for (const line of leftOut) expect(line.split(/: no time left for |, /)).not.toContain(title);
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

  test('writes JSON that it can read again', () => {
    expect(readReport(json)).toMatchObject({ quick: true, pileUp: null, byProcesses: [] });
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

test('Cost against the number of processes is measured on its own', async () => {
  const json = join(directory, 'scale.json');
  const args = ['bench', '--quick', '--part', 'scale', '--json', json];
  await run(process.execPath, [command, ...args], { cwd: directory });
  const { byProcesses, questions } = readReport(json);
  expect(questions).toEqual([]);
  const of = (contender: string, question: string) =>
    byProcesses.find((one) => one.contender === contender && one.question === question)?.points;
  // A host with more processes than the sizes of a quick run is measured as it is.
  expect(of('procseek-sync', 'pid')?.length).toBeGreaterThan(0);
  expect(of('procseek-sync', 'name-absent')).toHaveLength(of('floor', 'name-absent')?.length ?? 0);
}, 120_000);

test('Lookups on a starved CPU are counted, with a guard and without', async () => {
  const json = join(directory, 'pile-up.json');
  const args = ['bench', '--quick', '--part', 'pile-up', '--json', json];
  await run(process.execPath, [command, ...args], { cwd: directory });
  const { pileUp } = readReport(json);
  const contenders = new Set(pileUp?.runs.map(({ contender }) => contender));
  expect([...contenders]).toEqual(expect.arrayContaining(['procseek-async', 'fs-promises']));
  for (const { guarded, samples, ...run } of pileUp?.runs ?? []) {
    expect(run.ticks, run.contender).toBeGreaterThanOrEqual(run.answered + run.skipped);
    if (guarded) expect(run.mostInFlight, run.contender).toBeLessThanOrEqual(1);
    else expect(run.skipped, run.contender).toBe(0);
    expect(
      samples.every(({ rss }) => rss > 0),
      run.contender,
    ).toBe(true);
  }
}, 120_000);

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

test.runIf(installedPsutil)(
  'Ctrl-C in a terminal prints no traceback of a child, and leaves none',
  async () => {
    // script(1) makes a terminal, whose whole process group Ctrl-C reaches.
    const bench = `${process.execPath} ${command} bench --quick --part pile-up`;
    const child = spawn('script', ['-qec', bench, '/dev/null'], { cwd: directory });
    let shown = '';
    child.stdout.on('data', (text: Buffer) => {
      shown += text;
    });
    const exited = once(child, 'exit');
    await until('psutil is asked', () => /psutil/.test(shown));
    child.stdin.write('\u0003');
    expect(await exited).toEqual([130, null]);
    expect(shown).not.toMatch(/Traceback|KeyboardInterrupt/);
    const agents = () => findByNameSync('ask_psutil.py', { by: 'cmdline', exclude: 'ancestors' });
    await until('its children have ended', () => sleepers() === 0 && agents().length === 0);
  },
);
