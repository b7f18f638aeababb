/** Fields that are text, as processes on Linux shape them. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findByName, findByPidSync, type ProcessFields } from '../../../src/index.js';
import { psutil } from '../../support/oracles.js';
import { nativeNode } from '../../support/platform.js';
import { numberedEntries, settle } from '../../support/proc.js';
import { start, startHeadless, startPython, startTitled } from '../../support/processes.js';
import {
  makeProgram,
  programArguments,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../../support/programs.js';
import { isRoot, rootOnly } from '../../support/requirements.js';

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

describe('An environment', () => {
  test('tells the first of several variables of one name, as getenv(3) does', async () => {
    const { pid } = await startPython(`import os, sys
if len(sys.argv) == 1:
    libc = __import__('ctypes').CDLL(None)
    code = "print('ready', flush=True); __import__('sys').stdin.read()"
    texts = [b'/usr/bin/python3', b'-I', b'-S', b'-c', code.encode(), None]
    variables = [b'A=1', b'B=', b'A=2', b'nothing', b'=x', b'B=3', b'__proto__=p', None]
    array = lambda items: (__import__('ctypes').c_char_p * len(items))(*items)
    libc.execve(b'/usr/bin/python3', array(texts), array(variables))`);
    const environ = tell(pid, 'environ');
    expect(Object.entries(environ ?? {})).toEqual([
      ['A', '1'],
      ['B', ''],
      ['__proto__', 'p'],
    ]);
  });

  test('may be empty', async () => {
    const { pid } = await start('/usr/bin/env', ['-i', '/bin/cat', '-'], { says: 'ready' });
    expect(tell(pid, 'environ')).toEqual({});
  });

  test.each(['\0', ' '])('is unknown where a title was written over it (%j)', async (padding) => {
    const env = { LANG: 'C.UTF-8', SOME: 'text that is long enough' };
    const { pid } = await startTitled('', 'a title', { padding, over: 'environment' }, { env });
    expect(tell(pid, 'environ')).toBeNull();
  });
});

describe('A process whose first thread has ended', () => {
  test('tells all that its threads share', async ({ skip }) => {
    if (!['x64', 'arm64'].includes(process.arch)) return skip('the call has another number here');
    const before = `os.chdir('/usr')
files = [open('/dev/null') for _ in range(20)]`;
    const { pid } = await startHeadless(before, { env: { SOME: 'text' }, argv0: 'headless' });
    const thread = `/proc/${pid}/task/${Math.max(...numberedEntries(`/proc/${pid}/task`))}`;
    const page = Number(execFileSync('getconf', ['PAGESIZE']));
    await settle(pid, 'Z');
    const fields = ['state', 'threads', 'exe', 'cmdline', 'cwd', 'root', 'environ', 'fds'] as const;
    const wanted = {
      state: 'zombie',
      threads: 2,
      exe: readlinkSync(`${thread}/exe`),
      cmdline: expect.arrayContaining(['headless', '-I', '-S', '-c']),
      cwd: '/usr',
      root: '/',
      environ: { SOME: 'text' },
      fds: numberedEntries(`${thread}/fd`).length,
    };
    expect(wanted.fds).toBeGreaterThan(20);
    expect(findByPidSync(pid, { fields })).toMatchObject(wanted);
    for (const field of fields)
      expect(tell(pid, field)).toEqual(findByPidSync(pid, { fields })?.[field]);
    const [size = 0, resident = 0] = readFileSync(`${thread}/statm`, 'utf8').split(' ').map(Number);
    expect(size).toBeGreaterThan(resident);
    const memory = { rss: resident * page, vsize: size * page };
    expect(findByPidSync(pid, { fields: ['rss', 'vsize'] })).toEqual({ pid, ...memory });
    expect(tell(pid, 'rss')).toBe(memory.rss);
    expect(tell(pid, 'vsize')).toBe(memory.vsize);
    // Its `io` then belongs to root, and the `io` of a thread counts that thread alone.
    if (isRoot) expect(tell(pid, 'io')?.readCalls).toBeGreaterThan(10);
    else expect(tell(pid, 'io')).toBeNull();
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

  test('may be a root of its own', rootOnly, async () => {
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
    [`${digits}/docker/${'7'.repeat(64)}`, '7'.repeat(64)],
    [`ecs/${digits.slice(32)}/${digits.slice(32)}-1234567890`, `${digits.slice(32)}-1234567890`],
    ['garden/70eb4ab8-7b5c-4d5c-5f3c-b1d5', '70eb4ab8-7b5c-4d5c-5f3c-b1d5'],
    [`${digits}.service`, null],
    [`${digits}-4f1d0c.service`, null],
    [`var-lib-${digits}.mount`, null],
    [`libpod-conmon-${digits}.scope`, null],
    [`libpod-${digits.slice(1)}.scope`, null],
    [`${digits}0`, null],
    ['plain', null],
  ] as const)('%s tells the container %s', async ([group, containerId], { skip }) => {
    skip(!isRoot, 'needs root');
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
