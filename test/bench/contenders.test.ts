import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type {
  ExternalAnswer,
  ExternalContender,
  ExternalQuestion,
  JsContender,
  Targets,
} from '../../src/bench/contender.js';
import { externalContenders, jsContenders } from '../../src/bench/contenders/index.js';
import { callable, peer } from '../../src/bench/contenders/peer.js';
import type { QuestionId } from '../../src/bench/report.js';
import { judge, processCount } from '../../src/bench/verify.js';
import { type Child, launch } from '../support/processes.js';
import {
  launchProgram,
  makeProgram,
  makeScript,
  scratchDirectory,
  uniqueName,
} from '../support/programs.js';

const questions: readonly QuestionId[] = [
  'pid',
  'name-absent',
  'name-first',
  'name-long',
  'all-names',
  'all-default',
  'all-fields',
];

/** Kinds of processes whose names the kernel cuts: a script has those of its interpreter, too. */
const longKinds = ['program', 'script'] as const;
type LongKind = (typeof longKinds)[number];

const directory = scratchDirectory();
const children: Child[] = [];
const nobody: Targets = {
  ...{ pid: 0, pidName: '', absentName: '', commonName: '', commonPids: [] },
  ...{ longName: '', longPid: 0 },
};
const targets: Record<LongKind, Targets> = { program: nobody, script: nobody };

beforeAll(async () => {
  const commonName = uniqueName(12);
  const copy = makeProgram(directory, commonName);
  for (let i = 0; i < 3; i++) children.push(await launchProgram(copy));
  const commonPids = children.map(({ pid }) => pid);
  const pidName = uniqueName(14);
  const byPid = await launchProgram(makeProgram(directory, pidName));
  children.push(byPid);
  const [programName, scriptName] = [uniqueName(30), uniqueName(30)];
  const program = await launchProgram(makeProgram(directory, programName));
  children.push(program);
  const script = await launch(makeScript(directory, scriptName, '/bin/sh', '\necho ready\nread _'));
  children.push(script);
  const common = { pid: byPid.pid, pidName, absentName: uniqueName(13), commonName, commonPids };
  targets.program = { ...common, longName: programName, longPid: program.pid };
  targets.script = { ...common, longName: scriptName, longPid: script.pid };
});

afterAll(() => Promise.all(children.map((child) => child.stop())));

/** Those that are not there are no failure, as long as they say why. */
async function isPresent(contender: JsContender): Promise<boolean> {
  const reason = await contender.version().then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (reason !== undefined)
    expect(reason).toMatch(/not on PATH|not installed|no option|not to be had/);
  return reason === undefined;
}

describe.each(jsContenders)('$title', (contender) => {
  test('tells its version, or why it is not there', async () => {
    const told = await contender.version().catch((error: Error) => error.message);
    expect(told).toMatch(/\d|unknown|is not on PATH|is not installed|is not to be had/);
  });

  const claimed = questions.filter((id) => contender.question(id, nobody) !== undefined);
  test.each(claimed)('answers %s right, each in its own way', async (id) => {
    if (!(await isPresent(contender))) return;
    await contender.prepare?.();
    for (const kind of longKinds) {
      const ask = contender.question(id, targets[kind]);
      const before = processCount();
      const found = ask?.found(await ask.ask()) ?? [];
      const right = { kind, verdict: 'right' };
      expect({ kind, ...judge(id, targets[kind], found, before) }).toMatchObject(right);
    }
  });
});

test('an answer is wrong that lacks most of the processes, unless they came or went meanwhile', () => {
  const told = (count: number) => Array.from({ length: count }, (_, pid) => ({ pid, name: 'any' }));
  const before = processCount();
  const verdict = (found: number, of: number) =>
    judge('all-names', { ...nobody, commonPids: [1] }, told(found), of).verdict;
  expect(verdict(2, before)).toBe('wrong');
  expect(verdict(before, before)).toBe('right');
  expect(verdict(2, 3)).toBe('right'); // the others have come
  expect(verdict(before, 100 * before)).toBe('right'); // most have gone
});

test('a name of its own is a note, and an answer that tells none of no use', () => {
  const of = { ...nobody, pid: 7, pidName: 'node', commonPids: [7] };
  expect(judge('pid', of, [{ pid: 7, name: 'main.js' }], 1)).toEqual({
    verdict: 'right',
    note: 'calls node “main.js”',
  });
  expect(judge('pid', of, [{ pid: 8, name: 'node' }], 1).verdict).toBe('wrong');
  const nameless = [{ pid: 0 }, { pid: 7, name: '' }];
  expect(judge('all-names', of, nameless, 2)).toMatchObject({ verdict: 'wrong' });
});

test('procseek and node:fs answer every question', () => {
  for (const id of ['procseek-sync', 'procseek-async', 'fs-sync', 'fs-promises']) {
    const contender = jsContenders.find((one) => one.id === id);
    for (const question of questions) expect(contender?.question(question, nobody)).toBeDefined();
  }
});

test('no two contenders have the same id', () => {
  const ids = [...jsContenders, ...externalContenders].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

describe.each(externalContenders)('$title', (contender) => {
  test('answers every question that it claims right', {
    timeout: 120_000, // its program may have to be built
  }, async () => {
    const prepared = await prepare(contender);
    if (prepared === undefined) return;
    for (const kind of longKinds) {
      const of = targets[kind];
      const lines = contender.questions.map((question) => questionOf(question, of));
      const before = processCount();
      const answers = await answersOf(prepared.command, prepared.args, lines);
      for (const [i, question] of contender.questions.entries()) {
        const { found = [], wall = [], cpu = [] } = answers[i] ?? {};
        const told = found.map(([pid, name]) => ({ pid, name }));
        const expected = { question, verdict: 'right' };
        expect({ question, ...judge(question, of, told, before) }).toMatchObject(expected);
        expect(wall.map((time) => time > 0)).toEqual([true, true, true]);
        expect(cpu.map((time) => time >= 0)).toEqual([true, true, true]);
      }
    }
  });

  test('is not there, and says why, when PATH leads nowhere', async () => {
    vi.stubEnv('PATH', directory);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const outcome = contender.prepare().then(({ version, dispose }) => {
      dispose?.();
      return version;
    });
    // Debian's Python is known by its path.
    await expect(outcome.catch((error: Error) => error.message)).resolves.toMatch(
      /Python 3|not found|is not on PATH/,
    );
  });
});

test('the program for gopsutil is gone when the last of its users is', {
  timeout: 120_000,
}, async () => {
  const pair = externalContenders.filter(({ id }) => id.startsWith('gopsutil'));
  const prepared = await Promise.all(pair.map((one) => one.prepare().catch(() => undefined)));
  const [first, second] = prepared;
  if (first === undefined || second === undefined) return;
  expect(first.command).toBe(second.command);
  first.dispose?.();
  first.dispose?.();
  expect(existsSync(second.command)).toBe(true);
  second.dispose?.();
  expect(existsSync(dirname(second.command))).toBe(false);
});

async function prepare(contender: ExternalContender) {
  try {
    const prepared = await contender.prepare();
    onTestFinished(() => prepared.dispose?.());
    expect(prepared.version).toMatch(/\d/);
    return prepared;
  } catch (error) {
    expect((error as Error).message).toMatch(/psutil|not found|Go toolchain/);
    return undefined;
  }
}

function questionOf(question: QuestionId, of: Targets): ExternalQuestion {
  const names = { 'name-first': of.commonName, 'name-long': of.longName };
  const name = question in names ? names[question as keyof typeof names] : of.absentName;
  return { question, pid: of.pid, name, calls: 3 };
}

/** It ends when its input does. */
async function answersOf(
  command: string,
  args: readonly string[],
  asked: readonly ExternalQuestion[],
): Promise<ExternalAnswer[]> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = once(child, 'close');
  const answers: ExternalAnswer[] = [];
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  for (const question of asked) {
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value } = await lines.next();
    answers.push(JSON.parse(value));
  }
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
  return answers;
}

describe('a package of the current directory', () => {
  /** A project, which the current directory is for the rest of the test. */
  function enterProject(manifest: object, code: string): void {
    const project = join(directory, uniqueName(12));
    const installed = join(project, 'node_modules/some-peer');
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(installed, 'index.js'), code);
    vi.spyOn(process, 'cwd').mockReturnValue(project);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
  }

  type Ask = (pid: number) => number;

  const somePeer = () =>
    peer<Ask, number>({
      name: 'some-peer',
      pick: (exports) => callable<Ask>(exports, 'ask', 'default'),
      questions: { pid: (ask, { pid }) => ask(pid) },
      found: (pid) => [{ pid }],
    });

  test('is taken whether it is CommonJS', async () => {
    enterProject({ version: '1.2.3' }, 'module.exports = (pid) => pid + 1;');
    const contender = somePeer();
    await expect(contender.version()).resolves.toBe('1.2.3');
    const ask = contender.question('pid', { ...nobody, pid: 1 });
    expect(ask?.found(await ask.ask())).toEqual([{ pid: 2 }]);
  });

  test('or an ECMAScript module that exports nothing else', async () => {
    const manifest = { version: '2.0.0', type: 'module', exports: './index.js' };
    enterProject(manifest, 'export const ask = (pid) => pid + 2;');
    const contender = somePeer();
    await expect(contender.version()).resolves.toBe('2.0.0');
    const ask = contender.question('pid', { ...nobody, pid: 1 });
    expect(ask?.found(await ask.ask())).toEqual([{ pid: 3 }]);
  });

  test('is refused with the reason when its API is another', async () => {
    enterProject({ version: '9.0.0' }, 'exports.other = () => {};');
    await expect(somePeer().version()).rejects.toThrow(/some-peer 9\.0\.0 has an API/);
  });

  test('is missed by its name', async () => {
    await expect(somePeer().version()).rejects.toThrow('some-peer is not installed');
  });
});
