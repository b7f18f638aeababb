/** Fields that are text, as processes on Linux shape them. */
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findByName, findByPidSync, type ProcessFields } from '../../../src/index.js';
import { psutil } from '../../support/oracles.js';
import { nativeNode } from '../../support/platform.js';
import { settle } from '../../support/proc.js';
import { isRoot, start, startPython } from '../../support/processes.js';
import {
  makeProgram,
  programArguments,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../../support/programs.js';

const scratch = scratchDirectory();

function tell<F extends keyof ProcessFields>(pid: number, field: F): ProcessFields[F] {
  const found = findByPidSync(pid, { fields: [field] }) as Pick<ProcessFields, F> | undefined;
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return found[field];
}

describe('A command line', () => {
  const path = makeProgram(scratch, uniqueName(20));

  test('may start with an empty argument', async () => {
    const { pid } = await startProgram(path, ['x'], { argv0: '' });
    expect(tell(pid, 'cmdline')).toEqual(['', ...programArguments, 'x']);
  });

  test('may hold bytes that are not UTF-8', async () => {
    const { pid } = await start('/bin/bash', ['-c', 'exec "$0" -- - $\'a\\xffb\' c', path], {
      says: 'ready',
    });
    expect(tell(pid, 'cmdline')).toEqual([path, ...programArguments, 'a\ufffdb', 'c']);
    const bytes = Buffer.concat([Buffer.from('a'), Buffer.from([0xff]), Buffer.from('b c')]);
    expect(await findByName(bytes, { by: 'cmdline', fields: [] })).toEqual([{ pid }]);
  });

  test('is a single element where the process has written a title over it', async () => {
    const title = `${uniqueName(12)}: with a title`;
    const code = '$0 = shift; $| = 1; print qq(ready\\n); <STDIN>';
    const { pid } = await start('/usr/bin/perl', ['-e', code, title, 'more', 'arguments']);
    expect(tell(pid, 'cmdline')).toEqual([title]);
    expect(await findByName(title, { by: 'cmdline', fields: [] })).toEqual([{ pid }]);
  });

  test.each([1, 30])('holds nothing but the title of a Node.js process (× %i)', async (times) => {
    const title = `${uniqueName(12)}: with a title `.repeat(times).trim();
    const code = `process.title = '${title}'; console.log('ready'); process.stdin.resume()`;
    const { pid } = await start(nativeNode, ['-e', code]);
    const [first = '', ...rest] = tell(pid, 'cmdline') ?? [];
    expect(title.startsWith(first)).toBe(true);
    expect(first.length).toBeGreaterThan(25);
    expect(rest.filter((argument) => argument !== '')).toEqual([]);
    expect((await findByName(first, { by: 'argv0', fields: [] }))[0]).toEqual({ pid });
  });
});

describe('An executable', () => {
  test('that has been deleted keeps its path', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const { pid } = await startProgram(path);
    rmSync(path);
    expect(tell(pid, 'exe')).toBe(path);
    copyFileSync('/bin/cat', path);
    expect(tell(pid, 'exe')).toBe(path);
  });

  test('that has been replaced keeps its path', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const { pid } = await startProgram(path);
    renameSync(makeProgram(scratch, uniqueName(12)), path);
    expect(tell(pid, 'exe')).toBe(path);
  });

  test('that has been renamed has the new path', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const { pid } = await startProgram(path);
    renameSync(path, `${path}-renamed`);
    expect(tell(pid, 'exe')).toBe(`${path}-renamed`);
  });

  test('may truly be called "x (deleted)", and be deleted', async () => {
    const path = makeProgram(scratch, `${uniqueName(12)} (deleted)`);
    const { pid } = await startProgram(path);
    expect(tell(pid, 'exe')).toBe(path);
    rmSync(path);
    expect(tell(pid, 'exe')).toBe(path);
  });

  test('that has been deleted keeps its path when it has another name elsewhere', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const { pid } = await startProgram(path);
    linkSync(path, join(scratch, uniqueName(13)));
    rmSync(path);
    expect(tell(pid, 'exe')).toBe(path);
    expect((await psutil(['exe'], [pid])).get(pid)?.exe).toBe(path);
  });
});

describe('A directory', () => {
  test('of the root is told', async () => {
    const { pid } = await startProgram('/bin/cat');
    expect(tell(pid, 'root')).toBe('/');
  });

  test('that has been deleted keeps its path', async () => {
    const directory = join(scratch, uniqueName(12));
    mkdirSync(directory);
    const { pid } = await startProgram('/bin/cat', [], { cwd: directory });
    rmdirSync(directory);
    expect(tell(pid, 'cwd')).toBe(directory);
  });

  test.skipIf(!isRoot)('may be a root of its own', async () => {
    const { pid } = await startPython(
      `import os, sys
os.chroot(sys.argv[1])
os.chdir('/')
print('ready', flush=True)
sys.stdin.read()`,
      [scratch],
    );
    expect(tell(pid, 'root')).toBe(scratch);
  });
});

test('A process with no file open has 0 descriptors', async () => {
  const { pid } = await startPython(`import os, signal
print('ready', flush=True)
os.closerange(0, 1000)
signal.pause()`);
  await settle(pid);
  expect(tell(pid, 'fds')).toBe(0);
});

test('A process on a terminal tells its path', async () => {
  const commands = 'tty; exec /bin/bash -c "echo \\$\\$; read line"';
  const terminal = await start('/usr/bin/script', ['-qec', commands, '/dev/null']);
  const pid = Number((await terminal.line()).trim());
  expect(terminal.greeting.trim()).toMatch(/^\/dev\/pts\/\d+$/);
  expect(tell(pid, 'tty')).toBe(terminal.greeting.trim());
  expect((await psutil(['terminal'], [pid])).get(pid)?.terminal).toBe(tell(pid, 'tty'));
  expect(tell(terminal.pid, 'tty')).toBeNull();
});

describe('A control group', () => {
  test('is that of the unified hierarchy', () => {
    const unified = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    if (unified !== undefined) expect(tell(process.pid, 'cgroup')).toBe(unified);
    else expect(tell(process.pid, 'cgroup')).toMatch(/^\//);
  });

  const digits = '0123456789abcdef'.repeat(4);
  test.for([
    [`docker-${digits}.scope`, digits],
    [digits, digits],
    [`libpod-${digits.slice(1)}.scope`, null],
    [`${digits}0`, null],
    ['plain', null],
  ] as const)('%s tells the container %s', async ([group, containerId], { skip }) => {
    skip(!isRoot, 'takes root');
    // Leaves the group, and removes it, when its input ends.
    const code = `
mount -t cgroup2 none "$0" || exec echo unsupported
outer="$0$(sed -n 's/^0:://p' /proc/self/cgroup)"
mkdir -p "$outer/$1/$2" && echo $$ > "$outer/$1/$2/cgroup.procs" || exec echo unsupported
echo ready
read line
echo $$ > "$outer/cgroup.procs"
rmdir "$outer/$1/$2" "$outer/$1"
echo removed
read line`;
    const mountPoint = join(scratch, uniqueName(12));
    mkdirSync(mountPoint);
    const outer = uniqueName(12);
    const args = ['--mount', '/bin/sh', '-c', code, mountPoint, outer, group];
    const child = await start('/usr/bin/unshare', args);
    if (child.greeting !== 'ready') return skip('this host does not let us make control groups');
    try {
      expect(tell(child.pid, 'cgroup')).toMatch(new RegExp(`/${outer}/${group}$`));
      expect(tell(child.pid, 'containerId')).toBe(containerId);
    } finally {
      child.say('leave');
      expect(await child.line()).toBe('removed');
    }
  });
});
