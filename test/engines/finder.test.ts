/** Finders: opening them, and that they tell what the functions of the module tell. */
import { mkdtempSync, readFileSync, rmdirSync, symlinkSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { binding } from '../../src/binding.js';
import * as procseek from '../../src/index.js';
import { type Field, type Finder, type FinderOptions, fieldNames } from '../../src/index.js';
import { offered, open, waysHere } from '../support/engines.js';
import { numberedEntries } from '../support/proc.js';
import { type Child, launch, startNamed } from '../support/processes.js';
import {
  launchProgram,
  makeProgram,
  makeScript,
  scratchDirectory,
  uniqueName,
} from '../support/programs.js';
import { isRoot, onlyIf } from '../support/requirements.js';
import { until } from '../support/until.js';

type Asked = Pick<Finder, 'findByNameSync' | 'findByName' | 'scanSync' | 'scan' | 'children'>;
type Row = { pid: number };

const scratch = scratchDirectory();
const nobody = 65534;

/** Cut in the comm; longer than what the kernel holds. */
const long = uniqueName(30);
/** Not to be told from the other by its comm. */
const alike = `${long.slice(0, 15)}-also`;
const short = uniqueName(11);
const word = uniqueName(14);
const program = uniqueName(13);

const cast: Record<'longs' | 'others' | 'shorts' | 'programs' | 'labelled', Child[]> = {
  longs: [],
  others: [],
  shorts: [],
  programs: [],
  labelled: [],
};

const renaming = `import os, sys
os.write(os.open('/proc/self/comm', os.O_WRONLY), sys.argv[1].encode())
print('ready', flush=True)
sys.stdin.read()`;
const launchNamed = (comm: string) =>
  launch('/usr/bin/python3', ['-I', '-S', '-c', renaming, comm]);

beforeAll(async () => {
  const path = makeScript(scratch, long, '/bin/bash');
  for (let i = 0; i < 3; i++) cast.longs.push(await launch(path));
  if (isRoot) cast.longs.push(await launch(path, [], { uid: nobody }));
  cast.others.push(await launch(makeScript(scratch, alike, '/bin/bash')));
  for (let i = 0; i < 2; i++) cast.shorts.push(await launchNamed(short));
  cast.programs.push(await launchProgram(makeProgram(scratch, program), [word]));
  cast.labelled.push(await launchNamed('MainThread'));
  return () =>
    Promise.all(
      Object.values(cast)
        .flat()
        .map((child) => child.stop()),
    );
});

/** Those of the lowest PIDs. */
const first = (count: number, children: Child[]) =>
  children.toSorted((a, b) => a.pid - b.pid).slice(0, count);

const pidsOf = (...groups: Child[][]) =>
  groups
    .flat()
    .map(({ pid }) => pid)
    .sort((a, b) => a - b);

/** But for the start, which is told to a hundredth of a second and may be rounded either way. */
function rounded<T extends object>(rows: readonly T[]): T[] {
  return rows.map((row) =>
    'startTime' in row && typeof row.startTime === 'number'
      ? { ...row, startTime: Math.round(row.startTime / 1000) }
      : row,
  );
}

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

describe.each(waysHere)('A finder by %s', (_, { options, engine, iteration }) => {
  test('says what it is', async () => {
    const finder = await open(options);
    expect(finder).toMatchObject({ engine, iteration, procRoot: '/proc' });
    expect((await open({ ...options, procRoot: '/proc' })).procRoot).toBe('/proc');
    expect((await open({ ...options, procRoot: '/proc/' })).procRoot).toBe('/proc/');
  });

  test('says what it remembers', async () => {
    const finder = await open(options);
    const before = finder.memory;
    finder.findByNameSync('absent');
    if (engine === 'procfs') expect([before, finder.memory]).toEqual([0, 0]);
    if (engine === 'bpf') {
      expect(before).toBe(finder.memory);
      expect(before).toBeGreaterThan(1_000_000);
      expect(before).toBeLessThan(1_500_000);
    }
    if (engine === 'events') {
      // Other tests start and end processes meanwhile.
      await until('what it remembers fits the number of processes', async () => {
        const fresh = await open(options);
        const most = numberedEntries('/proc').length;
        fresh.findByNameSync('absent');
        const { memory } = fresh;
        const processes = numberedEntries('/proc').length;
        fresh.close();
        return (
          memory > 16 * (Math.min(most, processes) / 2) &&
          memory <= 40 * (Math.max(most, processes) + 50)
        );
      });
    }
  });

  test('cannot be told to be another one', async () => {
    const finder = await open(options);
    expect(() => Object.assign(finder, { memory: 1 })).toThrow(TypeError);
    expect(Object.prototype.toString.call(finder)).toBe('[object Object]');
  });

  describe('finds', () => {
    const fields = ['pid', 'name', 'uid'] as const;

    test('one name', async () => {
      const finder = await open(options);
      const expected = pidsOf(cast.shorts).map((pid) => ({ pid, name: short, uid: 0 }));
      if (isRoot) expect(finder.findByNameSync(short, { fields })).toEqual(expected);
      expect(finder.findByNameSync(short, { fields: [] })).toEqual(
        pidsOf(cast.shorts).map((pid) => ({ pid })),
      );
      expect(await finder.findByName(short, { fields: [] })).toEqual(
        pidsOf(cast.shorts).map((pid) => ({ pid })),
      );
      expect(finder.findOneByNameSync(short, { fields: [] })).toEqual({
        pid: pidsOf(cast.shorts)[0],
      });
      expect(await finder.findOneByName(short, { fields: [] })).toEqual({
        pid: pidsOf(cast.shorts)[0],
      });
      expect(finder.findByNameSync(uniqueName(11))).toEqual([]);
      expect(finder.findOneByNameSync(uniqueName(11))).toBeUndefined();
    });

    test.each([10, 1000])('%i names in one call', async (count) => {
      const finder = await open(options);
      const names = Array.from({ length: count }, (_, i) => uniqueName(9 + (i % 40)));
      expect(finder.findByNameSync(names, { fields })).toEqual([]);
      names.splice(1, 0, long);
      names.splice(count / 2, 0, program, short);
      names.push(long, Buffer.from(short).toString());
      const found = finder.findByNameSync(names, { fields });
      expect(found.map(({ pid }) => pid)).toEqual(pidsOf(cast.longs, cast.shorts, cast.programs));
      expect(new Set(found.map(({ name }) => name))).toEqual(new Set([long, program, short]));
      expect(await finder.findByName(names, { fields })).toEqual(found);
      expect([...finder.scanSync({ name: names }, { fields })]).toEqual(found);
      expect(await collect(finder.scan({ name: names }, { fields }))).toEqual(found);
    });

    test('names that are cut in the comm, and no others that begin alike', async () => {
      const finder = await open(options);
      const found = finder.findByNameSync(long, { fields: ['name', 'comm'] });
      expect(found).toEqual(
        pidsOf(cast.longs).map((pid) => ({ pid, name: long, comm: long.slice(0, 15) })),
      );
      expect(finder.findByNameSync(alike, { fields: ['name'] })).toEqual([
        { pid: cast.others[0]?.pid, name: alike },
      ]);
      const byComm = finder.findByNameSync(long.slice(0, 15), { fields: ['name'] });
      expect(byComm.map(({ pid }) => pid)).toEqual(pidsOf(cast.longs, cast.others));
    });

    test('by its executable what calls its main thread something', async () => {
      const finder = await open(options);
      const [{ pid } = { pid: 0 }] = cast.labelled;
      const [found] = finder.findByNameSync('MainThread', {
        fields: ['name', 'comm'],
        ppid: process.pid,
      });
      expect(found).toEqual({ pid, comm: 'MainThread', name: expect.stringMatching(/^python3/) });
      const byName = finder.findByNameSync(found?.name ?? '', { fields: [] });
      expect(byName).toContainEqual({ pid });
    });
  });

  /** Each gives rows of processes of ours, which are at rest. */
  const questions: [string, () => Child[], (one: Asked) => Promise<Row[]> | Row[]][] = [
    [
      'a RegExp over all',
      () => [...cast.longs, ...cast.others],
      (one) => one.findByNameSync(new RegExp(`^${long.slice(0, 15)}`)),
    ],
    ['a RegExp over all, later', () => cast.shorts, (one) => one.findByName(new RegExp(short))],
    [
      'a RegExp and a name',
      () => [...cast.longs, ...cast.shorts],
      (one) => one.findByName([new RegExp(`^${long}$`), short]),
    ],
    [
      'upper and lower case alike',
      () => cast.longs,
      (one) => one.findByNameSync(long.toUpperCase(), { ignoreCase: true }),
    ],
    [
      'upper and lower case alike of many',
      () => [...cast.longs, ...cast.programs],
      (one) =>
        one.findByName(
          [long, program].map((name) => name.toUpperCase()),
          { ignoreCase: true },
        ),
    ],
    ['another case', () => [], (one) => one.findByNameSync(long.toUpperCase())],
    [
      'by comm',
      () => [...cast.longs, ...cast.others],
      (one) => one.findByNameSync(long.slice(0, 15), { by: 'comm' }),
    ],
    ['by exe', () => cast.programs, (one) => one.findByNameSync(program, { by: 'exe' })],
    [
      'by the path of exe',
      () => cast.programs,
      (one) => one.findByName(join(scratch, program), { by: 'exe' }),
    ],
    ['by argv0', () => cast.programs, (one) => one.findByNameSync(program, { by: 'argv0' })],
    ['by cmdline', () => cast.programs, (one) => one.findByNameSync(word, { by: 'cmdline' })],
    [
      'by cmdline, with a RegExp',
      () => cast.programs,
      (one) => one.findByName(new RegExp(`${word}$`), { by: 'cmdline' }),
    ],
    ['by any', () => cast.longs, (one) => one.findByNameSync(long, { by: 'any' })],
    ['by any, the arguments', () => cast.programs, (one) => one.findByName(word, { by: 'any' })],
    ['a limit', () => first(2, cast.longs), (one) => one.findByNameSync(long, { limit: 2 })],
    [
      'a limit on a RegExp',
      () => first(1, cast.longs),
      (one) => one.findByName(new RegExp(long), { limit: 1 }),
    ],
    ['a user', () => cast.longs.slice(3), (one) => one.findByNameSync(long, { uid: nobody })],
    ['another user', () => [], (one) => one.findByNameSync(long, { uid: 4_000_000 })],
    ['a parent', () => cast.longs, (one) => one.findByNameSync(long, { ppid: process.pid })],
    ['another parent', () => [], (one) => one.findByName(long, { ppid: 1 })],
    [
      'PIDs',
      () => cast.longs.slice(1, 3),
      (one) => [...one.scanSync({ name: long, pids: pidsOf(cast.longs.slice(1, 3), cast.shorts) })],
    ],
    [
      'children',
      () => Object.values(cast).flat(),
      async (one) =>
        (await one.children(process.pid)).filter(({ pid }) =>
          pidsOf(...Object.values(cast)).includes(pid),
        ),
    ],
  ];

  test.each(questions)('answers as the module does: %s', async (_, expected, ask) => {
    const finder = await open(options);
    const rows = await ask(finder);
    expect(rows.map(({ pid }) => pid)).toEqual(pidsOf(expected()));
    expect(rounded(rows)).toEqual(rounded(await ask(procseek)));
  });

  describe('tells as the module does', () => {
    const held = [
      ...['name', 'comm', 'ppid', 'state', 'startTime', 'id', 'uid', 'gid', 'user', 'pgid'],
      ...['sid', 'nice', 'threads', 'cpuTime'],
    ] as Field[];
    const others = fieldNames.filter((field) => !held.includes(field));
    const sets: [string, readonly Field[]][] = [
      ['what the kernel holds', held],
      ['what it does not', others],
      ['everything', fieldNames],
      ...fieldNames.map((field): [string, readonly Field[]] => [field, [field]]),
    ];

    test.each(sets)('%s', async (_, fields) => {
      const finder = await open(options);
      const pids = pidsOf(...Object.values(cast));
      const names = [long, alike, short, program, 'MainThread'];
      const wanted = { fields, ppid: process.pid } as const;
      const expected = rounded(procseek.findByNameSync(names, wanted));
      expect(expected).toHaveLength(pids.length);
      expect(rounded(finder.findByNameSync(names, wanted))).toEqual(expected);
      expect(rounded(await finder.findByName(names, wanted))).toEqual(expected);
      const all = [...finder.scanSync({ ppid: process.pid }, { fields })];
      expect(rounded(all.filter(({ pid }) => pids.includes(pid)))).toEqual(expected);
      expect(rounded([...finder.scanSync({ pids }, { fields })])).toEqual(expected);
      const each = await Promise.all(pids.map((pid) => finder.findByPid(pid, { fields })));
      expect(rounded(each.map((one) => one ?? {}))).toEqual(expected);
      const eachSync = pids.map((pid) => finder.findByPidSync(pid, { fields }) ?? {});
      expect(rounded(eachSync)).toEqual(expected);
    });
  });

  test('knows by PID what exists and what is still the same', async () => {
    const finder = await open(options);
    const [{ pid } = { pid: 0 }] = cast.shorts;
    const record = finder.findByPidSync(pid, { fields: ['id'] });
    expect(record).toEqual(procseek.findByPidSync(pid, { fields: ['id'] }));
    expect([pid, 1, 0, 2 ** 31 - 1].map((one) => finder.exists(one))).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(finder.isRunning({ pid, id: record?.id ?? '' })).toBe(true);
    expect(procseek.isRunning({ pid, id: record?.id ?? '' })).toBe(true);
    expect(finder.isRunning({ pid, id: 'x' })).toBe(false);
    expect(finder.findByPidSync(2 ** 31 - 1)).toBeUndefined();
  });

  test('sees at once what begins, is renamed and ends', async () => {
    const finder = await open(options);
    const name = uniqueName(12);
    const later = uniqueName(12);
    expect(finder.findByNameSync([name, later])).toEqual([]);
    const code = `import sys
open('/proc/self/comm', 'w').write(sys.argv[1])
print('ready', flush=True)
sys.stdin.readline()
open('/proc/self/comm', 'w').write(sys.argv[2])
print('done', flush=True)
sys.stdin.read()`;
    const child = await launch('/usr/bin/python3', ['-I', '-S', '-c', code, name, later]);
    const { pid } = child;
    try {
      expect(finder.findByNameSync([name, later], { fields: ['name'] })).toEqual([{ pid, name }]);
      child.say('');
      await child.line();
      expect(finder.findByNameSync([name, later], { fields: ['name'] })).toEqual([
        { pid, name: later },
      ]);
    } finally {
      await child.stop();
    }
    expect(finder.findByNameSync([name, later])).toEqual([]);
  });

  describe('of kernel threads', () => {
    const isKernelThread = (pid: number) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6]) & 0x200000) !== 0;
      } catch {
        return false;
      }
    };
    const comms = () => {
      const names = new Map<number, string>();
      for (const pid of numberedEntries('/proc').filter(isKernelThread)) {
        try {
          names.set(pid, readFileSync(`/proc/${pid}/comm`, 'utf8').slice(0, -1));
        } catch {}
      }
      return names;
    };

    test('tells the names that /proc shows, workers included', async ({ skip }) => {
      if (comms().size === 0) skip('no kernel threads are to be seen here');
      const finder = await open(options);
      for (let pass = 0; pass < 3; pass++) {
        await until('a look at all and /proc agree', () => {
          const before = comms();
          const told = [...finder.scanSync({}, { fields: ['name', 'comm'] })];
          const after = comms();
          const shown = new Map([...before].filter(([pid, name]) => after.get(pid) === name));
          const ours = new Map(told.map(({ pid, name }) => [pid, name]));
          for (const { pid, name, comm } of told) if (shown.has(pid)) expect(comm).toBe(name);
          return [...shown].every(([pid, name]) => ours.get(pid) === name) && shown.size > 0;
        });
      }
    });

    test('finds each by the name that /proc shows', async ({ skip }) => {
      const names = comms();
      if (names.size === 0) skip('no kernel threads are to be seen here');
      const finder = await open(options);
      const workers = [...names.values()].filter((name) => name.startsWith('kworker'));
      const long = [...names.values()].filter((name) => name.length > 15);
      for (const wanted of new Set(['kthreadd', ...workers.slice(0, 5), ...long.slice(0, 5)])) {
        await until(`${wanted} is found`, () => {
          const shown = [...comms()].filter(([, name]) => name === wanted).map(([pid]) => pid);
          const found = finder.findByNameSync(wanted, { fields: [] }).map(({ pid }) => pid);
          return shown.length === 0 || String(found) === String(shown);
        });
      }
      await until('all are found at once', () => {
        const shown = comms();
        const found = finder.findByNameSync([...new Set(shown.values())], { fields: ['name'] });
        const ours = new Map(found.map(({ pid, name }) => [pid, name]));
        return [...shown].every(([pid, name]) => ours.get(pid) === name);
      });
    });
  });

  test('tells all processes that there are, and no threads', async () => {
    const finder = await open(options);
    const looks: (() => Promise<Row[]> | Row[])[] = [
      () => [...finder.scanSync({}, { fields: [] })],
      () => [...finder.scanSync({}, { fields: ['cpuTime', 'name'] })],
      () => [...finder.scanSync({}, { fields: ['exe', 'name'] })],
      () => collect(finder.scan({}, { fields: ['state'] })),
      () => collect(finder.scan()),
      () => finder.findByNameSync(/^/, { fields: [] }),
      () => finder.findByName(/^/, { fields: ['threads'] }),
    ];
    const listed = () => String(numberedEntries('/proc').sort((a, b) => a - b));
    for (const look of looks) {
      await until('a look at all agrees with the listing', async () => {
        const before = listed();
        const told = String((await look()).map(({ pid }) => pid));
        return before === listed() && told === before;
      });
    }
  });

  describe('shares passes', () => {
    afterEach(() => vi.restoreAllMocks());

    test('among lookups that overlap, with nobody else', async () => {
      const finder = await open(options);
      const other = await open(options);
      const openPass = vi.spyOn(binding, 'openPass');
      const passes = () => openPass.mock.calls.filter(([, pids]) => pids === undefined).length;
      const answers = await Promise.all([
        finder.findByName(short, { fields: [] }),
        finder.findByName(long, { fields: ['name'] }),
        finder.findOneByName(program),
        finder.findByName(new RegExp(short), { fields: [] }),
      ]);
      expect(answers[0]).toEqual(pidsOf(cast.shorts).map((pid) => ({ pid })));
      expect(answers[1]).toHaveLength(cast.longs.length);
      expect(answers[2]?.pid).toBe(cast.programs[0]?.pid);
      expect(answers[3]).toEqual(answers[0]);
      expect(passes()).toBe(1);
      const three = [finder, other, procseek].map((one) => one.findByName(short, { fields: [] }));
      expect(await Promise.all(three)).toEqual([answers[0], answers[0], answers[0]]);
      expect(passes()).toBe(4);
    });

    test('of which a hundred that overlap take two', async () => {
      const finder = await open(options);
      const openPass = vi.spyOn(binding, 'openPass');
      const answers = [];
      for (let i = 0; i < 100; i++) {
        answers.push(finder.findByName([short, uniqueName(12)], { fields: [] }));
        if (i === 50) await Promise.resolve().then(() => {});
      }
      const expected = pidsOf(cast.shorts).map((pid) => ({ pid }));
      for (const answer of await Promise.all(answers)) expect(answer).toEqual(expected);
      expect(openPass.mock.calls.length).toBeLessThanOrEqual(2);
    });
  });

  test('opens any way to /proc that there is', async () => {
    const link = join(scratch, uniqueName(20));
    symlinkSync('/proc', link);
    const way = relative(process.cwd(), '/proc');
    for (const procRoot of [link, way, `${way}/`, '/proc/.', '//proc', '/proc/self/root/proc']) {
      const finder = await open({ ...options, procRoot });
      expect(finder).toMatchObject({ engine, iteration, procRoot });
      expect(rounded(finder.findByNameSync(short))).toEqual(
        rounded(procseek.findByNameSync(short)),
      );
    }
  });

  test('finds its directory wherever the process goes', async () => {
    const finder = await open({ ...options, procRoot: relative(process.cwd(), '/proc') });
    const before = process.cwd();
    process.chdir('/tmp');
    try {
      expect(finder.findByNameSync(short, { fields: [] })).toHaveLength(cast.shorts.length);
      expect(finder.findByPidSync(process.pid)?.pid).toBe(process.pid);
      expect(finder.findByNameSync(program, { by: 'exe', fields: ['exe'] })).toHaveLength(1);
    } finally {
      process.chdir(before);
    }
  });
});

describe('The best engine', () => {
  test('is opened when none is asked for', async () => {
    for (const options of [undefined, {}, { engine: 'auto' }, { engine: undefined }] as const) {
      const finder = await open(options);
      expect(offered.engines[finder.engine].available).toBe(true);
      expect(finder.procRoot).toBe('/proc');
      expect(finder.iteration === null).toBe(finder.engine !== 'bpf');
      expect(finder.findByNameSync(short, { fields: [] })).toHaveLength(cast.shorts.length);
    }
  });

  test(
    'walks processes in the kernel',
    onlyIf(offered.bpfIteration === 'processes', 'needs Linux 6.7'),
    async () => {
      expect(await open()).toMatchObject({ engine: 'bpf', iteration: 'processes' });
      expect(await open({ procRoot: '/proc' })).toMatchObject({ engine: 'bpf' });
    },
  );

  test(
    'walks what it is told to walk',
    onlyIf(offered.engines.bpf.available, 'needs the engine bpf'),
    async () => {
      const finder = await open({ iteration: 'threads' });
      if (finder.engine === 'bpf') expect(finder.iteration).toBe('threads');
    },
  );

  test('is what capabilities() says where walking processes can be had since Linux 6.7', () => {
    const [major = 0, minor = 0] = release().split('.').map(Number);
    const isNew = major > 6 || (major === 6 && minor >= 7);
    if (offered.engines.bpf.available && isNew) expect(offered.bpfIteration).toBe('processes');
    if (!offered.engines.bpf.available) expect(offered.bpfIteration).toBeNull();
  });
});

test('Finders of all kinds, and several of each, are open at a time', async () => {
  const finders = await Promise.all(
    [...waysHere, ...waysHere, ...waysHere].map(([, { options }]) => open(options)),
  );
  const expected = rounded(procseek.findByNameSync([short, long]));
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(
      finders.map((finder) =>
        round % 2 === 0 ? finder.findByName([short, long]) : finder.findByNameSync([short, long]),
      ),
    );
    for (const answer of answers) expect(rounded(answer)).toEqual(expected);
    const [closed] = finders.splice(finders.length / 2, 1);
    closed?.close();
  }
  const { pid } = await startNamed(uniqueName(10));
  for (const finder of finders) expect(finder.exists(pid)).toBe(true);
});

describe('Misuse', () => {
  const type = 'ERR_INVALID_ARG_TYPE';
  const value = 'ERR_INVALID_ARG_VALUE';
  const misuses: [string, unknown, string, RegExp][] = [
    ['null', null, type, /options must be an object/],
    ['a string', 'bpf', type, /options must be an object/],
    ['a number', 1, type, /options must be an object/],
    ['an array', [], type, /options must be an object/],
    ['a function', () => {}, type, /options must be an object/],
    ['an unknown engine', { engine: 'ebpf' }, value, /options\.engine.*procfs.*events.*bpf.*auto/],
    ['an engine in capitals', { engine: 'BPF' }, value, /options\.engine/],
    ['an empty engine', { engine: '' }, value, /options\.engine/],
    ['no engine', { engine: null }, value, /options\.engine/],
    ['a number as an engine', { engine: 2 }, value, /options\.engine/],
    ['an array of engines', { engine: ['bpf'] }, value, /options\.engine/],
    ['a name that all objects know', { engine: 'toString' }, value, /options\.engine/],
    ['an unknown iteration', { iteration: 'tasks' }, value, /options\.iteration/],
    ['an empty iteration', { iteration: '' }, value, /options\.iteration/],
    ['no iteration', { iteration: null }, value, /options\.iteration/],
    ['a number as an iteration', { iteration: 1 }, value, /options\.iteration/],
    ['iteration of another engine', { engine: 'procfs', iteration: 'x' }, value, /iteration/],
    ['a number as a path', { procRoot: 1 }, type, /options\.procRoot must be a string, not 1/],
    ['bytes as a path', { procRoot: Buffer.from('/proc') }, type, /options\.procRoot/],
    ['a URL as a path', { procRoot: new URL('file:///proc') }, type, /options\.procRoot/],
    ['null as a path', { procRoot: null }, type, /options\.procRoot must be a string, not null/],
    ['an empty path', { procRoot: '' }, value, /options\.procRoot/],
    ['a path with a NUL', { procRoot: '/proc\0' }, value, /options\.procRoot/],
  ];

  test.each(misuses)('is refused: %s', async (_, options, code, message) => {
    const promise = procseek.openFinder(options as FinderOptions);
    const error = await promise.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toMatch(message);
  });

  test('of the lookups is refused as the module refuses it', async () => {
    const finder = await open({ engine: 'procfs' });
    expect(() => finder.exists(-1)).toThrow(RangeError);
    expect(() => finder.findByNameSync('')).toThrow(TypeError);
    await expect(finder.findByName('x\0')).rejects.toThrow(TypeError);
    await expect(finder.findByPid(1.5)).rejects.toThrow(RangeError);
    expect(() => finder.isRunning({ pid: 1 } as never)).toThrow(TypeError);
    expect(() => finder.scan({ pids: 1 } as never)).toThrow(TypeError);
    await expect(finder.children('1' as never)).rejects.toThrow(TypeError);
  });
});

describe.each([
  ...waysHere.map(([name, { options }]) => [name, options] as const),
  ['auto', {}] as const,
])('A root that is none, by %s:', (_, options) => {
  const empty = mkdtempSync(join(tmpdir(), 'procseek-test-'));
  afterAll(() => rmdirSync(empty));

  test.each([
    ['a path that leads nowhere', '/proc-of-nobody', 'ENOENT', 'openat'],
    ['a relative one', 'proc-of-nobody', 'ENOENT', 'openat'],
    ['a file', '/etc/passwd', 'ENOTDIR', 'openat'],
    ['a file of /proc', '/proc/version', 'ENOTDIR', 'openat'],
    ['a device', '/dev/null', 'ENOTDIR', 'openat'],
    ['a path through a file', '/etc/passwd/proc', 'ENOTDIR', 'openat'],
    ['a directory', empty, 'ENODEV', 'fstatfs'],
    ['the root directory', '/', 'ENODEV', 'fstatfs'],
    ['a path too long', `/${'x/'.repeat(5000)}`, 'ENAMETOOLONG', 'openat'],
  ])('%s', async (_, procRoot, code, syscall) => {
    const error = await procseek
      .openFinder({ ...options, procRoot })
      .then((finder) => finder.close())
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(procseek.ProcessError);
    expect(error).toMatchObject({ code, syscall, errno: expect.any(Number) });
    expect((error as Error).message).toContain(procRoot.slice(0, 100));
  });

  test.each([
    '/proc/sys',
    '/proc/self',
    '/proc/1',
    '/proc/self/task',
    '/proc/self/fd',
    '/proc/self/net',
  ])('a directory in /proc (%s)', async (procRoot) => {
    const error = await procseek
      .openFinder({ ...options, procRoot })
      .then((finder) => finder.close())
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ProcessError', code: 'ENODEV' });
  });
});
