/** What a process is called: one rule, for every process. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findByName, findByNameSync, findByPidSync, findOneByName } from '../../../src/index.js';
import { asNobody, inProcess } from '../../support/library.js';
import {
  type Child,
  start,
  startHeadless,
  startNamed,
  startPython,
  startTitled,
} from '../../support/processes.js';
import {
  makeProgram,
  makeScript,
  scratchDirectory,
  startProgram,
  uniqueName,
} from '../../support/programs.js';
import { isRoot, rootOnly } from '../../support/requirements.js';
import { findNode } from '../../support/runtimes.js';

const scratch = scratchDirectory();

/** For a name that no other process has: those that have it. */
async function pidsNamed(name: string | Uint8Array): Promise<number[]> {
  const found = await findByName(name, { fields: [] });
  expect(findByNameSync(name, { fields: [] })).toEqual(found);
  return found.map(({ pid }) => pid);
}

/** For a name that others may have, too. */
async function isFoundBy(name: string, { pid }: Child): Promise<boolean> {
  const isFound = (await findByName(name, { fields: [] })).some((one) => one.pid === pid);
  expect(findByNameSync(name, { fields: [] }).some((one) => one.pid === pid)).toBe(isFound);
  return isFound;
}

function nameAndComm({ pid }: Child): { name: string; comm: string } {
  const found = findByPidSync(pid, { fields: ['name', 'comm'] });
  if (found === undefined) throw new Error(`process ${pid} has ended`);
  return { name: found.name, comm: found.comm };
}

describe('A name of up to 15 bytes', () => {
  test.each([9, 14, 15])('of %i characters is told and found as it is', async (length) => {
    const name = uniqueName(length);
    const child = await startProgram(makeProgram(scratch, name));
    expect(nameAndComm(child)).toEqual({ name, comm: name });
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });

  test('is matched by neither a part of it nor another case', async () => {
    const name = uniqueName(12);
    const child = await startProgram(makeProgram(scratch, name));
    for (const other of [name.slice(0, -1), name.slice(1), `${name}x`, name.toUpperCase()]) {
      expect(await pidsNamed(other)).toEqual([]);
    }
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });

  test('is matched by neither the path nor the arguments', async () => {
    const path = makeProgram(scratch, uniqueName(12));
    const argument = uniqueName(12);
    await startProgram(path, [argument]);
    expect(await pidsNamed(path)).toEqual([]);
    expect(await pidsNamed(argument)).toEqual([]);
  });
});

describe('A name that the kernel cut', () => {
  test('is completed from argv[0]', async () => {
    const name = uniqueName(40);
    const child = await startProgram(makeProgram(scratch, name));
    expect(nameAndComm(child)).toEqual({ name, comm: name.slice(0, 15) });
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });

  test('is completed from the base name of argv[0], wherever that leads', async () => {
    const path = makeProgram(scratch, uniqueName(15));
    const argv0 = `/nowhere/${basename(path)}-more`;
    const child = await startProgram(path, [], { argv0 });
    expect(nameAndComm(child).name).toBe(basename(argv0));
    expect(await pidsNamed(basename(argv0))).toEqual([child.pid]);
  });

  test('is completed from the script that a #! line runs', async () => {
    const name = uniqueName(30);
    const child = await start(makeScript(scratch, name, '/bin/sh'));
    expect(nameAndComm(child)).toEqual({ name, comm: name.slice(0, 15) });
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });

  test('is completed from the script behind an option of its #! line', async () => {
    const name = uniqueName(30);
    const child = await start(makeScript(scratch, name, '/bin/sh -u'));
    expect(nameAndComm(child).name).toBe(name);
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });

  test('is completed from the executable when argv[0] says something else', async () => {
    const name = uniqueName(30);
    const child = await startProgram(makeProgram(scratch, name), [], { argv0: 'worker: idle' });
    expect(nameAndComm(child).name).toBe(name);
    expect(await pidsNamed(name)).toEqual([child.pid]);
    expect(await pidsNamed('worker: idle')).toEqual([]);
  });

  test('is completed from the executable when argv[0] is empty', async () => {
    const name = uniqueName(30);
    const child = await startProgram(makeProgram(scratch, name), [], { argv0: '' });
    expect(nameAndComm(child).name).toBe(name);
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });

  test('stays cut when nothing completes it', async () => {
    const comm = uniqueName(15);
    const child = await startNamed(comm);
    expect(nameAndComm(child)).toEqual({ name: comm, comm });
    expect(await pidsNamed(comm)).toEqual([child.pid]);
    expect(await isFoundBy('python3', child)).toBe(false);
  });

  test('is found by the cut name too', async () => {
    const name = uniqueName(30);
    const child = await startProgram(makeProgram(scratch, name));
    expect(await pidsNamed(name.slice(0, 15))).toEqual([child.pid]);
    expect(await pidsNamed(name.slice(0, 14))).toEqual([]);
    expect(await pidsNamed(name.slice(0, 20))).toEqual([]);
  });

  test('is not confused with another one of the same first 15 bytes', async () => {
    const prefix = uniqueName(15);
    const one = await startProgram(makeProgram(scratch, `${prefix}-one`));
    const two = await startProgram(makeProgram(scratch, `${prefix}-two`));
    const script = await start(makeScript(scratch, `${prefix}-script`, '/bin/sh'));
    expect(await pidsNamed(`${prefix}-one`)).toEqual([one.pid]);
    expect(await pidsNamed(`${prefix}-two`)).toEqual([two.pid]);
    expect(await pidsNamed(`${prefix}-script`)).toEqual([script.pid]);
    expect(await pidsNamed(`${prefix}-none`)).toEqual([]);
    const all = [one.pid, two.pid, script.pid].sort((a, b) => a - b);
    expect(await pidsNamed(prefix)).toEqual(all);
  });

  test('is completed when it was cut in the middle of a character', async () => {
    const name = `${uniqueName(14)}étoile`;
    const child = await startProgram(makeProgram(scratch, name));
    expect(nameAndComm(child)).toEqual({ name, comm: `${name.slice(0, 14)}\ufffd` });
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });
});

/** What a user sees who may not ask for the executable; and whom that one finds by the name. */
function seenByNobody(pid: number, name: string) {
  return inProcess(asNobody, { pid, name }, ({ procseek }, { pid, name }) => ({
    record: procseek.findByPidSync(pid, { fields: ['name', 'exe'] }),
    pids: procseek.findByNameSync(name).map((one) => one.pid),
  }));
}

describe('A title over the arguments', () => {
  const titles = [
    ['behind a colon', ': waiting...', '\0'],
    ['behind a colon, with blanks behind it', ': waiting...', ' '],
    ['behind a colon, with slashes in it', ': waiting for /run/x/y', '\0'],
    ['behind a blank', ' waiting', '\0'],
    ['that consists of blanks', '', ' '],
    ['that shows options', ' --type=worker --path=/x/y', '\0'],
  ] as const;

  test.each(titles)('%s is no part of the name', async (_, title, padding) => {
    const name = uniqueName(24);
    const { pid } = await startTitled(name.slice(0, 15), `${name}${title}`, { padding });
    const wanted = { pid, name, comm: name.slice(0, 15) };
    expect(findByPidSync(pid, { fields: ['name', 'comm'] })).toEqual(wanted);
    expect(await pidsNamed(name)).toEqual([pid]);
    expect(await pidsNamed(name.slice(0, 15))).toEqual([pid]);
    expect(await pidsNamed(`${name}${title}x`)).toEqual([]);
    if (!isRoot) return;
    expect(await seenByNobody(pid, name)).toEqual({
      record: { pid, name, exe: null },
      pids: [pid],
    });
  });

  test('cannot make a name endless', async () => {
    const blanks = ' '.repeat(15);
    const argv0 = ' '.repeat(120_000);
    const child = await startProgram(makeProgram(scratch, blanks), [], { argv0 });
    expect(nameAndComm(child)).toEqual({ name: blanks, comm: blanks });
    const begun = performance.now();
    expect(findByNameSync(/\s+$/, { fields: [] })).toContainEqual({ pid: child.pid });
    expect(performance.now() - begun).toBeLessThan(5000);

    const letters = `${uniqueName(15)}${'é'.repeat(500)}`;
    const other = await startNamed(letters.slice(0, 15), { argv0: letters });
    const name = letters.slice(0, 15 + 120);
    expect(Buffer.byteLength(name)).toBe(255);
    expect(nameAndComm(other).name).toBe(name);
    expect(await pidsNamed(name)).toEqual([other.pid]);
  });
});

describe('A path that a process made its comm', () => {
  test.each([
    ['absolute', (name: string) => `/some/path/to/my/${name}`],
    ['relative', (name: string) => `./some/path/to/my/${name}`],
    ['above', (name: string) => `../some/path/to/my/${name}`],
  ])('gives way to the name of the file (%s)', async (_, pathOf) => {
    const name = `${uniqueName(14)}.py`;
    const path = pathOf(name);
    const { pid } = await startTitled(path.slice(0, 15), `${path} arg1 /etc/hosts`);
    const wanted = { pid, name, comm: path.slice(0, 15) };
    expect(findByPidSync(pid, { fields: ['name', 'comm'] })).toEqual(wanted);
    expect(await pidsNamed(name)).toEqual([pid]);
    expect(findByNameSync(path.slice(0, 15), { fields: [] })).toContainEqual({ pid });
  });

  test('stays when argv[0] is something else', async () => {
    const comm = `/x/${uniqueName(12)}`;
    const child = await startNamed(comm);
    expect(nameAndComm(child)).toEqual({ name: comm, comm });
    expect(await pidsNamed(comm)).toEqual([child.pid]);
  });
});

describe('A program that Wine runs', () => {
  const name = `${uniqueName(20)}.exe`;
  const paths = [
    `C:\\Program Files (x86)\\Game\\${name}`,
    `z:\\home\\me\\${name}`,
    `C:/Games/${name}`,
    `\\\\server\\share\\${name}`,
  ];
  test.each(paths)('is called by what stands behind the last slash of %s', async (argv0) => {
    const { pid } = await startNamed(name.slice(0, 15), { argv0 });
    expect(findByPidSync(pid, { fields: ['name'] })).toEqual({ pid, name });
    expect(await pidsNamed(name)).toEqual([pid]);
    for (const query of [name, argv0, new RegExp(`^${name}$`)]) {
      expect(findByNameSync(query, { by: 'argv0', fields: [] })).toEqual([{ pid }]);
    }
  });
});

/** Runs cat(1) from memory; undefined where there is no memfd_create(2). */
async function startFromMemory(
  argv0: string,
  path: string,
  file: string,
): Promise<Child | undefined> {
  const code = `import os, sys
name, argv0, path = sys.argv[1:]
try: memory = os.memfd_create(name, 0)
except OSError: print('unsupported', flush=True); sys.exit()
os.write(memory, open('/bin/cat', 'rb').read())
os.execve(path % memory if path else memory, [argv0, '-'], {})`;
  const child = await startPython(code, [file, argv0, path], { says: 'ready' });
  return child.greeting === 'unsupported' ? undefined : child;
}

describe('A program that is executed from memory', () => {
  const ways = [
    ['by a descriptor', '', 'sealed-executable'],
    ['by a descriptor, of a short name', '', 'x'],
    ['by a path', '/proc/self/fd/%d', 'sealed-executable'],
    ['by another path', '/dev/fd/%d', 'x'],
  ] as const;

  test.for(ways)('%s is called by argv[0]', async ([, path, file], { skip }) => {
    for (const length of [10, 30]) {
      const name = uniqueName(length);
      const child = await startFromMemory(`/opt/${name}`, path, file);
      if (child === undefined) return skip('there is no memfd_create(2)');
      expect(nameAndComm(child).name).toBe(name);
      expect(await pidsNamed(name)).toEqual([child.pid]);
      expect(await isFoundBy(nameAndComm(child).comm, child)).toBe(true);
      expect(findByNameSync(new RegExp(`^${name}$`), { fields: [] })).toEqual([{ pid: child.pid }]);
      if (!isRoot) continue;
      expect(await seenByNobody(child.pid, name)).toEqual({
        record: { pid: child.pid, name, exe: null },
        pids: [child.pid],
      });
    }
  });

  test('is called by its comm when argv[0] tells no more', async ({ skip }) => {
    const child = await startFromMemory('/proc/self/fd/3', '', uniqueName(8));
    if (child === undefined) return skip('there is no memfd_create(2)');
    const { name, comm } = nameAndComm(child);
    expect(name).toBe(comm);
    expect(await isFoundBy(comm, child)).toBe(true);
  });
});

describe('A process whose first thread has ended', () => {
  test('is found by its name in full', async ({ skip }) => {
    if (!['x64', 'arm64'].includes(process.arch)) return skip('the call has another number here');
    const name = uniqueName(30);
    const before = `os.write(os.open('/proc/self/comm', os.O_WRONLY), b'${name.slice(0, 15)}')`;
    const child = await startHeadless(before, { argv0: `/opt/${name}` });
    expect(nameAndComm(child)).toEqual({ name, comm: name.slice(0, 15) });
    expect(await pidsNamed(name)).toEqual([child.pid]);
  });
});

describe('A script', () => {
  test('has its name when its interpreter is a script', async () => {
    const name = uniqueName(30);
    const interpreter = makeScript(scratch, uniqueName(12), '/bin/sh');
    const script = makeScript(scratch, name, interpreter, '');
    expect(nameAndComm(await start(script))).toEqual({ name, comm: name.slice(0, 15) });
    const option = makeScript(scratch, uniqueName(12), '/bin/sh -u');
    const other = makeScript(scratch, `${name}-2`, `${option} x`, '');
    const { pid } = await start(other);
    expect(findByPidSync(pid, { fields: ['name'] })).toEqual({ pid, name: `${name}-2` });
    expect(await pidsNamed(`${name}-2`)).toEqual([pid]);
  });

  test('may be called by a number', async () => {
    const child = await start(makeScript(scratch, '42', '/bin/sh'));
    expect(nameAndComm(child)).toEqual({ name: '42', comm: '42' });
    expect(await isFoundBy('42', child)).toBe(true);
    expect(await isFoundBy('sh', child)).toBe(false);
  });

  test('has the name of its file when its #! line runs it', async () => {
    const name = uniqueName(12);
    const child = await start(makeScript(scratch, name, '/bin/sh'));
    expect(nameAndComm(child)).toEqual({ name, comm: name });
    expect(await isFoundBy('sh', child)).toBe(false);
  });

  test('has the name of the interpreter when that was told to run it', async () => {
    const script = join(scratch, 'explicit.py');
    writeFileSync(script, "print('ready', flush=True)\ninput()\n");
    const child = await start('/usr/bin/python3', ['-I', script]);
    expect(nameAndComm(child)).toEqual({ name: 'python3', comm: 'python3' });
    expect(await isFoundBy('python3', child)).toBe(true);
    expect(await pidsNamed('explicit.py')).toEqual([]);
  });
});

describe('The label of a main thread', () => {
  test.for([20, 22, 24, 26])('does not hide Node.js %i', async (major, { skip }) => {
    const node = findNode(major);
    if (node === undefined) return skip('`node scripts/runtimes.mjs` has not been run');
    const child = await start(node, ['-e', "console.log('ready'); process.stdin.resume()"]);
    const { name, comm } = nameAndComm(child);
    const label = major >= 26 ? 'node-MainThread' : major >= 24 ? 'MainThread' : 'node';
    expect({ name, comm }).toEqual({ name: 'node', comm: label });
    expect(await isFoundBy('node', child)).toBe(true);
    expect(await isFoundBy(label, child)).toBe(true);
  });

  test.each(['MainThread', 'node-MainThread'])(
    '%s gives way to the base name of the executable',
    async (label) => {
      const child = await startNamed(label);
      const exe = findByPidSync(child.pid, { fields: ['exe'] })?.exe ?? '';
      expect(nameAndComm(child)).toEqual({ name: basename(exe), comm: label });
      expect(await isFoundBy(basename(exe), child)).toBe(true);
      expect(await isFoundBy(label, child)).toBe(true);
    },
  );

  test(
    'gives way to the base name of argv[0] where the executable is withheld',
    rootOnly,
    async () => {
      const argv0 = uniqueName(20);
      const child = await startNamed('MainThread', { argv0: `/opt/${argv0}` });
      const found = await inProcess(
        asNobody,
        { pid: child.pid, argv0 },
        ({ procseek }, { pid, argv0 }) => ({
          record: procseek.findByPidSync(pid, { fields: ['name', 'exe'] }),
          pids: procseek.findByNameSync(argv0).map((one) => one.pid),
        }),
      );
      expect(found).toEqual({
        record: { pid: child.pid, name: argv0, exe: null },
        pids: [child.pid],
      });
    },
  );

  test('stands for itself in other words', async () => {
    const child = await startNamed('MainThreads');
    expect(nameAndComm(child).name).toBe('MainThreads');
  });
});

test('A login shell is found by argv[0] with and without its dash', async () => {
  const name = uniqueName(12);
  const { pid } = await startProgram(makeProgram(scratch, name), [], { argv0: `-${name}` });
  for (const by of ['argv0', 'any'] as const) {
    for (const query of [name, `-${name}`, new RegExp(`^${name}$`), new RegExp(`^-${name}$`)]) {
      expect(findByNameSync(query, { by, fields: [] })).toEqual([{ pid }]);
    }
  }
  expect(findByNameSync(`--${name}`, { by: 'argv0' })).toEqual([]);
});

describe('The searching process', () => {
  test('is found when it has the name, and only then', async () => {
    const name = uniqueName(12);
    const found = await inProcess({}, name, async ({ procseek, require }, name) => {
      require('node:fs').writeFileSync('/proc/self/comm', name);
      const pids = (await procseek.findByName(name)).map(({ pid }) => pid);
      const others = procseek.findByNameSync(`${name}x`).map(({ pid }) => pid);
      return { pids, others, pid: process.pid };
    });
    expect(found).toEqual({ pids: [found.pid], others: [], pid: found.pid });
  });

  test('is not found for having the name among its arguments', async () => {
    const name = uniqueName(12);
    const found = await inProcess({ args: [name] }, name, async ({ procseek }, name) => {
      const byName = await procseek.findByName(name);
      const [byArguments] = await procseek.findByName(name, { by: 'cmdline' });
      return { byName, isFoundOtherwise: byArguments?.pid === process.pid };
    });
    expect(found).toEqual({ byName: [], isFoundOtherwise: true });
  });
});

test('A renamed process is found by its new name alone', async () => {
  const [before, after] = [uniqueName(12), uniqueName(12)];
  const path = makeScript(
    scratch,
    before,
    '/bin/bash',
    `
echo ready
read line
printf '%s' "$line" > /proc/$$/comm
echo renamed
read line`,
  );
  const child = await start(path);
  expect((await findOneByName(before))?.pid).toBe(child.pid);
  child.say(after);
  await child.line();
  expect(await pidsNamed(before)).toEqual([]);
  expect(await pidsNamed(after)).toEqual([child.pid]);
});
