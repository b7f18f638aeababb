/** What the command prints of processes that chose their names to trick whoever reads them. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { root } from '../package/installed.js';
import { makeProgram, scratchDirectory, startProgram } from '../support/programs.js';
import { onlyIf, rootOnly } from '../support/requirements.js';

const directory = scratchDirectory();
const command = join(root, 'dist/cli.js');

interface Printed {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function execute(file: string, args: readonly string[]): Promise<Printed> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd: directory }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, stdout, stderr });
    });
  });
}

function procseek(...args: string[]): Promise<Printed> {
  return execute(process.execPath, [command, ...args]);
}

/** Lines are the command's own, and nothing else in them is more than text. */
function expectHarmless(text: string): void {
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
}

/** At most 15 bytes each, which is what the kernel keeps of a name. */
const hostile: [what: string, name: string, shown: string][] = [
  ['the title of the window', '\u001b]0;pwned\u0007', '\\x1b]0;pwned\\x07'],
  ['a second line', 'a\n1 1 sleeping', 'a\\x0a1 1 sleeping'],
  ['a line over the one before', 'a\r\u001b[1Ab', 'a\\x0d\\x1b[1Ab'],
  ['a C1 control', '\u009b31mred', '\\x9b31mred'],
  ['another direction', 'a\u202egnp', 'a\\u{202e}gnp'],
  ['nothing between letters', 's\u200bshd', 's\\u{200b}shd'],
  ['tags', 'a\u{e0062}c', 'a\\u{e0062}c'],
  ['DEL', 'ab\u007fc', 'ab\\x7fc'],
];

const hostileNode = join(directory, hostile[0]?.[1] ?? '');

describe('procseek find', onlyIf(process.platform === 'linux', 'needs Linux'), () => {
  it.each(hostile)('shows a name with %s as text', async (_, name, shown) => {
    const { pid } = await startProgram(makeProgram(directory, name), [name]);
    const { code, stdout } = await procseek('find', name);
    expect(code).toBe(0);
    expectHarmless(stdout);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^ *${pid} `)));
    for (const line of lines) expect(line.endsWith(` ${shown}`)).toBe(true);
  });

  it.each(hostile)('prints JSON of a name with %s that is harmless, and exact', async (_, name) => {
    const { pid } = await startProgram(makeProgram(directory, `${name}2`), [name]);
    const { code, stdout } = await procseek('find', `${name}2`, '--json');
    expect(code).toBe(0);
    expect(stdout.trimEnd()).not.toContain('\n');
    expectHarmless(stdout);
    expect(JSON.parse(stdout)).toContainEqual(expect.objectContaining({ pid, name: `${name}2` }));
  });

  it('leaves names in any script as they are', async () => {
    const name = 'é漢字😀';
    await startProgram(makeProgram(directory, name));
    expect((await procseek('find', name)).stdout).toMatch(new RegExp(` ${name}\n`));
    expect((await procseek('find', name, '--json')).stdout).toContain(`"${name}"`);
  });

  it.each(hostile)('quotes an argument with %s as text in an error', async (_, name, shown) => {
    const { code, stderr } = await procseek('find', 'node', '--by', name);
    expect(code).toBe(2);
    expectHarmless(stderr);
    expect(stderr.trimEnd()).not.toContain('\n');
    const option = await procseek('find', 'node', `--${name}`);
    expect(option.code).toBe(2);
    expectHarmless(option.stderr);
    expect(option.stderr).toContain(shown);
  });

  it.each([
    ['something is found', [], 0],
    ['nothing is found', ['-absent'], 1],
  ])('is silent when nobody reads what it prints, and %s', async (_, suffix, expected) => {
    const name = 'pipe-closed';
    await startProgram(makeProgram(directory, name));
    const args = [command, 'find', name + suffix.join('')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy(); // before it can have started
    const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect({ code, complaint }).toEqual({ code: expected, complaint: '' });
  });
});

describe('procseek demo', onlyIf(process.platform === 'linux', 'needs Linux'), () => {
  /** As the first process of a PID namespace it is the only one that its scan finds. */
  it('shows a hostile name wherever it shows names', rootOnly, async () => {
    copyFileSync(process.execPath, hostileNode);
    const alone = ['--pid', '--fork', '--mount-proc', '--kill-child', '--'];
    const { code, stdout, stderr } = await execute('unshare', [
      ...[...alone, hostileNode, command, 'demo'],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectHarmless(stdout);
    // In the question, in the list, and as JSON in the records.
    expect(stdout).toContain("findByName('\\x1b]0;pwned\\x07')");
    expect(stdout).toContain('1 processes: \\x1b]0;pwned\\x07, …');
    expect(stdout).toContain('"name":"\\u001b]0;pwned\\u0007"');
    expect(stdout).toMatch(/"exe":"[^"]*\/\\u001b\]0;pwned\\u0007"/);
  });
});

describe('procseek bench', onlyIf(process.platform === 'linux', 'needs Linux'), () => {
  it('writes a hostile argument as text into every report', async () => {
    const file = (kind: string) => join(directory, `\u001b]0;pwned\u0007\u202e.${kind}`);
    const outputs = ['json', 'markdown', 'html'].flatMap((kind) => [`--${kind}`, file(kind)]);
    const args = [
      'bench',
      '--question',
      'pid',
      '--part',
      'questions',
      '--minutes',
      '0.02',
      ...outputs,
    ];
    const { code, stdout } = await procseek(...args);
    expect(code).toBe(0);
    expectHarmless(stdout);
    expect(stdout).toContain('\\x1b]0;pwned\\x07\\u{202e}.json');
    for (const kind of ['json', 'markdown', 'html']) {
      const report = readFileSync(file(kind), 'utf8');
      expectHarmless(report);
      expect(report).toContain('pwned');
    }
    expect(JSON.parse(readFileSync(file('json'), 'utf8')).command).toContain(file('html'));
  });

  it.each(hostile)('quotes an argument with %s as text in an error', async (_, name, shown) => {
    const { code, stderr } = await procseek('bench', '--question', name);
    expect(code).toBe(2);
    expectHarmless(stderr);
    expect(stderr).toContain(shown);
  });
});
